import { hasCode, TableferryError } from "../base/error.ts";
import { tableSource } from "../connector/table-store/table-source.ts";
import { tableTarget } from "../connector/table-store/table-target.ts";
import type { Described } from "../connector/connector.ts";
import { loadMapping, loadedDefinition, type LoadedMapping } from "../job/load-mapping.ts";
import { loadMerge } from "../job/load-merge.ts";
import type { CompiledMapping } from "../job/mapping.ts";
import type { SyncSpec } from "../job/sync-spec.ts";
import { compileMapping } from "../job/compile-mapping.ts";
import type { StateStore } from "../pipeline/state-store.ts";
import type { Writer } from "../pipeline/writer.ts";
import { ParkedKeys } from "../sync/apply/parked-keys.ts";
import type { HeldChannel } from "../sync/channel.ts";
import { prepareSync, type PreparedSync, type SyncInput } from "../sync/prepare-sync.ts";
import { peekSync } from "../sync/sync-record.ts";
import { columnNames, type ColumnNames } from "../sync/two-way/column-names.ts";
import { ConflictList } from "../sync/two-way/conflict-list.ts";
import type { Sites } from "../sync/two-way/decide.ts";
import { markerColumn } from "../connector/engine-column.ts";
import { Policies } from "../sync/two-way/policies.ts";
import { Tombstones } from "../sync/two-way/tombstones.ts";
import { TwoWayApplier, type Side } from "../sync/two-way/two-way-applier.ts";
import type { WorkerEnd } from "../sync/worker.ts";
import { closing, type Closing } from "./closing.ts";
import { openState } from "./open-state.ts";
import { doubtMs } from "./sync-deadlines.ts";
import { streamed, withinAllowed, type Surroundings } from "./sync-table.ts";
import type { SyncContext } from "./sync-context.ts";
import { backName } from "./two-way-name.ts";

type TwoWay = NonNullable<SyncSpec["twoWay"]>;

/** What both directions share. */
interface TwoWayParts extends Surroundings {
  readonly spec: SyncSpec;
  readonly twoWay: TwoWay;
  readonly tombstoneState: StateStore;
  readonly policies: Policies;
  readonly context: SyncContext;
  readonly opened: Closing;
}

/** One direction, ready to be prepared. */
interface Half {
  readonly spec: SyncSpec;
  readonly input: SyncInput;
  readonly sites: Sites;
  readonly names: ColumnNames;
  readonly near: Side;
  readonly far: Side;
}

/**
 * One table of a two-way sync in this worker, to its end: two directed syncs under one control row. Both tunnels stand before the first row is
 * read, and what the tables hold comes through them.
 */
export function syncTwoWay(spec: SyncSpec, surroundings: Surroundings, context: SyncContext): Promise<WorkerEnd> {
  return closing(async (opened) => {
    const twoWay = spec.twoWay!;
    if (context.again === true) throw noAgain(spec);
    const { merge } = twoWay.conflicts;
    const policies = new Policies(twoWay.conflicts, merge === undefined ? new Map() : await loadMerge(merge, context.folder));
    const tombstoneState = await tombstonesOf(spec, twoWay, surroundings.state, context, opened);
    const parts: TwoWayParts = { ...surroundings, spec, twoWay, tombstoneState, policies, context, opened };
    const loaded = await loadMapping(spec.mapping, context.folder);
    const mapping = await readyTables(parts, loaded);
    const { forward, backward } = columnNames(mapping);
    const halves = [
      await half(parts, directed(spec, "forward"), loaded, forward, "source"),
      await half(parts, directed(spec, "back"), inverse(loaded, mapping), backward, "target"),
    ];
    const prepared: PreparedSync[] = [];
    for (const one of halves) prepared.push(await prepareSync(one.input));
    return await runBoth(halves, prepared, parts);
  });
}

function noAgain({ name }: SyncSpec): TableferryError {
  return new TableferryError("TF_TWO_WAY", {
    message: "both ways, nothing is copied once more: neither side is the one that is right",
    place: name,
    wayOut:
      "Forget the sync, delete its two tunnels and run it with `onTargetNotEmpty: merge`: what either side has, both will have. What one side deleted and the other was not told comes back.",
  });
}

/** A direction as a sync of its own; its state lies within the job's. */
function directed(spec: SyncSpec, direction: "forward" | "back"): SyncSpec {
  const tunnel = spec.tunnel ?? `tableferry_${spec.name}`;
  // The target is empty, or what it holds goes to the source as well.
  const takes = spec.initial !== "none" && (direction === "forward" || spec.onTargetNotEmpty === "merge");
  const shared = { ...spec, initial: takes ? ("base-data" as const) : ("none" as const), tunnel };
  if (direction === "forward") return shared;
  return { ...shared, name: backName(spec), tunnel: `${tunnel}_back`, source: spec.target, target: spec.source };
}

/** Makes the target if need be, has both tables take cells of any age, and compiles the mapping. @throws TF_TWO_WAY, TF_TARGET_NOT_EMPTY, … */
async function readyTables({ spec, state, share, context }: TwoWayParts, loaded: LoadedMapping): Promise<CompiledMapping> {
  const { clock, signal } = context;
  const source = tableTarget(await share.client(spec.source), spec.source.table, { clock });
  const target = tableTarget(await share.client(spec.target), spec.target.table, { create: spec.target.create, clock });
  const sourceNow = await source.describe(signal);
  if (!sourceNow.exists) throw new TableferryError("TF_SOURCE_MISSING", { message: `there is no ${sourceNow.title}`, place: "source" });
  const begun = async () => (await peekSync(state, spec.name)) !== undefined;
  const notEmpty = spec.onTargetNotEmpty === "refuse" && spec.initial !== "none" ? "refuse" : "merge";
  const prepare = (resuming: boolean) => target.prepare({ notEmpty, resuming, versions: "keep" }, signal);
  await prepare(await begun()).catch(async (error: unknown) => {
    // Another worker began in between: the rows are its.
    if (!hasCode(error, "TF_TARGET_NOT_EMPTY") || !(await begun())) throw error;
    await prepare(true);
  });
  await source.prepare({ notEmpty: "merge", resuming: true, versions: "keep" }, signal);
  const targetNow = await target.describe(signal);
  for (const side of [sourceNow, targetNow]) refuseUnfit(side);
  return compileMapping(loaded, { sourceKey: sourceNow.key, targetKey: targetNow.key });
}

