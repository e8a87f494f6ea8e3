import type { DefinedColumn, IndexSchema, KeySchema, TableOptions } from "../../src/model/schema.ts";
import { INF_MAX, INF_MIN, type KeyBound } from "../../src/model/value.ts";
import type { CreateTableRequest } from "../../src/wire/operation/create-table.ts";
import { tableRequest, type Caller, type KeyOf } from "./caller.ts";

export const twoKeys: readonly KeySchema[] = [
  { name: "pk", type: "string" },
  { name: "n", type: "integer" },
];

export const definedColumns: readonly DefinedColumn[] = [
  { name: "city", type: "string" },
  { name: "age", type: "integer" },
  { name: "raw", type: "binary" },
  { name: "score", type: "double" },
  { name: "on", type: "boolean" },
];

export const byCity: IndexSchema = { name: "by_city", keyColumns: ["city"], definedColumns: ["age", "score"], type: "global" };
export const localAge: IndexSchema = { name: "local_age", keyColumns: ["pk", "age"], definedColumns: ["city"], type: "local" };

/** Table `t` of two key columns and defined columns of every type. */
export function indexedTable(indexes: readonly IndexSchema[] = [], options: Partial<TableOptions> = {}): CreateTableRequest {
  const request = tableRequest("t", twoKeys, options);
  return { ...request, meta: { ...request.meta, definedColumns }, indexes };
}

export async function phasesOf(caller: Caller): Promise<Record<string, string | undefined>> {
  const { indexes } = await caller.call("DescribeTable", { tableName: "t" });
  return Object.fromEntries(indexes.map(({ name, syncPhase }) => [name, syncPhase]));
}

/** Lets the background work until every index of the table holds what was there before it. */
export async function filled(caller: Caller): Promise<void> {
  for (let i = 0; i < 10_000; i++) {
    if (Object.values(await phasesOf(caller)).every((phase) => phase === "incremental")) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
  throw new Error("the indexes are never filled");
}

/** Start and end of a range of everything: of a table with these key columns, or of its part that begins with some values. */
export function wholeRange(columns: readonly string[], values: KeyOf<KeyBound> = {}): readonly [KeyOf<KeyBound>, KeyOf<KeyBound>] {
  const bound = (open: KeyBound): KeyOf<KeyBound> =>
    Object.fromEntries(columns.map((name): [string, KeyBound] => [name, values[name] ?? open]));
  return [bound(INF_MIN), bound(INF_MAX)];
}
