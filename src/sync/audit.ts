import type { Clock } from "../base/clock.ts";
import type { Chance } from "../base/chance.ts";
import { OwnedEntry, readValue } from "../pipeline/owned-entry.ts";
import { stateKeys } from "../pipeline/state-keys.ts";
import type { StateStore } from "../pipeline/state-store.ts";

/** Who did what to a sync, and when. JSON-clean. */
export interface AuditEntry {
  /** Wall clock, milliseconds. */
  readonly at: number;
  /** User and machine, without secrets. */
  readonly who: string;
  readonly what: "pause" | "resume" | "drain" | "retune" | "replay" | "repair" | "back-fill" | "cut-over" | "cut-back" | "forget";
  readonly detail: string;
}

export async function writeAudit(
  state: StateStore,
  job: string,
  { clock, chance }: { readonly clock: Clock; readonly chance: Chance },
  entry: Omit<AuditEntry, "at">,
): Promise<AuditEntry> {
  const at = clock.now();
  const id = chance.id();
  const full = { at, ...entry };
  await (await OwnedEntry.take<AuditEntry>(state, stateKeys.audit(job, at, id.slice(0, 8)), id)).write(full);
  return full;
}

/** In the order of time. @throws TF_STATE_CORRUPT */
export async function readAudit(state: StateStore, job: string): Promise<readonly AuditEntry[]> {
  const entries: AuditEntry[] = [];
  for await (const [key, stored] of state.scan(stateKeys.audits(job))) entries.push(readValue<AuditEntry>(state, key, stored));
  return entries;
}
