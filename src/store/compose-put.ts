import { ABSENT, type RowWalker } from "../wire/plainbuffer/walk.ts";
import type { StoredRowWriter } from "./stored-row-writer.ts";

const INSERTION_MAX = 32;
let order = new Int32Array(64);
/** The shape `order` was made for, where no name repeats: it is that of every row of this shape then. Else 0, which is no shape. */
let orderedShape = 0;

/** The stored form of the PutRow the walker stands on: cells sorted, versions complete, trimmed to the table's number. */
export function composePut(out: StoredRowWriter, walker: RowWalker, now: number, maxVersions: number, autoIncrement?: bigint): Buffer {
  const cells = walker.count - walker.keyCount;
  out.begin(walker.rowEnd - walker.rowStart, cells);
  out.key(walker, autoIncrement);
  const shape = walker.shape();
  if (shape !== orderedShape) {
    sortCells(walker, now);
    orderedShape = isUnique(walker) ? shape : 0;
  }
  if (orderedShape !== 0) out.cells(walker, order);
  else appendVersions(out, walker, now, maxVersions);
  return out.end();
}

/** Adds the cells in `order`, of each column no more than the table keeps. */
function appendVersions(out: StoredRowWriter, walker: RowWalker, now: number, maxVersions: number): void {
  let versions = 0;
  for (let i = 0; i < walker.count - walker.keyCount; i++) {
    const field = order[i]!;
    const sameColumn = i > 0 && compareNames(walker, order[i - 1]!, walker, field) === 0;
    // Of cells with the same name and version the last one written stands first and stays.
    if (sameColumn && versionOf(walker, order[i - 1]!, now) === versionOf(walker, field, now)) continue;
    versions = sameColumn ? versions + 1 : 1;
    if (versions <= maxVersions) out.cell(walker, field, sameColumn);
  }
}

/** The version a cell is stored under. */
export function versionOf(walker: RowWalker, field: number, now: number): number {
  return walker.timestampAt[field] === ABSENT ? now : walker.timestampOf(field);
}

/** Order of two names by their bytes. */
export function compareNames(a: RowWalker, i: number, b: RowWalker, j: number): number {
  const left = a.bytes;
  const right = b.bytes;
  let at = a.nameAt[i]!;
  let other = b.nameAt[j]!;
  const end = a.nameEnd[i]!;
  const otherEnd = b.nameEnd[j]!;
  while (at < end && other < otherEnd) {
    const difference = left[at++]! - right[other++]!;
    if (difference !== 0) return difference;
  }
  return end - at - (otherEnd - other);
}

/** Whether no column stands twice in `order`. */
function isUnique(walker: RowWalker): boolean {
  for (let i = 1; i < walker.count - walker.keyCount; i++) {
    if (compareNames(walker, order[i - 1]!, walker, order[i]!) === 0) return false;
  }
  return true;
}

/** Fills `order` with the cells by name, newest version first, of equal versions the one written last. */
function sortCells(walker: RowWalker, now: number): void {
  const cells = walker.count - walker.keyCount;
  if (order.length < cells) order = new Int32Array(cells * 2);
  for (let i = 0; i < cells; i++) order[i] = walker.keyCount + i;
  const compare = (a: number, b: number) =>
    compareNames(walker, a, walker, b) || versionOf(walker, b, now) - versionOf(walker, a, now) || b - a;
  if (cells > INSERTION_MAX) {
    order.subarray(0, cells).sort(compare);
    return;
  }
  for (let i = 1; i < cells; i++) {
    const field = order[i]!;
    let at = i;
    while (at > 0 && compare(order[at - 1]!, field) > 0) {
      order[at] = order[at - 1]!;
      at--;
    }
    order[at] = field;
  }
}
