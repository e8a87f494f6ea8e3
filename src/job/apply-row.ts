import type { KeySchema } from "../model/schema.ts";
import { typeOf, type KeyValue, type Value } from "../model/value.ts";
import { checkedValue, guarded } from "./computation.ts";
import type { FlowColumn, FlowRow, InputRow, MappingDefinition } from "./mapping.ts";
import { missingKey, notAValue, wrongKeyType } from "./refusals.ts";

/** Compiles a row function: the row as an object of latest values in; none, one or several rows out, their keys in the target's order. */
export function applyRow(
  mapRow: NonNullable<MappingDefinition["row"]>,
  targetKey: readonly KeySchema[],
): (row: FlowRow) => readonly FlowRow[] {
  const keyNames = new Set(targetKey.map((column) => column.name));
  return (row) => {
    const result: unknown = guarded(() => mapRow(inputRow(row)), undefined);
    if (result === null || result === undefined) return [];
    const stamp = newestStamp(row);
    const outputs: readonly unknown[] = Array.isArray(result) ? result : [result];
    return outputs.map((output) => outputRow(output, targetKey, keyNames, stamp));
  };
}

/** An object without a prototype, so that a column may have any name. */
function inputRow(row: FlowRow): InputRow {
  const input: Record<string, Value> = Object.create(null);
  for (const { name, value } of row.columns) if (!(name in input)) input[name] = value;
  for (const { name, value } of row.key) input[name] = value;
  return input;
}

function outputRow(
  output: unknown,
  targetKey: readonly KeySchema[],
  keyNames: ReadonlySet<string>,
  timestamp: number | undefined,
): FlowRow {
  if (typeof output !== "object" || output === null || Array.isArray(output))
    throw notAValue("row", `a ${typeof output}, expected an object, a list of objects or null`);
  const fields: ReadonlyMap<string, unknown> = new Map(Object.entries(output));
  const key = targetKey.map(({ name, type }) => {
    const field = fields.get(name);
    if (field === undefined || field === null) throw missingKey(name);
    const value = checkedValue(field, name);
    if (typeOf(value) !== type) throw wrongKeyType(name, type, value);
    return { name, value: value as KeyValue };
  });
  const columns: FlowColumn[] = [];
  for (const [name, field] of fields) {
    if (keyNames.has(name) || field === undefined || field === null) continue;
    const value = checkedValue(field, name);
    columns.push(timestamp === undefined ? { name, value } : { name, value, timestamp });
  }
  return { key, columns };
}

function newestStamp(row: FlowRow): number | undefined {
  let newest: number | undefined;
  for (const { timestamp } of row.columns) if (timestamp !== undefined && (newest === undefined || timestamp > newest)) newest = timestamp;
  return newest;
}