function refuseUnfit({ title, maxVersions, timeToLiveSeconds, allowUpdate, key }: Described): void {
  const why =
    maxVersions !== 1
      ? `keeps ${maxVersions} versions of a cell: which of two changes is the newer one could not be told of each`
      : timeToLiveSeconds > 0
        ? "lets cells expire, which no stream tells"
        : !allowUpdate
          ? "takes whole rows only (allow_update is false)"
          : key.some(({ autoIncrement }) => autoIncrement === true)
            ? "numbers its rows itself (AUTO_INCREMENT)"
            : undefined;
  if (why !== undefined) throw new TableferryError("TF_TWO_WAY", { message: `${title} ${why}`, place: title });
}

async function half(parts: TwoWayParts, spec: SyncSpec, loaded: LoadedMapping, names: ColumnNames, nearIs: Sites["nearIs"]): Promise<Half> {
  const { state, share, context, opened, twoWay } = parts;
  const client = await share.client(spec.source);
  const side = async ({ table, instance, ...place }: SyncSpec["source"]): Promise<Side> => {
    const target = opened.add(tableTarget(await share.client({ instance, ...place }), table, { clock: context.clock }));
    return { target, reader: target.reader(), title: `table ${table} of instance ${instance}` };
  };
  const [near, far] = [await side(spec.source), await side(spec.target)];
  const source = opened.add(tableSource(client, spec.source.table));
  const { site, otherSite } = twoWay;
  return {
    spec,
    names,
    near,
    far,
    sites: nearIs === "source" ? { near: site, far: otherSite, nearIs } : { near: otherSite, far: site, nearIs },
    input: { spec, source, target: far.target, client, state, loaded, context, worker: share.worker, originColumns: [markerColumn] },
  };
}

/** The mapping from the target to the source. */
function inverse(loaded: LoadedMapping, { plan }: CompiledMapping): LoadedMapping {
  if (loaded.definition === undefined || plan === undefined) return loaded;
  const turned = (rules: readonly { readonly name: string; readonly from: { readonly kind: string } }[]) =>
    Object.fromEntries(rules.flatMap(({ name, from }) => ("name" in from ? [[String(from.name), name]] : [])));
  return loadedDefinition({ key: turned(plan.targetKey), columns: turned(plan.columns) }, loaded.title);
}

/** Both directions until both have ended; where one fails the other ends too. */
async function runBoth(halves: readonly Half[], prepared: readonly PreparedSync[], parts: TwoWayParts): Promise<WorkerEnd> {
  const end = new AbortController();
  const { signal } = parts.context;
  const stop = () => end.abort(signal.reason);
  if (signal.aborted) stop();
  signal.addEventListener("abort", stop, { once: true });
  const context = { ...parts.context, signal: end.signal };
  try {
    const ends = await Promise.allSettled(
      halves.map((one, at) => {
        const { input } = one;
        const applier = applierOf(one, prepared[at]!, parts);
        const { share, controlledBy } = parts;
        return streamed({ input: { ...input, context }, prepared: prepared[at]!, share, controlledBy, context, applier }).catch(
          (error: unknown) => {
            end.abort(error);
            throw error;
          },
        );
      }),
    );
    for (const one of ends) if (one.status === "rejected") throw one.reason;
    return ends.every((one) => one.status === "fulfilled" && one.value === "drained") ? "drained" : "stopped";
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

function applierOf({ spec, sites, names, near, far }: Half, { sides, stream }: PreparedSync, parts: TwoWayParts) {
  const { state, tombstoneState, policies, twoWay, context } = parts;
  const { clock, chance } = context;
  const job = parts.spec.name;
  const token = chance.id();
  const keepMs = 2 * (stream.expirationHours ?? spec.retentionHours) * 3_600_000;
  const tombstones = new Tombstones({ state: tombstoneState, job, token, clock, keepMs });
  const conflicts = new ConflictList({ state, job, token, hideValues: twoWay.conflicts.values === "hide" });
  return async (writer: Writer, channel: HeldChannel) => {
    const parked = await ParkedKeys.open({
      ...{ state, job: spec.name, clock, fence: channel.fence },
      token: chance.id(),
      mappingHash: sides.mapping.hash,
    });
    const applier = await TwoWayApplier.open({
      ...{ sites, names, near, far, policies, tombstones, conflicts, parked, writer, clock, chance, doubtMs: doubtMs(spec) },
    });
    return withinAllowed(spec, parked, applier);
  };
}

/** Where tombstones are kept: with the state, or in a table of their own beside the target. */
async function tombstonesOf(
  spec: SyncSpec,
  { stateTable }: TwoWay,
  state: StateStore,
  context: SyncContext,
  opened: Closing,
): Promise<StateStore> {
  if (stateTable === undefined) return state;
  const { endpoint, instance, credentials } = spec.target;
  return await openState({ type: "table", endpoint, instance, table: stateTable, credentials }, spec, context, opened);
}
