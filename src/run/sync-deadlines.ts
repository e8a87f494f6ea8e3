import type { SyncSpec } from "../job/sync-spec.ts";

/** Milliseconds a write of a worker may take. */
export function requestDeadlineMs({ sessionSeconds }: SyncSpec): number {
  return (sessionSeconds * 1000) / 10;
}

/** What the service may take to apply a request that its client gave up; an estimate, with room (R2). */
export function longestOperationMs({ sessionSeconds }: SyncSpec): number {
  return (sessionSeconds * 1000) / 10;
}

/** Within this time whatever was sent has taken effect or never will (R2). */
export function doubtMs(spec: SyncSpec): number {
  return requestDeadlineMs(spec) + longestOperationMs(spec);
}
