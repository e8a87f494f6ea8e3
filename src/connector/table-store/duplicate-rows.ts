import type { TableStoreClient } from "../../client/table-store-client.ts";
import type { Refusal } from "../../job/mapping.ts";
import type { KeyColumn } from "../../model/key.ts";
import type { PutCell } from "../../model/row.ts";
import type { KeyValue } from "../../model/value.ts";
import { ByteWriter } from "../../wire/plainbuffer/byte-writer.ts";
import { canonicalOfRow } from "../../wire/plainbuffer/canonical.ts";
import { decodeChange } from "../../wire/plainbuffer/decode-change.ts";
import { decodeRow } from "../../wire/plainbuffer/decode.ts";
import { encodeKey } from "../../wire/plainbuffer/encode.ts";
import { keyTitle } from "./key-bounds.ts";
import { lookUpRows } from "./look-up.ts";
import { selectionOf } from "./table-scan.ts";

interface PutChange {
  readonly key: readonly KeyColumn<KeyValue>[];
  readonly cells: readonly PutCell[];
}

/**
 * Reads rows back whose insertion was refused because their keys are there: undefined where the very row is there (an
 * earlier try of this write, or a repeated equal row), else why it cannot be written.
 */
export async function refuseOthers(
  client: TableStoreClient,
  table: string,
  versions: "latest" | "keep",
  changes: readonly Uint8Array[],
  signal?: AbortSignal,
): Promise<readonly (Refusal | undefined)[]> {
  const wanted = changes.map((change) => decodeChange("put", change) as PutChange);
  const keys = wanted.map(({ key }) => encodeKey(key));
  const stored = await lookUpRows(client, table, keys, selectionOf({ versions }), signal);
  return wanted.map((row, at): Refusal | undefined => {
    const found = decodeRow(stored[at]!);
    const timed = versions === "keep" && row.cells.every(({ timestamp }) => timestamp !== undefined);
    if (found !== undefined && canonical(found, timed) === canonical(row, timed)) return undefined;
    return { cause: "duplicate-key", text: `another row has the key ${keyTitle(row.key)} already` };
  });
}

function canonical(row: PutChange, keepTimestamps: boolean): string {
  const writer = new ByteWriter();
  canonicalOfRow(writer, row, keepTimestamps);
  return writer.bytes.toString("latin1", 0, writer.at);
}
