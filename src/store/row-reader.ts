import type { CellSelection } from "../model/condition.ts";
import type { ByteWriter } from "../wire/plainbuffer/byte-writer.ts";
import { table as crcTable } from "../wire/plainbuffer/crc8.ts";
import * as tag from "../wire/plainbuffer/tag.ts";
import { RowWalker } from "../wire/plainbuffer/walk.ts";
import { columnPageOf, compileFilter, type RowTest } from "./filter.ts";
import { cellCountOf, newestOf, oldestOf, ROW_HEADER_BYTES, versionsOf } from "./row-header.ts";
import { nameOf } from "./stored-row-writer.ts";
import type { Table } from "./table.ts";

/** Scratch for every reader: a read begins and ends within one call. */
const walker = new RowWalker("none");
let fields = new Int32Array(64);

/** Milliseconds below which a cell of the table has expired: its version/1000 + time to live < now (reference 7.2). */
export function expiryFloor(table: Table, now: number): number {
  const { timeToLive } = table.schema.options;
  return timeToLive < 0 ? Number.NEGATIVE_INFINITY : now - timeToLive * 1000;
}

/** False for a stored row of which everything has expired. */
export function isAlive(row: Uint8Array, floor: number): boolean {
  return newestOf(row) >= floor;
}

/**
 * Reads stored rows by one selection: which rows are there, pass the filter, and what of them is sent. A row of which everything is
 * wanted costs a look at its header and a copy; anything else is walked, and what is wanted is copied.
 */
export class RowReader {
  readonly #floor: number;
  readonly #tableVersions: number;
  readonly #versions: number;
  readonly #names: ReadonlySet<string> | undefined;
  /** The selection names a key column, which every row has. */
  readonly #namesKey: boolean;
  readonly #from: Uint8Array | undefined;
  readonly #to: Uint8Array | undefined;
  readonly #since: number;
  readonly #until: number;
  readonly #test: RowTest | undefined;
  readonly #page: { readonly offset: number; readonly limit: number } | undefined;
  /** Nothing but versions and expiry can take a cell away. */
  readonly #everything: boolean;

  constructor(table: Table, selection: CellSelection, now: number) {
    const { options, key } = table.schema;
    const { columns, startColumn, endColumn, specificTime, timeRange, filter } = selection;
    this.#floor = expiryFloor(table, now);
    this.#tableVersions = options.maxVersions;
    this.#versions = Math.min(selection.maxVersions ?? options.maxVersions, options.maxVersions);
    this.#names = columns === undefined || columns.length === 0 ? undefined : new Set(columns);
    this.#namesKey = key.some(({ name }) => this.#names?.has(name) === true);
    this.#from = startColumn === undefined ? undefined : Buffer.from(startColumn);
    this.#to = endColumn === undefined ? undefined : Buffer.from(endColumn);
    this.#since = specificTime ?? timeRange?.start ?? Number.NEGATIVE_INFINITY;
    this.#until = specificTime === undefined ? (timeRange?.end ?? Number.POSITIVE_INFINITY) : specificTime + 1;
    this.#test = filter === undefined ? undefined : compileFilter(filter);
    this.#page = filter === undefined ? undefined : columnPageOf(filter);
    const timed = specificTime !== undefined || timeRange !== undefined;
    this.#everything = this.#names === undefined && startColumn === undefined && endColumn === undefined && filter === undefined && !timed;
  }

