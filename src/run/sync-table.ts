import { hasCode, TableferryError } from "../base/error.ts";
import { tableSource } from "../connector/table-store/table-source.ts";
import { tableTarget } from "../connector/table-store/table-target.ts";
import type { TableStoreClient } from "../client/table-store-client.ts";
import type { Described, ScanScope } from "../connector/connector.ts";
import { loadMapping } from "../job/load-mapping.ts";
import type { SyncSpec } from "../job/sync-spec.ts";
import { runMigration } from "../migrate/migration.ts";
import { changeEntry } from "../pipeline/change-entry.ts";
import { LateFence } from "../pipeline/fence.ts";
import { thisProcess } from "../pipeline/process-owner.ts";
import { stateKeys } from "../pipeline/state-keys.ts";
import type { StateStore } from "../pipeline/state-store.ts";
import type { Writer } from "../pipeline/writer.ts";
import { ChangeApplier } from "../sync/apply/change-applier.ts";
import { ParkedKeys } from "../sync/apply/parked-keys.ts";
import type { HeldChannel } from "../sync/channel.ts";
import type { Applier } from "../sync/channel-run.ts";
import { DriftWatch, watchesDrift } from "../sync/drift-watch.ts";
import { prepareSync, type PreparedSync, type SyncInput } from "../sync/prepare-sync.ts";
import { peekSync, type SyncRecord } from "../sync/sync-record.ts";
import { ensureStream } from "../sync/tunnel/ensure-stream.ts";
import { openChannelIds } from "../sync/tunnel/tunnel-admin.ts";
import { TunnelSession } from "../sync/tunnel/session.ts";
import { SyncWorker, type WorkerEnd } from "../sync/worker.ts";
import { readWorkers } from "../sync/worker-record.ts";
import { closing } from "./closing.ts";
import { JobWatch } from "./job-watch.ts";
import { copyOf } from "./copy-of-sync.ts";
import { parkRejects } from "./park-rejects.ts";
import type { SyncContext } from "./sync-context.ts";
import { toolVersion } from "./tool-version.ts";
import { doubtMs, requestDeadlineMs } from "./sync-deadlines.ts";
import type { WorkerShare } from "./worker-share.ts";

/**
 * A copy that goes over a target under a running sync waits until no other worker can write to it (R3): each of them notices at its next beat that the sync was begun
 * anew, and a silent one has lost its channels after the session's time-out.
 */
async function othersEnded({ spec, state, context, worker }: SyncInput): Promise<void> {
  const { clock, signal, note } = context;
  const lostMs = spec.sessionSeconds * 1000 + doubtMs(spec) + beatMs;
  for (let told = false; ;) {
    const now = clock.now();
    const others = (await readWorkers(state, spec.name)).filter(
      (one) => one.worker !== worker && one.doing !== "ended" && now - one.beat <= lostMs,
    );
    if (others.length === 0) return;
    if (!told) note(`${spec.name} is begun anew: waiting until ${others.length} other workers have ended.`);
    told = true;
    await clock.sleep(lookMs, signal);
  }
}

/** What a table shares with others of its worker. */
export interface Surroundings {
  readonly state: StateStore;
  readonly share: WorkerShare;
  /** Jobs whose control rows hold for it: its own and that of the set it belongs to. */
  readonly controlledBy: readonly string[];
}

/** Milliseconds between two looks at a copy that another worker makes. */
const lookMs = 1000;
const beatMs = 2000;

/**
 * One table of a sync in this worker, to its end: prepares (R3), copies unless another worker does, then applies changes until the signal or the
 * control row says otherwise.
 */
export function syncTable(spec: SyncSpec, { state, share, controlledBy }: Surroundings, context: SyncContext): Promise<WorkerEnd> {
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
    // The copy is held by its lease; from now on each write asks the fence of its own channel, which the writer hands along.
    const open = await share.client(spec.target);
    await readyTarget(spec, open, context);
    const streaming = { ...input, target: opened.add(tableTarget(open, spec.target.table, { clock })) };
    return await streamed({ input: streaming, prepared: { ...prepared, record }, share, controlledBy, context });
  });
}

/** The initial copy, by this worker or another one (R3 steps 4 and 5). */
async function copied(input: SyncInput, fence: LateFence, { record }: PreparedSync): Promise<SyncRecord> {
  const { spec, source, target, state, loaded, context, worker } = input;
  for (;;) {
    const now = await peekSync(state, spec.name);
    if (now?.stage === "streaming") return now;
    try {
      const again = now?.again ?? record.again;
      if (again) await othersEnded(input);
      const migration = { spec: copyOf(spec), source, target, state, mapping: loaded, fence, toolVersion: toolVersion() };
      const result = await runMigration({ ...migration, context: { ...context, again } });
      await parkRejects(spec, state, worker);
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
      // Another worker has ended the copy meanwhile, and switched the target's stream on for a way back, which is no other table.
      const ended = hasCode(error, "TF_INCARNATION") ? await peekSync(state, spec.name) : undefined;
      if (ended?.stage === "streaming") return ended;
      if (!hasCode(error, "TF_RUN_HELD")) throw error;
      await context.clock.sleep(lookMs, context.signal);
    }
  }
}

/**
 * The target ready for changes: made where nothing was copied, and taking timestamps as old as changes may be (R5). Before any channel is held, so behind no
 * fence: it may be done twice, and by several workers at once.
 */
