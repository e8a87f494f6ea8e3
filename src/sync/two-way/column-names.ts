import { TableferryError } from "../../base/error.ts";
import { RowRefused, type ColumnPlan, type CompiledMapping } from "../../job/mapping.ts";
import { markerColumn } from "../../connector/engine-column.ts";
import type { SourceKey } from "../apply/cell-plan.ts";

/** The columns of both sides, one to one: what a mapping must be for changes to go both ways. */
export interface ColumnNames {
  /** From the side that changes come from to the other. @throws RowRefused */
  readonly there: (column: string) => string;
  readonly back: (column: string) => string;
  readonly keyThere: (key: SourceKey) => SourceKey;
}

/**
 * Both directions of a mapping that only gives names: rows as they are, or columns and key columns renamed.
 * @throws TF_TWO_WAY for one that cannot be undone
 */
export function columnNames({ plan, mode }: CompiledMapping): { readonly forward: ColumnNames; readonly backward: ColumnNames } {
  if (plan === undefined || mode !== "cells") throw notInvertible("rows go through a function, or a column is made of several");
  const renamed = new Map<string, string>();
  const former = new Map<string, string>();
  for (const { name, from } of plan.columns) {
    if (from.kind !== "column") throw notInvertible(`column ${name} is not a copy of one column`);
    if (renamed.has(from.name)) throw notInvertible(`column ${from.name} is carried over twice`);
    renamed.set(from.name, name);
    former.set(name, from.name);
  }
  if (renamed.has(markerColumn) || former.has(markerColumn)) throw notInvertible(`${markerColumn} is the engine's own column`);
  const places = keyPlaces(plan);
  const keys = new Set([...plan.sourceKey, ...plan.targetKey].map(({ name }) => name));
  const dropped = plan.excluded.find((name) => !renamed.has(name) && !former.has(name) && !keys.has(name));
  if (dropped !== undefined || plan.rest === "drop") throw notInvertible(`${dropped ?? "what no rule names"} is left out`);
  const there = namesOf(renamed, former);
  const back = namesOf(former, renamed);
  const inverse = places.map((_, at) => places.indexOf(at));
  const keyed = (order: readonly number[], names: readonly { readonly name: string }[]) => (key: SourceKey) =>
    order.map((place, at) => ({ name: names[at]!.name, value: key[place]!.value }));
  return {
    forward: { there, back, keyThere: keyed(places, plan.targetKey) },
    backward: { there: back, back: there, keyThere: keyed(inverse, plan.sourceKey) },
  };
}

/** Where in the source's key each column of the target's stands. */
function keyPlaces(plan: ColumnPlan): readonly number[] {
  const places = plan.targetKey.map(({ name, from }) => {
    const place = from.kind === "key" ? plan.sourceKey.findIndex((column) => column.name === from.name) : -1;
    if (place < 0) throw notInvertible(`key column ${name} is not a copy of a key column`);
    return place;
  });
  if (new Set(places).size !== plan.sourceKey.length) throw notInvertible("not every key column is carried over, once");
  return places;
}

function namesOf(renamed: ReadonlyMap<string, string>, taken: ReadonlyMap<string, string>): (column: string) => string {
  return (column) => {
    const name = renamed.get(column);
    if (name !== undefined) return name;
    if (!taken.has(column)) return column;
    throw new RowRefused({
      cause: "column-taken",
      column,
      text: `column ${column} has no name on the other side: another column is carried over under it`,
    });
  };
}

function notInvertible(why: string): TableferryError {
  return new TableferryError("TF_TWO_WAY", {
    message: `the mapping cannot be undone, so that changes cannot go back through it: ${why}`,
    wayOut: "Leave the mapping out, or only rename columns in it.",
  });
}
