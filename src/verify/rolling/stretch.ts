import type { Clock } from "../../base/clock.ts";
import { keyOfId } from "../key-id.ts";
import type { Suspect } from "../suspects.ts";
import { compareIds, SideCursor, type CursorRow, type CursorSide, type SidePlace } from "./side-cursor.ts";

/** Where a stretch begins, and both sides as they are read. */
export interface StretchStart {
  readonly source: CursorSide;
  readonly target: CursorSide;
  readonly places: { readonly source: SidePlace; readonly target: SidePlace };
  /** The last key compared before, by its id. */
  readonly after: string | undefined;
  readonly signal: AbortSignal;
  readonly clock: Clock;
  /** Called when a page was read. */
  readonly onPage?: (() => void) | undefined;
}

export interface Stretch {
  readonly suspects: readonly Suspect[];
  readonly places: StretchStart["places"];
  readonly after: string | undefined;
  /** Nothing is left behind it. */
  readonly ended: boolean;
  readonly sourceRows: number;
  readonly targetRows: number;
  readonly rowsCompared: number;
}

/**
 * A stretch ends at whichever comes first. So many rows are pages enough for one that is read ahead in vain not to matter; so many
 * suspects are some MB; after so long the stretch is written down.
 */
export const stretchBounds = { rows: 20_000, suspects: 5000, ms: 15_000 } as const;

export type StretchBounds = { readonly [bound in keyof typeof stretchBounds]: number };

/**
 * Reads both sides next to each other, in the order of keys. A row that is not the same on both, or stands on one only, is a suspect and no
 * more than that: both were read at different moments. Rows that stand out of order would only make more suspects, never pass for compared.
 */
export async function readStretch(start: StretchStart, bounds: StretchBounds): Promise<Stretch> {
  const { places, signal, clock } = start;
  const source = new SideCursor(start.source, places.source, start.after, signal);
  const target = new SideCursor(start.target, places.target, start.after, signal);
  const suspects: Suspect[] = [];
  const until = clock.monotonic() + bounds.ms;
  let { after } = start;
  let rowsCompared = 0;
  try {
    while (suspects.length < bounds.suspects && rowsCompared < bounds.rows) {
      if (lacks(source) || lacks(target)) {
        // However slow reading is, every stretch comes further.
        const further = rowsCompared + source.passedOver + target.passedOver > 0;
        if (further && clock.monotonic() >= until) break;
        await Promise.all([source.fill(), target.fill()]);
        start.onPage?.();
        continue;
      }
      const [a, b] = [source.head, target.head];
      const order = orderOf(a, b);
      if (order === undefined) break;
      if (order <= 0) source.take();
      if (order >= 0) target.take();
      const row = order <= 0 ? a! : b!;
      if (order !== 0 || a!.hash !== b!.hash) suspects.push(suspectOf(row, Math.max(a?.bytes ?? 0, b?.bytes ?? 0)));
      after = row.id;
      rowsCompared++;
    }
  } finally {
    await Promise.all([source.close(), target.close()]);
  }
  const ended = [source, target].every((side) => side.ended && side.head === undefined);
  const reached = { source: source.place, target: target.place };
  return { suspects, places: reached, after, ended, sourceRows: source.rows, targetRows: target.rows, rowsCompared };
}

function lacks(cursor: SideCursor): boolean {
  return cursor.head === undefined && !cursor.ended;
}

/** Which of two rows comes first; undefined when there is neither. */
function orderOf(a: CursorRow | undefined, b: CursorRow | undefined): number | undefined {
  if (a === undefined) return b === undefined ? undefined : 1;
  return b === undefined ? -1 : compareIds(a.id, b.id);
}

function suspectOf({ id }: CursorRow, bytes: number): Suspect {
  return { id, key: keyOfId(id), sources: [], rejected: 0, targetPlace: undefined, bytes };
}
