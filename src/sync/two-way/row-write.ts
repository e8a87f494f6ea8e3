import { markerColumn } from "../../connector/engine-column.ts";
import { markerText, type Marker } from "./marker.ts";
import type { Filter, WriteCondition } from "../../model/condition.ts";
import type { UpdateCell } from "../../model/row.ts";
import type { SourceKey } from "../apply/cell-plan.ts";
import type { Write } from "../apply/map-change.ts";
import type { RowPlan } from "./decide.ts";
import type { SideRow } from "./side-row.ts";

/** A row of one side and what is to become of it. */
export interface RowWriteInput {
  readonly plan: RowPlan;
  readonly row: SideRow;
  /** Of this side, with this side's column names. */
  readonly key: SourceKey;
  readonly nameOf: (column: string) => string;
  /** The other site, from where what is written comes. */
  readonly from: string;
  /** Newest change of that site that the row takes in with this write; undefined: the row's marker stays at what it says. */
  readonly seq: number | undefined;
  readonly nonce: string;
  /** Wall clock, milliseconds. */
  readonly now: number;
}

export interface RowWrite {
  readonly write: Write;
  /** Sent once the write is acknowledged. */
  readonly next?: Write | undefined;
  /** Everything that was planned. */
  readonly whole: boolean;
}

/** Conditions of one write (R4): one is the marker's. */
const guardsMax = 9;

/**
 * A plan as a write that is known by its marker when it comes back. A row is deleted in two steps (R4): the marker says so, then the row
 * goes, if the marker is still this one. Every write demands the marker that was read, so that of two writes of the engine to one row the
 * second has seen the first. Cells that only time decides need no further condition, the service keeps the newer version by itself; others
 * are written if all that was read of them still holds, as many at once as conditions allow.
 */
export function rowWrite(input: RowWriteInput): RowWrite {
  const { plan, key } = input;
  const guarded = plan.guards.slice(0, guardsMax);
  const left = new Set(plan.guards.slice(guardsMax).map(({ name }) => name));
  const whole = left.size === 0;
  // Too many columns to look after at once: they go first, some at a time.
  const columns: readonly UpdateCell[] =
    plan.kind === "delete"
      ? whole
        ? []
        : guarded.map(({ name }) => ({ op: "deleteAll", name }))
      : plan.cells.filter(({ name }) => !left.has(name));
  const cells = columns.map((cell): UpdateCell => ({ ...cell, name: input.nameOf(cell.name) }));
  const deletes = plan.kind === "delete" && whole;
  const text = markerText(markerOf(input, cells, deletes, whole), key, cells);
  const timestamp = Math.max(input.now, (input.row.marker?.time ?? 0) + 1);
  const write: Write = {
    change: { type: "update", key, cells: [...cells, { op: "put", name: markerColumn, value: text, timestamp }] },
    condition: unchanged(input, guarded),
  };
  if (!deletes) return { write, whole };
  const marked: WriteCondition = { existence: "expectExist", filter: isMarked(text) };
  return { write, whole, next: { change: { type: "delete", key }, condition: marked } };
}

function markerOf({ row, from, seq, nonce }: RowWriteInput, cells: readonly UpdateCell[], deletes: boolean, whole: boolean): Marker {
  const before = row.marker?.read?.site === from ? row.marker.read : undefined;
  let time = before?.time ?? 0;
  for (const cell of cells) if (cell.op === "put") time = Math.max(time, cell.timestamp ?? 0);
  const taken = whole ? Math.max(before?.seq ?? 0, seq ?? 0) : (before?.seq ?? 0);
  return { op: deletes ? "delete" : "write", site: from, seq: taken, time, nonce };
}

function unchanged({ row, nameOf }: RowWriteInput, guards: RowPlan["guards"]): WriteCondition {
  if (!row.exists) return { existence: "expectNotExist" };
  const filters = guards.map(({ name, value }) => equals(nameOf(name), value));
  filters.push(row.marker === undefined ? isUnmarked : isMarked(row.marker.value));
  return { existence: "expectExist", filter: filters.length === 1 ? filters[0]! : { type: "and", filters } };
}

const isMarked = (marker: Parameters<typeof equals>[1]): Filter => equals(markerColumn, marker);

const isUnmarked: Filter = {
  type: "column",
  name: markerColumn,
  comparator: "notExist",
  value: "",
  filterIfMissing: false,
  latestVersionOnly: true,
};

function equals(name: string, value: Extract<Filter, { type: "column" }>["value"]): Filter {
  return { type: "column", name, comparator: "equal", value, filterIfMissing: true, latestVersionOnly: true };
}
