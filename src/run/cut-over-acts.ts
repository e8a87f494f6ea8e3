import { hasCode } from "../base/error.ts";
import type { SyncSpec } from "../job/sync-spec.ts";
import { loadMapping } from "../job/load-mapping.ts";
import { tableSource } from "../connector/table-store/table-source.ts";
import { tableTarget } from "../connector/table-store/table-target.ts";
import { readValue } from "../pipeline/owned-entry.ts";
import { stateKeys } from "../pipeline/state-keys.ts";
import type { StateStore } from "../pipeline/state-store.ts";
import { appliedPosition } from "../sync/applied-position.ts";
import type { ChannelRecord } from "../sync/channel-record.ts";
import type { CutOverActs } from "../sync/cut-over/cut-over.ts";
import type { Way } from "../sync/cut-over/cut-over-record.ts";
import { prepareSync, tunnelNameOf } from "../sync/prepare-sync.ts";
import { changeControl } from "../sync/sync-control.ts";
import { deleteTunnel, openChannelIds, type TunnelName } from "../sync/tunnel/tunnel-admin.ts";
import type { TunnelAdminContext } from "../sync/tunnel/ensure-stream.ts";
import { conditionOf, readWorkers } from "../sync/worker-record.ts";
import type { RoundReport } from "../verify/rolling/report.ts";
import type { Closing } from "./closing.ts";
import { keysOf } from "./keys-of.ts";
import { openClient } from "./open-client.ts";
import type { SyncContext } from "./sync-context.ts";
import { wayOf } from "./sync-ways.ts";
import { verifySync } from "./verify-sync.ts";

/** Milliseconds between two looks at the workers. */
const lookMs = 200;
/** Workers read their control row at least so often. */
const controlMs = 2500;

export interface ActsInput {
  readonly spec: SyncSpec;
  /** In force until the cut-over. */
  readonly way: Way;
  readonly state: StateStore;
  readonly context: SyncContext;
  readonly opened: Closing;
}

/** What a cut-over does to the syncs on both ways, by their control rows, records and tunnels. */
export async function cutOverActs({ spec, way, state, context, opened }: ActsInput): Promise<CutOverActs> {
  const { clock, chance } = context;
  const active = wayOf(spec, way);
  const other = wayOf(spec, way === "forward" ? "back" : "forward");
  const tell = (change: Parameters<typeof changeControl>[3]) => changeControl(state, active.name, chance.id(), change);
  const client = await openClient({ place: active.source, context, concurrency: 8 }, opened);
  const adminOf = (signal: AbortSignal): TunnelAdminContext => ({ client, clock, chance, signal });
  const position = appliedPosition({
    ...{ state, job: active.name, clock },
    channels: (signal) => openChannelIds(adminOf(signal), nameOf(active)),
  });
  return {
    eager: async (on) => {
      await tell({ eager: on });
      // Before writers are kept out, not after: what is told takes until the workers look again.
      if (on) await clock.sleep(controlMs, context.signal);
    },
    passed: (moment, signal) => position.passed(moment, signal),
    prove: async (signal) => {
      const round = await roundSince(clock.now(), active, { ...context, signal });
      if (round.differing === 0 && round.unsettled === 0 && round.leavesLeft === 0) return [];
      return round.differences.length > 0
        ? round.differences.map(({ kind, key }) => `${kind} ${key}`)
        : [`${round.unsettled} rows are unsettled`];
    },
    handOver: async (signal) => {
      await tell({ handingOver: true });
      while (!(await handedOver(state, active.name, clock.now()))) await clock.sleep(lookMs, signal);
    },
    takeBack: async () => void (await tell({ handingOver: false })),
    turn: async (signal) => {
      await begunAnew(other, state, { ...context, signal }, opened);
    },
  };
}

/** A round of which every row was compared after the moment, whatever rounds of workers were under way; these begin none while a cut-over is. */
async function roundSince(moment: number, spec: SyncSpec, context: SyncContext): Promise<RoundReport> {
  for (;;) {
    try {
      const { round } = await verifySync(spec, context, { notBefore: moment, repair: false, deleteExtras: false });
      if (round.begunAt >= moment) return round;
    } catch (error) {
      if (!hasCode(error, "TF_FENCED") || context.signal.aborted) throw error;
    }
  }
}

function nameOf(spec: SyncSpec): TunnelName {
  return { tableName: spec.source.table, tunnelName: tunnelNameOf(spec) };
}

/** No worker of the job lives that could write, and whatever channels were held are given back with all of their writes answered. */
async function handedOver(state: StateStore, job: string, now: number): Promise<boolean> {
  const workers = await readWorkers(state, job);
  if (workers.some((worker) => conditionOf(worker, now) === "alive")) return false;
  for await (const [key, stored] of state.scan(stateKeys.channels(job)))
    if (readValue<ChannelRecord>(state, key, stored).open) return false;
  return true;
}

/** The other way from now on: its tunnel is made anew, so that it holds nothing of what the way before has written, and what was known of an earlier one is forgotten. */
async function begunAnew(spec: SyncSpec, state: StateStore, context: SyncContext, opened: Closing): Promise<void> {
  const { clock, chance, signal } = context;
  const client = await openClient({ place: spec.source, context, concurrency: 8 }, opened);
  const targetClient = await openClient({ place: spec.target, context, concurrency: 8 }, opened);
  await deleteTunnel({ client, clock, chance, signal }, nameOf(spec));
  const gone: string[] = [stateKeys.sync(spec.name), stateKeys.control(spec.name)];
  for (const prefix of [stateKeys.channels(spec.name), stateKeys.workers(spec.name)]) gone.push(...(await keysOf(state, prefix)));
  for (const key of gone) await state.remove(key);
  await prepareSync({
    spec: { ...spec, initial: "none" },
    source: opened.add(tableSource(client, spec.source.table)),
    target: opened.add(tableTarget(targetClient, spec.target.table)),
    client,
    state,
    loaded: await loadMapping(spec.mapping, context.folder),
    context: { ...context, again: false },
    worker: chance.id(),
  });
}
