import type { TableStoreClient } from "../../src/client/table-store-client.ts";
import { INF_MAX, INF_MIN } from "../../src/model/value.ts";
import { decodeRows } from "../../src/wire/plainbuffer/decode.ts";
import { encodeKey } from "../../src/wire/plainbuffer/encode.ts";

/** Rows of table `orders` by id, with their names. */
export async function namesById(from: TableStoreClient): Promise<Map<string, unknown>> {
  const bound = (value: typeof INF_MIN | typeof INF_MAX) => encodeKey([{ name: "id", value }]);
  const found = new Map<string, unknown>();
  const range = {
    tableName: "orders",
    direction: "forward",
    selection: { maxVersions: 1 },
    start: bound(INF_MIN),
    end: bound(INF_MAX),
  } as const;
  for await (const { rows } of from.getRangePages(range)) {
    if (rows.length > 0)
      for (const { key, cells } of decodeRows(rows)) found.set(String(key[0]?.value), cells.find(({ name }) => name === "name")?.value);
  }
  return found;
}
