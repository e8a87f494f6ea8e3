import { expect } from "vitest";
import { compareKey } from "../../../src/model/key.ts";
import type { Cell, Row } from "../../../src/model/row.ts";
import type { IndexSchema } from "../../../src/model/schema.ts";
import { INF_MAX, INF_MIN, type KeyBound, typeOf, type Value } from "../../../src/model/value.ts";
import type { Table } from "../../../src/store/table.ts";
import type { TableStore } from "../../../src/store/table-store.ts";
import { decodeRealKey, decodeRows } from "../../../src/wire/plainbuffer/decode.ts";
import { countEntries, type StreamWorld } from "./stream-world.ts";

type World = Pick<StreamWorld, "ordered" | "store">;

/** Every row of a table or index, in one direction, page by page. */
export async function scan(store: TableStore, table: Table, direction: "forward" | "backward" = "forward"): Promise<Row[]> {
  const low = table.schema.key.map((): KeyBound => INF_MIN);
  const high = table.schema.key.map((): KeyBound => INF_MAX);
  const [first, end] = direction === "forward" ? [low, high] : [high, low];
  const rows: Row[] = [];
  for (let start: readonly KeyBound[] | undefined = first; start !== undefined;) {
    const page = await store.readRange(table, { direction, start, end, limit: 700, selection: { maxVersions: 1 } });
    rows.push(...decodeRows(page.rows));
    start = page.nextStart && decodeRealKey(page.nextStart).map(({ value }) => value);
  }
  return rows;
}

/** What an index must hold, in the plainest form: made of a table's rows as a reader sees them. */
export function expectedRows(base: Table, { keyColumns, definedColumns }: IndexSchema, rows: readonly Row[]): Row[] {
  const types = new Map([...base.schema.key, ...base.schema.definedColumns].map(({ name, type }) => [name, type]));
  return rows
    .flatMap(({ key, cells }): Row[] => {
      const values = new Map<string, Value>([...key, ...cells].map(({ name, value }) => [name, value]));
      const rest = key.filter(({ name }) => !keyColumns.includes(name)).map(({ name }) => name);
      const own = [...keyColumns, ...rest].map((name) => ({ name, value: values.get(name) as string }));
      const fits = ({ name, value }: (typeof own)[number]) =>
        value !== undefined && typeOf(value) === types.get(name) && (typeof value === "bigint" || Buffer.from(value).length <= 1024);
      return own.every(fits) ? [{ key: own, cells: cells.filter((cell: Cell) => definedColumns.includes(cell.name)) }] : [];
    })
    .sort((a, b) => compareKey(a.key, b.key));
}

/** Compares an index with what a scan of its table makes of it: forward, backward, and entry by entry in storage. */
export async function expectInStep({ ordered, store }: World, base: Table, name: string): Promise<void> {
  const table = store.catalogue.table("one", name);
  const expected = expectedRows(
    base,
    base.schema.indexes.find((index) => index.name === name)!,
    await scan(store, base),
  );
  expect(await scan(store, table)).toEqual(expected);
  expect(await scan(store, table, "backward")).toEqual(expected.toReversed());
  if (base.schema.options.timeToLive < 0) expect(await countEntries(ordered, table.rows)).toBe(expected.length);
}
