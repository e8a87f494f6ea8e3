import { readValue } from "../pipeline/owned-entry.ts";
import { provablyDead, type ProcessOwner } from "../pipeline/process-owner.ts";
import { stateKeys } from "../pipeline/state-keys.ts";
import type { StateStore } from "../pipeline/state-store.ts";
import type { AppliedCounts, ChannelState } from "./channel-progress.ts";

/** What a worker tells of itself, every few seconds. JSON-clean; times are wall clock, milliseconds. */
export interface WorkerRecord {
  readonly worker: string;
  readonly owner: ProcessOwner;
  readonly since: number;
  readonly beat: number;
  /** It beats at least so often. */
  readonly beatMs: number;
  readonly doing: "preparing" | "copying" | "streaming" | "paused" | "draining" | "ended";
  /** Over all channels it ever held. */
  readonly counts: AppliedCounts;
  /** Changes a second over the last beat. */
  readonly changesPerSecond: number;
  readonly channels: readonly ChannelState[];
  /** Channels of which it saw everything applied that was committed before this order to drain. */
  readonly drained?: { readonly order: string; readonly channels: readonly string[] } | undefined;
  /** What it stumbled over last. */
  readonly trouble?: string | undefined;
}

/** Beats missed before a worker counts as silent. */
const beatsMissed = 4;

export type WorkerCondition = "alive" | "silent" | "dead" | "ended";

export function conditionOf(record: WorkerRecord, now: number): WorkerCondition {
  if (record.doing === "ended") return "ended";
  if (provablyDead(record.owner)) return "dead";
  return now - record.beat > record.beatMs * beatsMissed ? "silent" : "alive";
}

/** @throws TF_STATE_CORRUPT */
export async function readWorkers(state: StateStore, job: string): Promise<readonly WorkerRecord[]> {
  const records: WorkerRecord[] = [];
  for await (const [key, stored] of state.scan(stateKeys.workers(job))) records.push(readValue<WorkerRecord>(state, key, stored));
  return records;
}
