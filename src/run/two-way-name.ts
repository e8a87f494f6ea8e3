import type { SyncSpec } from "../job/sync-spec.ts";

/** The direction from target to source of a two-way sync, as a job: its state lies within the sync's. */
export function backName({ name }: Pick<SyncSpec, "name">): string {
  return `${name}/back`;
}
