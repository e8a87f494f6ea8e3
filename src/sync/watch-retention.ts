import { TableferryError } from "../base/error.ts";

/** How full the stream is, as a forecast from what is unread. */
export interface RetentionInput {
  readonly retentionHours: number;
  readonly warnHours: number;
  /** Commit time of the oldest unread change, wall clock, milliseconds. */
  readonly oldestUnread: number;
  /** Milliseconds by which `oldestUnread` moved since the last look, and how long ago that was. */
  readonly movedMs: number;
  readonly overMs: number;
  readonly now: number;
}

/** Refused below this: the service may go on at newer data instead of saying that changes are gone (R3). */
const marginHours = 0.25;

/**
 * When unread changes will expire, at the rate at which reading has moved: undefined where it catches up.
 * @throws TF_CHANGES_EXPIRED at or beyond retention − margin
 */
export function retentionWarning({ retentionHours, warnHours, oldestUnread, movedMs, overMs, now }: RetentionInput): string | undefined {
  const age = (now - oldestUnread) / 3_600_000;
  if (age >= retentionHours - marginHours) {
    throw new TableferryError("TF_CHANGES_EXPIRED", {
      message: `the oldest unread change is ${age.toFixed(1)} hours old and the stream keeps ${retentionHours}: what comes next may be missing some`,
    });
  }
  const left = retentionHours - age;
  // A stream that keeps little would else be warned of from the beginning.
  if (left > Math.min(warnHours, retentionHours / 2)) return undefined;
  // Reading catches up by what it moved beyond the time that passed.
  const gainPerHour = overMs > 0 ? (movedMs - overMs) / overMs : 0;
  if (gainPerHour > 0) return undefined;
  const until = gainPerHour === 0 ? left : left / -gainPerHour;
  return `Unread changes expire in ${Math.max(0, until).toFixed(1)} hours at the present rate: the oldest is ${age.toFixed(1)} hours old, the stream keeps ${retentionHours}.`;
}
