import { TableferryError } from "../base/error.ts";
import type { TableStoreClient } from "../client/table-store-client.ts";
import type { Source, Target } from "../connector/connector.ts";
import { tableSource } from "../connector/table-store/table-source.ts";
import { tableTarget } from "../connector/table-store/table-target.ts";
import { loadMapping } from "../job/load-mapping.ts";
import type { SyncSpec } from "../job/sync-spec.ts";
import { findTable } from "../connector/table-store/table-facts.ts";
import { jobSides, type JobSides } from "../pipeline/job-sides.ts";
import type { StateStore } from "../pipeline/state-store.ts";
import { peekSync, type SyncRecord } from "../sync/sync-record.ts";
import type { Closing } from "./closing.ts";
import { openClient, type ClientOrder } from "./open-client.ts";
import { lookAtState, migrationState, openState } from "./open-state.ts";
import type { SyncContext } from "./sync-context.ts";

/** A sync that has begun, opened beside its workers: to verify, replay or repair. */
export interface OpenedSync {
  readonly client: TableStoreClient;
  readonly source: Source;
  readonly target: Target;
  readonly state: StateStore;
  readonly record: SyncRecord;
  readonly sides: JobSides;
}

export interface OpenSyncOptions {
  /** Asked before each write to the target; whoever only looks throws. */
  readonly beforeWrite: () => void;
  /** State is looked at only. */
  readonly look: boolean;
}

/** @throws TF_SYNC_NO_WORKER where the sync has not begun to stream, TF_MAPPING_INVALID, TF_CREDENTIALS_MISSING, errors of the service */
export async function openSync(spec: SyncSpec, context: SyncContext, options: OpenSyncOptions, opened: Closing): Promise<OpenedSync> {
  const loaded = await loadMapping(spec.mapping, context.folder);
  const { workers, writesInFlight } = spec.limits;
  const order: Pick<ClientOrder, "context" | "concurrency"> = { context, concurrency: workers + writesInFlight };
  const client = await openClient({ ...order, place: spec.source }, opened);
  const targetClient = await openClient({ ...order, place: spec.target, beforeWrite: options.beforeWrite }, opened);
  const source = opened.add(tableSource(client, spec.source.table));
  const target = opened.add(tableTarget(targetClient, spec.target.table, { create: spec.target.create, clock: context.clock }));
  const state = await (options.look ? lookAtState : openState)(migrationState(spec), spec, context, opened);
  const record = await peekSync(state, spec.name);
  if (record === undefined || record.stage !== "streaming") {
    throw new TableferryError("TF_SYNC_NO_WORKER", {
      message: `${spec.name} ${record === undefined ? "has not begun" : "has not copied everything yet"}`,
      place: state.title,
    });
  }
  const found = await findTable(client, spec.source.table, context.signal);
  const [sourceNow, targetNow] = await Promise.all([source.describe(context.signal), target.describe(context.signal)]);
  return { client, source, target, state, record, sides: jobSides(spec, loaded, sourceNow, targetNow, found?.stream?.originColumns) };
}
