import { markerColumn } from "../connector/engine-column.ts";
import type { FlowColumn, FlowRow } from "../job/mapping.ts";
import type { Difference } from "../job/result.ts";
import { sameValue, typeOf, type Value } from "../model/value.ts";
import type { ShowValue } from "./value-text.ts";

export type ColumnDifference = Difference["columns"][number];
/** Versions of one column, newest first. */
export type Versions = readonly Omit<FlowColumn, "name">[];

/** Says column by column in what two rows of one key differ; both in the target's form. Columns in order of name. */
export function columnDifferences(
  source: FlowRow,
  target: FlowRow,
  versions: "latest" | "keep",
  show: ShowValue,
): readonly ColumnDifference[] {
  const left = columnsOf(source, versions);
  const right = columnsOf(target, versions);
  const names = [...new Set([...left.keys(), ...right.keys()])].sort();
  return names.flatMap((name) => {
    const [a, b] = [left.get(name), right.get(name)];
    const why = difference(a, b);
    if (why === undefined) return [];
    const stamps = versions === "keep" && (why.startsWith("timestamp") || why.startsWith("versions"));
    return [{ name, source: text(a, show, stamps), target: text(b, show, stamps), why }];
  });
}

/**
 * Under `keep`: whether the sides differ only in versions older than all that the other side has of the column. Such versions
 * can come to light when newer ones are deleted one by one (engine rule R5), and are no loss of what was written.
 */
export function onlyHiddenVersions(source: FlowRow, target: FlowRow): boolean {
  const left = columnsOf(source, "keep");
  const right = columnsOf(target, "keep");
  for (const name of new Set([...left.keys(), ...right.keys()])) {
    const [a, b] = [left.get(name), right.get(name)];
    if (a === undefined || b === undefined) return false;
    const both = Math.min(a.length, b.length);
    if (!sameVersions(a.slice(0, both), b.slice(0, both))) return false;
  }
  return true;
}

/** The row without cells whose timestamp is below `oldest`: they are expiring, here or there first (engine rule R7). */
export function withoutExpiring(row: FlowRow, oldest: number | undefined): FlowRow {
  if (oldest === undefined || row.columns.every(({ timestamp }) => timestamp === undefined || timestamp >= oldest)) return row;
  return { key: row.key, columns: row.columns.filter(({ timestamp }) => timestamp === undefined || timestamp >= oldest) };
}

/** A row's columns by name, in the order in which they stand in it; under `latest` without timestamps. */
export function columnsOf(row: FlowRow, versions: "latest" | "keep"): Map<string, Versions> {
  const columns = new Map<string, FlowColumn[]>();
  for (const column of row.columns) {
    if (column.name === markerColumn) continue;
    const known = columns.get(column.name);
    if (known === undefined) columns.set(column.name, [column]);
    else if (versions === "keep") known.push(column);
  }
  if (versions === "latest") for (const [name, [first]] of columns) columns.set(name, [{ name, value: first!.value }]);
  return columns;
}

function difference(source: Versions | undefined, target: Versions | undefined): string | undefined {
  if (source === undefined || target === undefined) {
    const [here, there] = source === undefined ? ["source", target] : ["target", source];
    return isEmpty(there![0]!.value)
      ? `absent in the ${here}, empty in the ${here === "source" ? "target" : "source"}`
      : `absent in the ${here}`;
  }
  if (sameVersions(source, target)) return undefined;
  const [a, b] = [source[0]!, target[0]!];
  if (typeOf(a.value) !== typeOf(b.value)) return `type differs: ${typeOf(a.value)} in the source, ${typeOf(b.value)} in the target`;
  if (!sameValue(a.value, b.value)) return isZero(a.value) && isZero(b.value) ? "sign of zero differs" : "value differs";
  if (source.length !== target.length) return `versions differ: ${source.length} in the source, ${target.length} in the target`;
  return source.every((version, i) => sameValue(version.value, target[i]!.value))
    ? "timestamp differs"
    : "value of an older version differs";
}

export function sameVersions(a: Versions, b: Versions): boolean {
  return a.length === b.length && a.every((version, i) => sameValue(version.value, b[i]!.value) && version.timestamp === b[i]!.timestamp);
}

function isEmpty(value: Value): boolean {
  return value === "" || (value instanceof Uint8Array && value.byteLength === 0);
}

function isZero(value: Value): boolean {
  return value === 0;
}

function text(versions: Versions | undefined, show: ShowValue, stamps: boolean): string | null {
  if (versions === undefined) return null;
  if (!stamps) return show(versions[0]!.value);
  return versions.map(({ value, timestamp }) => `${show(value)} at ${timestamp ?? "no time"}`).join(", ");
}
