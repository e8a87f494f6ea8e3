import type { SourceChange } from "../../connector/change.ts";
import type { UpdateCell } from "../../model/row.ts";
import { keyId } from "./key-id.ts";

type PutCell = Extract<UpdateCell, { op: "put" }>;

/** What became of one source key within a window. */
export interface Folded {
  /** Of the source key (key-id.ts). */
  readonly id: string;
  /** All its changes, oldest first. */
  readonly changes: readonly SourceChange[];
  /** One change that comes to the same as all of them; where `unsure`, only its key means anything. */
  readonly change: SourceChange;
  /** The records do not tell what the row is now: it must be read. */
  readonly unsure: boolean;
}

/** A version whose timestamp lies further from its commit was given by its writer, and may be hidden by an older write's (milliseconds). */
export const clockMargin = 100;

/**
 * The changes of each key as one, in the order in which keys occur first. A put replaces the row, updates merge by column and version, a
 * delete followed by an update is a new row of what was written.
 *
 * Some records do not tell the outcome, whatever is done with them, and are marked `unsure`:
 * - a version deleted by its timestamp: which older version it uncovers is known to the source alone, and records that are replayed in
 *   part would uncover others (README);
 * - operations on one column in one record, one of them a deletion: their order is not known;
 * - under `latest`, an update with a timestamp of its writer's own: what the target cannot compare may hide it;
 * - what one UpdateRow cannot say surely: versions after the column was cleared, or a row made by cells that were cleared again.
 *
 * @param notices rows are read whatever records say: all but a last deletion is `unsure`, and cells need not be decoded
 */
export function fold(changes: readonly SourceChange[], versions: "latest" | "keep", notices = false): Folded[] {
  const byKey = new Map<string, Chain>();
  for (const change of changes) {
    const id = keyId(change.key);
    const chain = byKey.get(id);
    if (chain === undefined) byKey.set(id, new Chain(id, change));
    else chain.changes.push(change);
  }
  const folded = [...byKey.values()];
  for (const chain of folded) {
    if (notices) chain.notice();
    else chain.resolve(versions);
  }
  return folded;
}

/** A change of a key that no other one has in its window, and that tells all there is to tell. */
export function lone(change: SourceChange): Folded {
  return { id: keyId(change.key), changes: [change], change, unsure: false };
}

class Chain implements Folded {
  readonly id: string;
  readonly changes: SourceChange[];
  change: SourceChange;
  unsure = false;

  constructor(id: string, first: SourceChange) {
    this.id = id;
    this.changes = [first];
    this.change = first;
  }

  notice(): void {
    this.change = this.changes.at(-1)!;
    this.unsure = this.change.type !== "delete";
  }

  resolve(versions: "latest" | "keep"): void {
    const { changes } = this;
    const last = changes.length - 1;
    let base = last;
    while (base > 0 && changes[base]!.type === "update") base--;
    this.change = changes[base]!;
    for (let at = base; at <= last; at++) {
      const { type, cells, committedAt } = changes[at]!;
      if (type !== "update") continue;
      // Behind a put or a delete, all versions of the row are known, whoever gave their timestamps.
      const stampedBy = versions === "latest" && this.change.type === "update" ? committedAt : undefined;
      if (saysTooLittle(cells, stampedBy)) {
        this.unsure = true;
        return;
      }
    }
    if (base === last && !(versions === "latest" && hasVersions(this.change.cells))) return;
    const merged = merge(changes.slice(base), versions);
    if (merged === undefined) this.unsure = true;
    else this.change = merged;
  }
}

/** @param committedAt microseconds, where timestamps must be those of the commit */
function saysTooLittle(cells: readonly UpdateCell[], committedAt: number | undefined): boolean {
  let deletions = 0;
  for (const cell of cells) {
    if (cell.op === "put") {
      if (committedAt !== undefined && cell.timestamp !== undefined && Math.abs(cell.timestamp - committedAt / 1000) > clockMargin)
        return true;
    } else if (cell.op === "deleteAll") {
      deletions++;
    } else {
      return true;
    }
  }
  if (deletions === 0 || cells.length === 1) return false;
  const names = new Set<string>();
  const deleted = new Set<string>();
  for (const { op, name } of cells) {
    if (op === "deleteAll" ? names.has(name) : deleted.has(name)) return true;
    names.add(name);
    if (op === "deleteAll") deleted.add(name);
  }
  return false;
}

/** Cells of a record stand in the order of their names (reference 6.3). */
function hasVersions(cells: readonly UpdateCell[]): boolean {
  for (let at = 1; at < cells.length; at++) if (cells[at]!.name === cells[at - 1]!.name) return true;
  return false;
}

/** What is known of one column of the row: which versions were put, and whether all before them are gone. */
interface Column {
  cleared: boolean;
  /** By timestamp. */
  readonly puts: Map<number, PutCell>;
}

/** The first change with the updates behind it; undefined where one change cannot say it. */
function merge([base, ...updates]: readonly SourceChange[], versions: "latest" | "keep"): SourceChange | undefined {
  const columns = new Map<string, Column>();
  let creates = base!.type === "put";
  for (const { cells } of base!.type === "delete" ? updates : [base!, ...updates]) {
    for (const cell of cells) {
      const column = columnOf(columns, cell.name);
      if (cell.op === "put") {
        addVersion(column, cell, versions);
        creates = true;
      } else {
        column.cleared = true;
        column.puts.clear();
      }
    }
  }
  const last = updates.at(-1) ?? base!;
  const { key, origin } = base!;
  const framed = (type: SourceChange["type"], cells: readonly UpdateCell[]): SourceChange => ({
    type,
    key,
    cells,
    origin,
    committedAt: last.committedAt,
  });
  if (base!.type !== "update") {
    const cells = [...columns.values()].flatMap(newestFirst);
    return creates ? framed("put", cells) : framed("delete", []);
  }
  const cells: UpdateCell[] = [];
  let puts = 0;
  for (const [name, column] of columns) {
    if (column.cleared && column.puts.size > 0 && versions === "keep") return undefined;
    if (column.puts.size === 0) cells.push({ op: "deleteAll", name });
    else cells.push(...newestFirst(column));
    puts += column.puts.size;
  }
  return creates && puts === 0 ? undefined : framed("update", cells);
}

function columnOf(columns: Map<string, Column>, name: string): Column {
  let column = columns.get(name);
  if (column === undefined) columns.set(name, (column = { cleared: false, puts: new Map() }));
  return column;
}

/** Under `latest` the newest version is kept, of equal ones that written last; else every one, the last written of each timestamp. */
function addVersion({ puts }: Column, cell: PutCell, versions: "latest" | "keep"): void {
  const stamp = cell.timestamp ?? Infinity;
  if (versions === "latest") {
    for (const held of puts.keys()) if (held > stamp) return;
    puts.clear();
  }
  puts.set(stamp, cell);
}

function newestFirst({ puts }: Column): PutCell[] {
  const cells = [...puts.values()];
  return cells.length < 2 ? cells : cells.sort((a, b) => (b.timestamp ?? Infinity) - (a.timestamp ?? Infinity));
}
