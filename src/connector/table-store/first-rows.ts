import type { TableStoreClient } from "../../client/table-store-client.ts";
import type { FlowRow } from "../../job/mapping.ts";
import { encodeKey } from "../../wire/plainbuffer/encode.ts";
import type { ScanScope } from "../connector.ts";
import { decodeFlowRows } from "./flow-rows.ts";
import { isEmptyRange, type FullRange } from "./key-bounds.ts";
import { selectionOf } from "./table-scan.ts";

export interface FirstRows {
  readonly rows: readonly FlowRow[];
  /** As answered, encoded. */
  readonly bytes: number;
  /** Whether the range goes on behind them. */
  readonly more: boolean;
}

/** Enough to know how large rows are, whatever their size. */
const bytesMax = 4 * 1024 * 1024;
/** A filter may let nothing through: pages are then read without rows, and no further than this. */
const filteredPagesMax = 16;

/** The first `count` rows of a range, or as many as come within some megabytes; nothing is read ahead. */
export async function firstRows(
  client: TableStoreClient,
  tableName: string,
  range: FullRange,
  count: number,
  scope: ScanScope,
  signal?: AbortSignal,
): Promise<FirstRows> {
  const rows: FlowRow[] = [];
  let bytes = 0;
  let pages = 0;
  if (isEmptyRange(range)) return { rows, bytes, more: false };
  const request = {
    tableName,
    direction: "forward",
    selection: selectionOf(scope),
    limit: count,
    start: encodeKey(range.start),
    end: encodeKey(range.end),
  } as const;
  for await (const page of client.getRangePages(request, { signal })) {
    rows.push(...decodeFlowRows(page.rows, scope.versions));
    bytes += page.rows.length;
    pages++;
    if (page.nextStart === undefined) return { rows: rows.slice(0, count), bytes, more: rows.length > count };
    if (rows.length >= count || bytes >= bytesMax || (scope.filter !== undefined && pages >= filteredPagesMax)) break;
  }
  return { rows: rows.slice(0, count), bytes, more: true };
}
