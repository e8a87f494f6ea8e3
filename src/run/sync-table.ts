import { tableSource } from "../connector/table-store/table-source.ts";
import { tableTarget } from "../connector/table-store/table-target.ts";
import type { MigrationSpec } from "../job/job-spec.ts";
import { loadMapping } from "../job/load-mapping.ts";
import type { SyncSpec } from "../job/sync-spec.ts";
import { hasCode } from "../base/error.ts";
import { runMigration } from "../migrate/migration.ts";
import { changeEntry } from "../pipeline/change-entry.ts";
import { LateFence } from "../pipeline/fence.ts";
import { thisProcess } from "../pipeline/process-owner.ts";
import { stateKeys } from "../pipeline/state-keys.ts";
import type { StateStore } from "../pipeline/state-store.ts";
import { prepareSync, type PreparedSync, type SyncInput } from "../sync/prepare-sync.ts";
import { peekSync, type SyncRecord } from "../sync/sync-record.ts";
import { TunnelSession } from "../sync/tunnel/tunnel-session.ts";
import { SyncWorker, type WorkerEnd } from "../sync/worker.ts";
import { closing } from "./closing.ts";
import { parkRejects } from "./park-rejects.ts";
import type { SyncContext } from "./sync-context.ts";
import { toolVersion } from "./tool-version.ts";
import type { WorkerShare } from "./worker-share.ts";

/** Milliseconds between two looks at a copy that another worker makes. */
const lookMs = 1000;
const beatMs = 2000;

/**
 * One table of a sync in this worker, to its end: prepares (R3), copies unless another worker does, then applies changes until the signal or the
 * control row says otherwise.
 */
export function syncTable(spec: SyncSpec, state: StateStore, share: WorkerShare, context: SyncContext): Promise<WorkerEnd> {
  return closing(async (opened) => {
    const loaded = await loadMapping(spec.mapping, context.folder);
    const fence = new LateFence();
    const client = await share.client(spec.source);
    const targetClient = await share.client(spec.target, fence.beforeSend);
    const { clock } = context;
    const source = opened.add(tableSource(client, spec.source.table));
    const target = opened.add(tableTarget(targetClient, spec.target.table, { create: spec.target.create, clock }));
    const input: SyncInput = { spec, source, target, client, state, loaded, context, worker: share.worker };
    const prepared = await prepareSync(input);
    const record = prepared.record.stage === "copying" ? await copied(input, fence, prepared) : prepared.record;
    return await streamed({ input, prepared: { ...prepared, record }, fence, share, context });
  });
}

/** The initial copy, by this worker or another one (R3 steps 4 and 5). */
async function copied(input: SyncInput, fence: LateFence, { record, sides }: PreparedSync): Promise<SyncRecord> {
  const { spec, source, target, state, loaded, context, worker } = input;
  for (;;) {
    const now = await peekSync(state, spec.name);
    if (now?.stage === "streaming") return now;
    try {
      const again = now?.again ?? record.again;
      const migration = { spec: copyOf(spec), source, target, state, mapping: loaded, fence, toolVersion: toolVersion() };
      const result = await runMigration({ ...migration, context: { ...context, again } });
      await parkRejects(spec, state, sides, context);
      const { rowsRead, rowsWritten, rejects } = result;
      const { incarnation, title } = await target.describe(context.signal);
      const streaming = await changeEntry<SyncRecord>(state, stateKeys.sync(spec.name), worker, (stored) =>
        stored === undefined || stored.stage === "streaming"
          ? undefined
          : {
              ...stored,
              stage: "streaming",
              again: false,
              target: { title, incarnation },
              scanEnded: context.clock.now(),
              copied: { rowsRead, rowsWritten, rejects },
            },
      );
      if (streaming !== undefined) return streaming;
    } catch (error) {
      if (!hasCode(error, "TF_RUN_HELD")) throw error;
      await context.clock.sleep(lookMs, context.signal);
    }
  }
}

/** The copy as a migration: changes come behind it, so it proves nothing by itself. */
function copyOf(spec: SyncSpec): MigrationSpec {
  const { version, name, source, target, mapping, range, filter, versions, limits, state, rejects, onTargetNotEmpty, leaseSeconds } = spec;
  return {
    ...{ version, name, source, target, mapping, range, filter, versions, limits, state, rejects, onTargetNotEmpty, leaseSeconds },
    kind: "migration",
    quiescent: false,
    verify: { ...spec.verify, coverage: "none", certificate: false },
  };
}

interface Streaming {
  readonly input: SyncInput;
  readonly prepared: PreparedSync;
  readonly fence: LateFence;
  readonly share: WorkerShare;
  readonly context: SyncContext;
}

async function streamed({ input, prepared, fence, share, context }: Streaming): Promise<WorkerEnd> {
  const { spec, source, target, client, state, worker } = input;
  const { record, sides } = prepared;
  const { clock, chance, signal, note } = context;
  const sessionMs = spec.sessionSeconds * 1000;
  const terms = { timeoutMs: sessionMs, heartbeatMs: sessionMs / 15, requestDeadlineMs: sessionMs / 7.5 };
  const doubtMs = terms.requestDeadlineMs + longestOperationMs(sessionMs);
  const encoder = () => target.changeEncoder!();
  const syncWorker = new SyncWorker({
    job: spec.name,
    worker,
    owner: thisProcess(),
    state,
    clock,
    session: {
      run: async (run, end) => {
        const session = new TunnelSession({ ...terms, client, tunnelId: record.tunnel.id, clock, chance, note, run, seats: share.seats, signal: end });
        fence.arm(session.fence);
        await session.run();
      },
    },
    channels: {
      job: spec.name,
      worker,
      state,
      target,
      clock,
      chance,
      room: share.room,
      slots: share.slots,
      throttle: share.throttle,
      aheadBytes: aheadBytes(spec),
      checkpointMs: spec.checkpointSeconds * 1000,
      doubtMs,
      applier: async (writer) => new ChangeApplier({ encoder: await encoder(), sides, source, writer, state, job: spec.name, context }),
      fault: context.faultPoint,
    },
    throttle: share.throttle,
    rates: spec.limits,
    beatMs,
    signal,
    note,
    watch: new JobWatch(input, record).look,
    onBeat: (beat) => context.onBeat?.(spec.name, beat),
  });
  return await syncWorker.run();
}

/** What the service may take to apply a request that its client gave up; the successor of a worker waits for it too (R2). An estimate, with room. */
function longestOperationMs(sessionMs: number): number {
  return sessionMs / 10;
}

/** Read ahead of what is being applied, a channel; all channels together keep within the bytes in flight. */
function aheadBytes({ limits }: SyncSpec): number {
  return Math.min(4 * 1024 * 1024, limits.inFlightBytes / 4);
}
