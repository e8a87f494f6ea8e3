import { resolve } from "node:path";
import type { JobSpec } from "../job/job-spec.ts";
import type { SyncSpec } from "../job/sync-spec.ts";
import { FileStateStore } from "../pipeline/file-state-store.ts";
import { stateKeys } from "../pipeline/state-keys.ts";
import type { StateStore } from "../pipeline/state-store.ts";
import { TableStateStore } from "../pipeline/table-state-store.ts";
import type { Closing } from "./closing.ts";
import { openClient, type ClientOrder } from "./open-client.ts";

type StateSpec = NonNullable<JobSpec["state"]>;

/** Milliseconds one request for state may take where no lease depends on it. */
const requestMs = 10_000;

type Stateful = Pick<JobSpec | SyncSpec, "state" | "target" | "name" | "limits" | "kind"> & { readonly leaseSeconds?: number };
type StateContext = ClientOrder["context"];

/** Where a migration or sync of this name keeps its state: as it says, else in a table beside its target, else in a file. */
export function migrationState({ state, target, name }: Pick<Stateful, "state" | "target" | "name">): StateSpec {
  if (state !== undefined) return state;
  if (target.type !== "table-store") return ownFile(name);
  const { endpoint, instance, credentials } = target;
  return { type: "table", endpoint, instance, table: "tableferry_state", credentials };
}

/** Where a verification keeps how far it is: as it says, else in a file. It writes nothing to either side. */
export function verificationState({ state, name }: JobSpec): StateSpec {
  return state ?? ownFile(name);
}

/** Under which keys a verification keeps how far it is. */
export function verificationKeys(name: string): string {
  return `${stateKeys.all(name)}verification`;
}

function ownFile(name: string): StateSpec {
  return { type: "file", path: `.tableferry/state/${name}.json` };
}

/** State to be written. @throws TF_STATE_LOCKED when it is a file that another process uses; TF_STATE_CORRUPT, TF_IO, TF_CREDENTIALS_MISSING */
export async function openState(state: StateSpec, spec: Stateful, context: StateContext, opened: Closing): Promise<StateStore> {
  if (state.type === "file")
    return opened.add(await FileStateStore.open(resolve(context.folder, state.path), context.clock, context.chance));
  return openTable(state, spec, context, opened);
}

/** State to be looked at, also while a run writes it; nothing is made where there is none. */
export async function lookAtState(state: StateSpec, spec: Stateful, context: StateContext, opened: Closing): Promise<StateStore> {
  if (state.type === "file") return opened.add(await FileStateStore.look(resolve(context.folder, state.path)));
  return openTable(state, spec, context, opened);
}

async function openTable(
  state: Extract<StateSpec, { type: "table" }>,
  spec: Stateful,
  context: StateContext,
  opened: Closing,
): Promise<StateStore> {
  const client = await openClient({ place: state, context, concurrency: spec.limits.workers }, opened);
  const timeoutMs = Math.min(requestMs, ((spec.leaseSeconds ?? Infinity) * 1000) / 3);
  return opened.add(new TableStateStore({ client, table: state.table, clock: context.clock, timeoutMs }));
}
