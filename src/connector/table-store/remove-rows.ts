import type { TableStoreClient } from "../../client/table-store-client.ts";
import type { KeySchema } from "../../model/schema.ts";
import { INF_MAX, INF_MIN, type KeyBound, type KeyValue } from "../../model/value.ts";
import { assert } from "../../base/assert.ts";
import { encodeChange } from "../../wire/plainbuffer/encode.ts";

/** Deletes up to 200 rows by key; a row that fails within the batch is deleted alone, with the client's retries. Idempotent. */
export async function removeRows(
  client: TableStoreClient,
  tableName: string,
  schema: readonly KeySchema[],
  keys: readonly (readonly KeyBound[])[],
  signal?: AbortSignal,
): Promise<void> {
  if (keys.length === 0) return;
  const rows = keys.map((key) => ({
    type: "delete" as const,
    change: encodeChange({ type: "delete", key: key.map((value, at) => ({ name: schema[at]?.name ?? "", value: realValue(value) })) }),
    condition: { existence: "ignore" as const },
  }));
  const { tables } = await client.batchWriteRow({ tables: [{ tableName, rows }] }, { signal });
  for (let at = 0; at < rows.length; at++) {
    if (tables[0]?.rows[at]?.ok === true) continue;
    const { change, condition } = rows[at]!;
    await client.deleteRow({ tableName, change, condition }, { signal });
  }
}

function realValue(value: KeyBound): KeyValue {
  assert(value !== INF_MIN && value !== INF_MAX, "a key of real values");
  return value;
}
