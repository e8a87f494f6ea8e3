import { TableferryError } from "../../base/error.ts";
import type { TableStoreClient } from "../../client/table-store-client.ts";
import type { CellSelection } from "../../model/condition.ts";
import type { GetRangeResponse } from "../../wire/operation/get-range.ts";
import type { Batch, Position, ScanScope, Split } from "../connector.ts";
import { TableBatch } from "./table-batch.ts";

/** What a split says of its piece of the table: encoded keys with every key column, [start, end), in base64. */
export interface TableSpan {
  readonly start: string;
  readonly end: string;
}

/** The position behind the last row: nothing follows. */
const END: Position = "end";
/** More versions than any table keeps. */
const ALL_VERSIONS = 0x7fff_ffff;

export function selectionOf(scope: ScanScope): CellSelection {
  return { maxVersions: scope.versions === "keep" ? ALL_VERSIONS : 1, filter: scope.filter };
}

export interface TableScan {
  readonly client: TableStoreClient;
  readonly table: string;
  readonly split: Split;
  readonly from: Position | undefined;
  readonly scope: ScanScope;
  /** Rows a page may have; the service's most, 5,000, when absent. */
  readonly pageRows?: number | undefined;
}

/** Reads a range page by page. While one page is worked on the next is under way, never more than that one (R14). */
export async function* scanTable(scan: TableScan, signal?: AbortSignal): AsyncGenerator<Batch> {
  const { split, scope } = scan;
  const span = split.spec as TableSpan;
  if (scan.from === END) return;
  const stop = new AbortController();
  const stopped = signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal]);
  const end = bytesOf(span.end);
  const read = (start: Uint8Array): Promise<GetRangeResponse> => {
    const page = scan.client.getRange({ tableName: scan.table, direction: "forward", selection: selectionOf(scope), limit: scan.pageRows, start, end }, { signal: stopped });
    page.catch(() => undefined); // judged when its turn comes, or dropped with the scan
    return page;
  };
  let from = scan.from;
  let next: Promise<GetRangeResponse> | undefined = read(bytesOf(from ?? span.start));
  try {
    while (next !== undefined) {
      const page: GetRangeResponse = await next;
      if (page.nextToken !== undefined && page.nextToken.length > 0) throw partOfRow(scan.table);
      next = page.nextStart === undefined ? undefined : read(page.nextStart);
      const position = page.nextStart === undefined ? END : Buffer.from(page.nextStart).toString("base64");
      yield new TableBatch({ split: split.id, from, position }, page.rows, scope.versions);
      signal?.throwIfAborted();
      from = position;
    }
  } finally {
    stop.abort(new Error("the scan ended"));
  }
}

function bytesOf(base64: string): Uint8Array {
  return new Uint8Array(Buffer.from(base64, "base64"));
}

function partOfRow(table: string): TableferryError {
  return new TableferryError("TF_SOURCE_FORMAT", {
    message: `the service answered a row of table ${table} in parts, which tableferry does not ask for and cannot join`,
    place: `table ${table}`,
    wayOut: "Report it with the endpoint's region.",
  });
}
