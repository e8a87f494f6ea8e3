import type { Difference } from "../job/result.ts";
import type { SyncSpec } from "../job/sync-spec.ts";
import { openFence } from "../pipeline/fence.ts";
import { Throttle } from "../pipeline/throttle.ts";
import { appliedPosition } from "../sync/applied-position.ts";
import { writeAudit } from "../sync/audit.ts";
import { parkedRows } from "../sync/parked-rows.ts";
import { openChannelIds } from "../sync/tunnel/tunnel-admin.ts";
import { repair } from "../verify/rolling/repair.ts";
import type { RepairReport } from "../verify/rolling/repair-input.ts";
import { runRolling } from "../verify/rolling/rolling.ts";
import type { SyncedSides } from "../verify/rolling/rolling-input.ts";
import { rollingReport, type RollingReport, type RoundReport } from "../verify/rolling/report.ts";
import { refuseTwoWay } from "./refuse-two-way.ts";
import { inForce } from "./sync-job.ts";
import { closing, type Closing } from "./closing.ts";
import { lookAtState, migrationState } from "./open-state.ts";
import { openSync, type OpenedSync } from "./open-sync.ts";
import type { SyncContext } from "./sync-context.ts";
import { whoAmI } from "./sync-job.ts";
import { longestOperationMs } from "./sync-deadlines.ts";

export interface VerifySyncOptions {
  /** Seconds over which a round is spread; left out: as fast as the limits allow. */
  readonly everySeconds?: number | undefined;
  /** Wall clock, milliseconds: a round that was begun before is begun anew where that can be, rather than gone on with. */
  readonly notBefore?: number | undefined;
  /** Repair what differs: rows are written under conditions that never overwrite a newer value. */
  readonly repair: boolean;
  /** Also delete rows that only the target has. */
  readonly deleteExtras: boolean;
  /** Only this part: to back-fill it with `repair` while changes stream, say. It leaves the record of whole rounds alone. */
  readonly part?: Pick<SyncSpec, "range" | "filter"> | undefined;
}

/** JSON-clean. */
export interface VerifiedSync {
  readonly round: RoundReport;
  readonly repaired?: RepairReport | undefined;
}

/**
 * One round of continuous verification of a sync whose workers run: every row is compared once, rows in flight are waited for (R7). A repair is kept
 * with who asked for it.
 * @throws TF_SYNC_NO_WORKER, TF_STOPPED, TF_FENCED (another verifier), TF_INCARNATION; errors of both sides
 */
export function verifySync(asked: SyncSpec, context: SyncContext, options: VerifySyncOptions): Promise<VerifiedSync> {
  return closing(async (opened) => {
    const { part } = options;
    if (options.repair) refuseTwoWay(asked, "repair");
    const whole = await inForce(asked, context);
    const spec = part === undefined ? whole : { ...whole, ...part };
    const beforeWrite = () => undefined;
    const sync = await openSync(spec, context, { beforeWrite, look: false }, opened);
    const sides = syncedSides(spec, context, sync, opened);
    const differing: Difference[] = [];
    const round = await runRolling({
      ...sides,
      job: part === undefined ? spec.name : `${spec.name}/part`,
      state: sync.state,
      token: context.chance.id(),
      everySeconds: options.everySeconds,
      notBefore: options.notBefore,
      onDifferences: async (found) => void differing.push(...found.slice(0, Math.max(0, repairsMax - differing.length))),
    });
    if (!options.repair || differing.length === 0) return { round };
    return { round, repaired: await repaired(spec, context, { sync, sides, differing, deleteExtras: options.deleteExtras }) };
  });
}

/** How continuous verification of a sync stands. @throws TF_STATE_CORRUPT */
export function verificationOfSync(asked: SyncSpec, context: SyncContext): Promise<RollingReport> {
  return closing(async (opened) => {
    const spec = await inForce(asked, context);
    return rollingReport(await lookAtState(migrationState(asked), asked, context, opened), spec.name);
  });
}

/** Repaired at once at most; the next round finds the others. */
const repairsMax = 100_000;

function syncedSides(
  spec: SyncSpec,
  context: SyncContext,
  { client, source, target, state, record, sides }: OpenedSync,
  opened: Closing,
): SyncedSides {
  const { clock, chance } = context;
  const tunnel = { tableName: spec.source.table, tunnelName: record.tunnel.name };
  return {
    job: spec.name,
    source,
    target: opened.add(target.reader(sides.mapping.targetKey)),
    mapping: sides.mapping,
    scope: sides.scope,
    applied: appliedPosition({
      ...{ state, job: spec.name, clock },
      channels: (signal) => openChannelIds({ client, clock, chance, signal }, tunnel),
    }),
    explained: parkedRows(state, spec.name),
    throttle: new Throttle(clock, spec.limits),
    limits: spec.limits,
    verify: spec.verify,
    context,
    fault: context.faultPoint,
  };
}

interface Repairing {
  readonly sync: OpenedSync;
  readonly sides: SyncedSides;
  readonly differing: readonly Difference[];
  readonly deleteExtras: boolean;
}

async function repaired(spec: SyncSpec, context: SyncContext, { sync, sides, differing, deleteExtras }: Repairing): Promise<RepairReport> {
  const who = whoAmI();
  return await repair({
    ...sides,
    differences: differing,
    deleteExtras,
    write: sync.target,
    fence: openFence,
    writeThrottle: new Throttle(context.clock, spec.limits),
    longestOperationMs: longestOperationMs(spec),
    audit: async ({ key, change, columns }) =>
      void (await writeAudit(sync.state, spec.name, context, {
        who,
        what: "repair",
        detail: `${change} ${key}: ${columns.join(", ")}`.slice(0, 1000),
      })),
  });
}
