import type { SyncSpec } from "../job/sync-spec.ts";
import { keyOf, type Parked } from "../sync/apply/parked.ts";
import { listParked, replayParked, type ReplayResult } from "../sync/apply/replay-parked.ts";
import { writeAudit } from "../sync/audit.ts";
import { closing } from "./closing.ts";
import { openSync } from "./open-sync.ts";
import { lookAtState, migrationState } from "./open-state.ts";
import type { SyncContext } from "./sync-context.ts";
import { refuseTwoWay } from "./refuse-two-way.ts";
import { inForce, whoAmI } from "./sync-job.ts";
import { longestOperationMs, requestDeadlineMs } from "./sync-deadlines.ts";

export interface ParkedList {
  readonly count: number;
  /** The first of them. */
  readonly parked: readonly Parked[];
  readonly keptIn: string;
}

/** Keys of a sync that are put aside (R6). @throws TF_STATE_CORRUPT */
export function parkedOfSync(asked: SyncSpec, context: SyncContext, most: number): Promise<ParkedList> {
  return closing(async (opened) => {
    const spec = await inForce(asked, context);
    const state = await lookAtState(migrationState(spec), spec, context, opened);
    const parked: Parked[] = [];
    let count = 0;
    for await (const one of listParked(state, spec.name)) if (++count <= most) parked.push(one);
    return { count, parked, keptIn: state.title };
  });
}

/**
 * Carries parked rows over as they are now, and keeps who asked for it.
 * @param numbers in the order of `parkedOfSync`, from 1; left out: all
 * @throws TF_SYNC_NO_WORKER before the sync streams; errors of both sides
 */
export function replaySync(asked: SyncSpec, context: SyncContext, numbers?: readonly number[]): Promise<ReplayResult> {
  return closing(async (opened) => {
    refuseTwoWay(asked, "replay");
    const spec = await inForce(asked, context);
    const { state, source, target, sides } = await openSync(spec, context, { beforeWrite: () => undefined, look: false }, opened);
    const chosen: Parked[] = [];
    let at = 0;
    for await (const parked of listParked(state, spec.name)) if (numbers === undefined || numbers.includes(++at)) chosen.push(parked);
    const detail = numbers === undefined ? `all ${chosen.length}` : chosen.map(({ place }) => place).join("; ");
    await writeAudit(state, spec.name, context, { who: whoAmI(), what: "replay", detail: detail.slice(0, 1000) });
    const { clock, chance, signal } = context;
    return await replayParked(
      {
        ...{ state, source, target, clock, chance, signal, job: spec.name },
        ...{ mapping: sides.mapping, scope: sides.scope, sourceKey: sides.source.key, described: sides.target },
        requestDeadlineMs: requestDeadlineMs(spec),
        longestOperationMs: longestOperationMs(spec),
      },
      chosen.map(({ key }) => keyOf(key)),
    );
  });
}
