import type { KeyColumn } from "../../model/key.ts";
import { INF_MAX, INF_MIN, type KeyBound } from "../../model/value.ts";
import type { Table } from "../../store/table.ts";
import type { TableStore } from "../../store/table-store.ts";
import { decodeRealKey } from "../../wire/plainbuffer/decode.ts";
import { encodeKey } from "../../wire/plainbuffer/encode.ts";
import { newChannel, type NewChannel } from "./channel.ts";
import { baseToken } from "./token.ts";

/** Stored bytes of a range, as long as that does not make too many of them. */
const RANGE_BYTES = 4 * 1024 * 1024;
const RANGES_MAX = 256;

/** The base data of a table as channels: ranges of about the same size that follow each other from INF_MIN to INF_MAX. */
export async function baseChannels(store: Pick<TableStore, "splitPoints">, table: Table): Promise<NewChannel[]> {
  const points = await cut(store, table);
  const bounds = [
    fullKey(table, [], INF_MIN),
    ...points.map((point) => fullKey(table, decodeRealKey(point), INF_MIN)),
    fullKey(table, [], INF_MAX),
  ];
  return points.concat(bounds.at(-1)!).map((_, i) => {
    const range = { start: base64(bounds[i]!), end: base64(bounds[i + 1]!) };
    return newChannel({ id: `BaseData_${i}`, range }, baseToken(bounds[i]!, 0), 0);
  });
}

/** Cuts into larger parts until there are few enough. */
async function cut(store: Pick<TableStore, "splitPoints">, table: Table): Promise<Uint8Array[]> {
  for (let size = RANGE_BYTES; ; size *= 4) {
    const points = await store.splitPoints(table, size, RANGES_MAX);
    if (points.length < RANGES_MAX) return points;
  }
}

/** A key of all of the table's columns; those that are not given are before or behind everything. */
function fullKey({ schema }: Table, given: readonly KeyColumn[], rest: KeyBound): Uint8Array {
  return encodeKey(schema.key.map(({ name }, i) => given[i] ?? { name, value: rest }));
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}
