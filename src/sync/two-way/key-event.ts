import type { SourceChange } from "../../connector/change.ts";
import { keyId } from "../apply/key-id.ts";
import type { Folded } from "../apply/fold.ts";
import type { Death } from "./deaths.ts";
import { markerColumn } from "../../connector/engine-column.ts";
import { marks, readMarker } from "./marker.ts";
import type { Version } from "./side-row.ts";

/** What the changes say of one column. */
export interface ColumnNews {
  /** Written by an application, and not deleted by one since. */
  readonly said: (Version & { readonly commit: number }) | undefined;
  /** Deleted by an application, and not written by one since. */
  readonly died: Death | undefined;
  /** How the changes left it: without it where it must have been, somebody else has been at it since. */
  readonly left: "there" | "gone" | "unknown";
}

/** What became of one row within a window, as far as applications are concerned; echoes only say where to look again (R4). */
export interface KeyEvent {
  readonly folded: Folded;
  readonly columns: ReadonlyMap<string, ColumnNews>;
  /** The whole row is concerned: it was put, or deleted. */
  readonly wide: boolean;
  readonly rowLeft: "there" | "gone" | "unknown";
  readonly rowDied: Death | undefined;
  /** The newest put by an application: other columns that are not newer are gone with it. */
  readonly put: Death | undefined;
  /** Commit time of the newest change, microseconds; 0 for base data. */
  readonly seq: number;
}

/**
 * The changes of each key as one event, keys in the order in which they occur first; undefined for keys of which nothing need be done:
 * echoes of writes. An echo of a deletion is looked at again, because what the deletion hit may have been newer than what it was meant for.
 */
export function keyEvents(changes: readonly SourceChange[]): { readonly events: readonly KeyEvent[]; readonly echoes: number } {
  const byKey = new Map<string, SourceChange[]>();
  for (const change of changes) {
    const id = keyId(change.key);
    const before = byKey.get(id);
    if (before === undefined) byKey.set(id, [change]);
    else before.push(change);
  }
  const events: KeyEvent[] = [];
  let echoes = 0;
  for (const [id, ofKey] of byKey) {
    const draft = new Draft();
    for (const change of ofKey) if (draft.take(change)) echoes++;
    const { columns, wide, rowLeft, rowDied, put, seq } = draft;
    if (!wide && !draft.told && columns.size === 0) continue;
    const folded = { id, changes: ofKey, change: ofKey.at(-1)!, unsure: true };
    events.push({ folded, columns, wide, rowLeft, rowDied, put, seq });
  }
  return { events, echoes };
}

class Draft {
  readonly columns = new Map<string, ColumnNews>();
  wide = false;
  /** An application has changed it. */
  told = false;
  rowLeft: KeyEvent["rowLeft"] = "unknown";
  rowDied: Death | undefined;
  put: Death | undefined;
  seq = 0;

  /** True: an echo. */
  take(change: SourceChange): boolean {
    const commit = change.committedAt ?? 0;
    this.seq = Math.max(this.seq, commit);
    if (isEcho(change)) {
      this.#echo(change);
      return true;
    }
    this.told = true;
    const death: Death = { time: Math.floor(commit / 1000), commit };
    this.rowLeft = change.type === "delete" ? "gone" : "there";
    if (change.type === "delete" || (change.type === "put" && change.committedAt !== undefined)) {
      this.wide = true;
      // What was written before is gone with the row, whichever site's clock is ahead: its site knew of it.
      for (const name of this.columns.keys()) this.columns.set(name, { said: undefined, died: undefined, left: "gone" });
      if (change.type === "delete") this.rowDied = death;
      else this.put = death;
    }
    if (change.type !== "delete") this.#cells(change, death);
    return false;
  }

  #cells({ cells }: SourceChange, death: Death): void {
    const { commit } = death;
    const deleted = new Set<string>();
    // Of one column in one record the order is not known: what was put counts, if it is there.
    for (const cell of cells) {
      if (cell.op === "put" || cell.op === "increment" || cell.name === markerColumn) continue;
      const time = cell.op === "deleteOne" ? cell.timestamp : death.time;
      this.columns.set(cell.name, { said: undefined, died: { time, commit }, left: "gone" });
      deleted.add(cell.name);
    }
    for (const cell of cells) {
      if (cell.op !== "put" || cell.name === markerColumn) continue;
      const said = { value: cell.value, time: cell.timestamp ?? death.time, commit };
      const before = this.columns.get(cell.name);
      if (before?.said !== undefined && before.said.time > said.time) continue;
      const left = deleted.has(cell.name) ? "unknown" : "there";
      this.columns.set(cell.name, { said, died: before?.died, left });
    }
  }

  #echo({ type, cells }: SourceChange): void {
    if (type === "delete") {
      this.wide = true;
      this.rowLeft = "unknown";
      for (const [name, news] of this.columns) this.columns.set(name, { ...news, left: "gone" });
      return;
    }
    for (const { op, name } of cells) {
      if (name === markerColumn) continue;
      const before = this.columns.get(name);
      if (op !== "put") this.columns.set(name, { said: before?.said, died: before?.died, left: "gone" });
      else if (before !== undefined) this.columns.set(name, { ...before, left: "there" });
    }
  }
}

/** The engine's own: the marker in the record was written with exactly its cells, or the old image's with the deletion that was to come. */
function isEcho({ type, key, cells, origin, committedAt }: SourceChange): boolean {
  if (committedAt === undefined) return false;
  if (type === "delete") {
    const marker = readMarker(origin?.find(({ name }) => name === markerColumn)?.value);
    return marker?.op === "delete" && marks(marker, key, []);
  }
  const cell = cells.find(({ op, name }) => op === "put" && name === markerColumn);
  const marker = cell?.op === "put" ? readMarker(cell.value) : undefined;
  return marker !== undefined && type === "update" && marks(marker, key, cells);
}
