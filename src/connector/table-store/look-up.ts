import type { TableStoreClient } from "../../client/table-store-client.ts";
import type { CellSelection } from "../../model/condition.ts";
import { limits } from "../../model/limits.ts";

/**
 * Rows by encoded key, in the order asked, each as PlainBuffer with header; empty where there is none. A row that fails
 * within a batch is read again alone, where the client's own retries serve it.
 */
export async function lookUpRows(
  client: TableStoreClient,
  tableName: string,
  keys: readonly Uint8Array[],
  selection: CellSelection,
  signal?: AbortSignal,
): Promise<readonly Uint8Array[]> {
  const found: Uint8Array[] = [];
  for (let from = 0; from < keys.length; from += limits.batchGetRowsMax) {
    const asked = keys.slice(from, from + limits.batchGetRowsMax);
    const { tables } = await client.batchGetRow({ tables: [{ tableName, keys: asked, tokens: [], selection }] }, { signal });
    for (let at = 0; at < asked.length; at++) {
      const result = tables[0]?.rows[at];
      const whole = result?.ok === true && (result.nextToken === undefined || result.nextToken.length === 0);
      found.push(
        whole ? (result.row ?? new Uint8Array(0)) : (await client.getRow({ tableName, key: asked[at]!, selection }, { signal })).row,
      );
    }
  }
  return found;
}
