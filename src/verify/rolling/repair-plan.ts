import type { FlowColumn, FlowRow } from "../../job/mapping.ts";
import type { Filter, WriteCondition } from "../../model/condition.ts";
import type { RowChange, UpdateCell } from "../../model/row.ts";
import { valueSize } from "../../model/value.ts";
import { columnsOf, sameVersions, type Versions } from "../row-difference.ts";
import { allOf, guardOf, GUARDS_MOST } from "./guard.ts";

export interface RepairRules {
  readonly versions: "latest" | "keep";
  /** False: the target takes whole rows only (R10). */
  readonly allowUpdate: boolean;
  /** Columns that target rows may have, as far as that is known. */
  readonly columns: readonly string[];
}

/** One conditional write that brings the target row nearer to what it should be, or why there is none. */
export type RepairPlan =
  | { readonly change: RowChange; readonly condition: WriteCondition }
  /** `too-wide`: more columns would have to be guarded than a condition can name. `unguardable`: no condition can tell that they are as read. */
  | { readonly change: undefined; readonly outcome: "too-wide" | "unguardable" };

/** Bytes of values and guards in one write; a single column may be larger. */
const BYTES_MOST = 1_000_000;
/** A column that is not written is guarded only where that is cheap. */
const SMALL_VALUE = 1024;

/**
 * Every column that a write touches is guarded to be as it was read, so that it never takes the place of a value it has not seen. A row with
 * more differing columns than a condition can name is repaired by several writes, each of them safe by itself; whole rows are put or
 * deleted only where all their columns can be named.
 * @param source what the row should be, mapped; undefined: it should not be there
 * @param target the row as read; undefined: it is not there. At least one of both is given, and they differ
 */
export function planRepair(source: FlowRow | undefined, target: FlowRow | undefined, rules: RepairRules): RepairPlan {
  if (target === undefined) return { change: putOf(source!, rules), condition: { existence: "expectNotExist" } };
  const there = columnsOf(target, rules.versions);
  if (source === undefined) return planRemoval(target, there, rules);
  const wanted = columnsOf(source, rules.versions);
  const names = [...new Set([...wanted.keys(), ...there.keys()])].sort();
  if (!rules.allowUpdate) {
    const guards = guardAll(names, there);
    return Array.isArray(guards) ? { change: putOf(source, rules), condition: allOf(guards) } : { change: undefined, outcome: guards };
  }
  const differing = names.filter((name) => !alike(wanted.get(name), there.get(name)));
  return planUpdate(target, there, differing, (name) => cellsFor(name, wanted.get(name), there.get(name), rules));
}

/** All columns of the row are named as they were read and then deleted with it; of a wide row, first as many as can be named. */
function planRemoval(target: FlowRow, there: ReadonlyMap<string, Versions>, rules: RepairRules): RepairPlan {
  const names = [...there.keys()];
  if (names.length > GUARDS_MOST && rules.allowUpdate)
    return planUpdate(target, there, names, (name) => cellsFor(name, undefined, there.get(name), rules));
  // A column that came since would be deleted with the row: those that could come are guarded as far as there is room.
  const others = rules.columns.filter((name) => !there.has(name)).slice(0, Math.max(0, GUARDS_MOST - names.length));
  const guards = guardAll([...names, ...others], there);
  if (!Array.isArray(guards)) return { change: undefined, outcome: guards };
  if (guards.length === 0) return { change: undefined, outcome: "unguardable" };
  return { change: { type: "delete", key: target.key }, condition: allOf(guards) };
}

function planUpdate(
  target: FlowRow,
  there: ReadonlyMap<string, Versions>,
  touched: readonly string[],
  cellsOf: (name: string) => readonly UpdateCell[],
): RepairPlan {
  const guards = new Map<string, Filter>();
  const cells: UpdateCell[] = [];
  let bytes = 0;
  for (const name of touched) {
    const guard = guardOf(name, there.get(name));
    if (guard === undefined) continue;
    const made = cellsOf(name);
    bytes += sizeOf(there.get(name)) + made.reduce((sum, cell) => sum + (cell.op === "put" ? valueSize(cell.value) : 8), 0);
    if (cells.length > 0 && bytes > BYTES_MOST) break;
    guards.set(name, guard);
    cells.push(...made);
    if (guards.size === GUARDS_MOST) break;
  }
  if (cells.length === 0) return { change: undefined, outcome: "unguardable" };
  // The rest of the row says a little more about whether it is the one that was read.
  for (const [name, versions] of there) {
    const guard = sizeOf(versions) <= SMALL_VALUE ? guardOf(name, versions) : undefined;
    if (guards.size < GUARDS_MOST && guard !== undefined && !guards.has(name) && !touched.includes(name)) guards.set(name, guard);
  }
  return { change: { type: "update", key: target.key, cells }, condition: allOf([...guards.values()]) };
}

/** Under `keep`, versions are put and deleted by their own timestamps, so that none that came since is hidden or deleted (R2). */
function cellsFor(name: string, wanted: Versions | undefined, there: Versions | undefined, { versions }: RepairRules): UpdateCell[] {
  if (versions === "latest") {
    return wanted === undefined ? [{ op: "deleteAll", name }] : [{ op: "put", name, value: wanted[0]!.value }];
  }
  const put = (wanted ?? []).filter((version) => !(there ?? []).some((other) => sameVersions([version], [other])));
  const gone = (there ?? []).filter(({ timestamp }) => !(wanted ?? []).some((other) => other.timestamp === timestamp));
  return [
    ...put.map((version): UpdateCell => ({ op: "put", name, ...version })),
    ...gone.map(({ timestamp }): UpdateCell =>
      timestamp === undefined ? { op: "deleteAll", name } : { op: "deleteOne", name, timestamp },
    ),
  ];
}

function guardAll(names: readonly string[], there: ReadonlyMap<string, Versions>): Filter[] | "too-wide" | "unguardable" {
  if (names.length > GUARDS_MOST || names.reduce((sum, name) => sum + sizeOf(there.get(name)), 0) > BYTES_MOST) return "too-wide";
  const guards = names.map((name) => guardOf(name, there.get(name)));
  return guards.every((guard) => guard !== undefined) ? guards : "unguardable";
}

function putOf({ key, columns }: FlowRow, { versions }: RepairRules): RowChange {
  const cells = versions === "keep" ? columns : columns.map(({ name, value }: FlowColumn) => ({ name, value }));
  return { type: "put", key, cells };
}

function alike(a: Versions | undefined, b: Versions | undefined): boolean {
  return a !== undefined && b !== undefined && sameVersions(a, b);
}

function sizeOf(versions: Versions | undefined): number {
  return versions?.[0] === undefined ? 0 : valueSize(versions[0].value);
}
