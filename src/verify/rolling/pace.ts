/** How a round's reading is spread over its time. */
export interface Pace {
  /** What the round will come to, as far as that is known. */
  readonly expectedRows: number | undefined;
  readonly everySeconds: number | undefined;
}

/** A round aims at ending somewhat early: rows may have become more since the last one. */
const USED = 0.9;

/**
 * Milliseconds to rest after a stretch, so that what is left of the round fills what is left of its time. None where neither is known, or
 * the round is late, or has more rows than were expected. Rests lie between stretches, while no page is held: rows that waited between
 * being read on one side and on the other would look different for no reason.
 */
export function restAfter(
  { expectedRows, everySeconds }: Pace,
  done: { readonly rows: number; readonly stretchRows: number; readonly stretchMs: number; readonly elapsedMs: number },
): number {
  if (expectedRows === undefined || everySeconds === undefined) return 0;
  const rowsLeft = expectedRows - done.rows;
  const msLeft = everySeconds * 1000 * USED - done.elapsedMs;
  if (rowsLeft <= 0 || msLeft <= 0) return 0;
  const share = done.stretchRows / (rowsLeft + done.stretchRows);
  return Math.max(0, Math.min(msLeft, share * (msLeft + done.stretchMs) - done.stretchMs));
}