  /** False for a row that is in storage but not in the table any more. */
  isAlive(row: Uint8Array): boolean {
    return isAlive(row, this.#floor);
  }

  /**
   * Appends a stored row as it is sent, without stream header. False, and nothing appended, when there is nothing to send: it has expired, the
   * filter rejects it, or it has none of the columns named (reference 7.3).
   */
  append(row: Uint8Array, out: ByteWriter): boolean {
    if (!this.isAlive(row)) return false;
    if (this.#everything && versionsOf(row) <= this.#versions && (oldestOf(row) >= this.#floor || cellCountOf(row) === 0)) {
      out.append(row.subarray(ROW_HEADER_BYTES));
      return true;
    }
    let count = this.#select(row);
    if (this.#test?.(walker, fields, count) === false) return false;
    if (this.#page !== undefined) count = cutPage(count, this.#page.offset, this.#page.limit);
    if (count === 0 && this.#names !== undefined && !this.#namesKey) return false;
    appendSelected(count, out);
    return true;
  }

  /** Whether a stored row is alive and passes the filter. */
  accepts(row: Uint8Array): boolean {
    if (!this.isAlive(row)) return false;
    return this.#test === undefined || this.#test(walker, fields, this.#select(row));
  }

  /** Stands on the row, fills `fields` with the cells wanted and returns their number. */
  #select(row: Uint8Array): number {
    walker.openRows(row, ROW_HEADER_BYTES, row.length).next();
    if (fields.length < walker.count) fields = new Int32Array(walker.count * 2);
    let count = 0;
    let run = 0;
    let taken = 0;
    let wanted = false;
    for (let field = walker.keyCount; field < walker.count; field++) {
      if (field === walker.keyCount || !sameName(field - 1, field)) {
        run = 0;
        taken = 0;
        wanted = this.#wantsColumn(field);
      }
      if (!wanted || ++run > this.#tableVersions || taken >= this.#versions) continue;
      const version = walker.timestampOf(field);
      if (version < this.#floor || version < this.#since || version >= this.#until) continue;
      taken++;
      fields[count++] = field;
    }
    return count;
  }

  #wantsColumn(field: number): boolean {
    if (this.#from !== undefined && compareNameTo(field, this.#from) < 0) return false;
    if (this.#to !== undefined && compareNameTo(field, this.#to) >= 0) return false;
    return this.#names === undefined || this.#names.has(nameOf(walker, field));
  }
}

/** Keeps `limit` columns from the one at `offset` on, with all their versions. */
function cutPage(count: number, offset: number, limit: number): number {
  let column = -1;
  let kept = 0;
  let last = -1;
  for (let i = 0; i < count; i++) {
    const field = fields[i]!;
    if (last < 0 || !sameName(last, field)) column++;
    if (column >= offset + limit) break;
    if (column >= offset) fields[kept++] = field;
    last = field;
  }
  return kept;
}

function appendSelected(count: number, out: ByteWriter): void {
  out.reserve(walker.rowEnd - walker.rowStart);
  out.byte(tag.ROW_KEY);
  let crc = 0;
  for (let field = 0; field < walker.keyCount; field++) crc = crcTable[crc ^ walker.crcOf(field)]!;
  out.copy(walker.view, walker.start[0]!, walker.end[walker.keyCount - 1]!);
  if (count > 0) out.byte(tag.ROW_CELLS);
  for (let i = 0; i < count;) {
    const start = walker.start[fields[i]!]!;
    let end = start;
    // Neighbours are copied together.
    for (; i < count && walker.start[fields[i]!] === end; i++) {
      end = walker.end[fields[i]!]!;
      crc = crcTable[crc ^ walker.crcOf(fields[i]!)]!;
    }
    out.copy(walker.view, start, end, walker.bytes.length);
  }
  out.byte(tag.ROW_CHECKSUM);
  out.byte(crcTable[crc]!);
}

function sameName(a: number, b: number): boolean {
  const { bytes } = walker;
  let at = walker.nameAt[a]!;
  let other = walker.nameAt[b]!;
  const end = walker.nameEnd[a]!;
  if (end - at !== walker.nameEnd[b]! - other) return false;
  while (at < end) if (bytes[at++] !== bytes[other++]) return false;
  return true;
}

function compareNameTo(field: number, name: Uint8Array): number {
  return Buffer.compare(walker.bytes.subarray(walker.nameAt[field]!, walker.nameEnd[field]!), name);
}