async function readyTarget(
  { target, versions, retentionHours, cutOver }: SyncSpec,
  client: TableStoreClient,
  context: SyncContext,
): Promise<void> {
  const table = tableTarget(client, target.table, { create: target.create, clock: context.clock });
  const oldestTimestampMs = retentionHours * 3_600_000;
  await table.prepare({ notEmpty: "merge", resuming: true, versions, oldestTimestampMs }, context.signal);
  if (cutOver === undefined) return;
  // The way back needs it; switched on early, so that nothing about the target changes when writers are moved (R12).
  const { clock, chance, signal } = context;
  await ensureStream({ client, clock, chance, signal }, target.table, { expirationHours: retentionHours, originColumns: [] });
}

export interface Streaming {
  /** Jobs whose control rows hold for it. */
  readonly controlledBy: readonly string[];
  readonly input: SyncInput;
  readonly prepared: PreparedSync;
  readonly share: WorkerShare;
  readonly context: SyncContext;
  /** Two-way: instead of applying changes one way. */
  readonly applier?: ((writer: Writer, channel: HeldChannel) => Promise<Applier>) | undefined;
}

/** Runs the channels of a sync that is prepared, until the signal or the control row says otherwise. */
export async function streamed(streaming: Streaming): Promise<WorkerEnd> {
  const { input, prepared, share, context } = streaming;
  const { spec, client, state, worker } = input;
  const { record, stream } = prepared;
  const { clock, chance, signal, note, faultPoint: fault } = context;
  const sessionMs = spec.sessionSeconds * 1000;
  const terms = { timeoutMs: sessionMs, heartbeatMs: sessionMs / 15, requestDeadlineMs: requestDeadlineMs(spec) };
  const watch = new JobWatch(input, record, stream.expirationHours ?? spec.retentionHours);
  const syncWorker = new SyncWorker({
    job: spec.name,
    controlledBy: streaming.controlledBy,
    worker,
    owner: thisProcess(),
    state,
    clock,
    throttle: share.throttle,
    rates: spec.limits,
    beatMs,
    signal,
    note,
    openChannels: () => openChannels(streaming),
    watch: (beat) => watch.look(beat),
    onBeat: (beat) => context.onBeat?.(spec.name, beat),
    session: {
      run: (run, end) =>
        new TunnelSession({
          ...terms,
          ...{ client, clock, chance, note, run, seats: share.seats, rooms: share.rooms, signal: end },
          tunnelId: record.tunnel.id,
          tag: `tableferry ${spec.name}`,
        }).run(),
    },
    channels: {
      ...{ job: spec.name, worker, state, target: input.target, clock, chance, fault },
      ...{ room: share.room, slots: share.slots, throttle: share.throttle },
      aheadBytes: aheadBytes(spec),
      checkpointMs: spec.checkpointSeconds * 1000,
      doubtMs: doubtMs(spec),
      applier: streaming.applier ?? ((writer, channel) => applierOf(streaming, writer, channel)),
    },
  });
  return await syncWorker.run();
}

function openChannels({ input, prepared, context }: Streaming): Promise<readonly string[]> {
  const { spec, client } = input;
  const { clock, chance, signal } = context;
  const named = { tableName: spec.source.table, tunnelName: prepared.record.tunnel.name };
  return openChannelIds({ client, clock, chance, signal }, named);
}

/** Opened when a channel begins, behind its predecessor's last write: what was parked by then is known (R6). */
async function applierOf({ input, prepared, context }: Streaming, writer: Writer, channel: HeldChannel): Promise<Applier> {
  const { spec, source, target, state } = input;
  const { mapping, scope, source: described, target: targetNow } = prepared.sides;
  const { clock, chance } = context;
  const parked = await ParkedKeys.open({
    ...{ state, job: spec.name, clock, fence: channel.fence },
    token: chance.id(),
    mappingHash: mapping.hash,
  });
  const applier = await ChangeApplier.open({
    ...{ mapping, scope, source, target, writer, parked, clock, doubtMs: doubtMs(spec) },
    sourceKey: described.key,
    described: targetNow,
  });
  const watch = watchesDrift(spec.drift) ? await driftWatch(input, described, scope) : undefined;
  const watched: Applier =
    watch === undefined
      ? applier
      : {
          apply: async (changes, signal) => {
            await watch.check(changes);
            return await applier.apply(changes, signal);
          },
        };
  return withinAllowed(spec, parked, watched);
}

/** Stops where the job says so and more is parked than it allows. */
export function withinAllowed(spec: SyncSpec, parked: ParkedKeys, applier: Applier): Applier {
  if (spec.rejects.onReject === "continue") return applier;
  return {
    apply: async (changes, signal) => {
      const applied = await applier.apply(changes, signal);
      if (parked.size > spec.rejects.allowed) throw tooManyParked(spec, parked.size);
      return applied;
    },
  };
}

/** Rows from which the source's columns are known where nobody declared them. */
const sampledRows = 1000;

function driftWatch({ spec, source, state, context }: SyncInput, described: Described, scope: ScanScope): Promise<DriftWatch> {
  const options = { drift: spec.drift, job: spec.name, state, token: context.chance.id() };
  return DriftWatch.open(options, described, () => source.sample(sampledRows, scope, context.signal));
}

function tooManyParked({ name, rejects }: SyncSpec, count: number): TableferryError {
  return new TableferryError("TF_REJECTS", {
    message: `${count} rows of the source are put aside, ${rejects.allowed} are allowed`,
    place: name,
    wayOut: "`tableferry rejects list FILE` shows them. Correct the rows or the mapping, then `tableferry rejects replay FILE`.",
  });
}

/** Read ahead of what is being applied, a channel; all channels together keep within the bytes in flight. */
function aheadBytes({ limits }: SyncSpec): number {
  return Math.min(1024 * 1024, limits.inFlightBytes / 16);
}
