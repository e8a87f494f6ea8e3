import { typeOf, type KeyType, type Value, type ValueType } from "../model/value.ts";
import { RowRefused } from "./mapping.ts";
import { valueText } from "./scalar.ts";

/** The refusals of mappings, in one wording, so that a fast encoder and `CompiledMapping.map` refuse alike. */
export function missingKey(column: string): RowRefused {
  return new RowRefused({ cause: "missing-key", text: `the target key column ${column} has no value`, column });
}

export function wrongKeyType(column: string, wanted: KeyType, found: Value): RowRefused {
  return new RowRefused({
    cause: "key-type",
    text: `the target key column ${column} is ${article(wanted)}, the value is ${article(typeOf(found))}: ${valueText(found)}`,
    column,
  });
}

/** @param from the source column whose value it is */
export function notCastable(column: string, from: string, found: Value, as: ValueType): RowRefused {
  return new RowRefused({
    cause: "cast",
    text: `${from} cannot become ${article(as)} in ${column}: ${valueText(found)} (${typeOf(found)})`,
    column,
  });
}

export function mappingThrew(column: string | undefined, thrown: unknown): RowRefused {
  const text = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown);
  return new RowRefused({
    cause: "mapping-threw",
    text: `the mapping threw${column === undefined ? "" : ` for ${column}`}: ${text.slice(0, 1000)}`,
    column,
  });
}

export function notAValue(column: string, why: string): RowRefused {
  return new RowRefused({ cause: "mapping-value", text: `the mapping gave ${column} ${why}`, column });
}

/** `an integer`, `a string` … */
export function article(type: ValueType): string {
  return `${type === "integer" ? "an" : "a"} ${type}`;
}
