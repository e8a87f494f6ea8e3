import { TableferryError } from "../../base/error.ts";
import type { TableStoreClient } from "../../client/table-store-client.ts";
import type { CellSelection } from "../../model/condition.ts";
import { limits } from "../../model/limits.ts";
import type { GetRangeResponse } from "../../wire/operation/get-range.ts";
import type { Batch, Position, ScanScope, Split } from "../connector.ts";
import { countRows, TableBatch } from "./table-batch.ts";

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

/** Rows of the first page, when nothing is known of their size. */
const FIRST_ROWS = 1000;

/**
 * How many rows to ask for, so that a page has some 1 MB: the service would fill it up to 4 MB, and two pages a worker are held.
 * A page is only counted when it is too large; small rows never cost more than a comparison.
 */
class PageLimit {
  #rows: number;
  readonly #most: number;
  static readonly #wantedBytes = 900_000;
  static readonly #tooManyBytes = 1_150_000;

  constructor(most: number) {
    this.#most = most;
    this.#rows = Math.min(most, FIRST_ROWS);
  }

  get rows(): number {
    return this.#rows;
  }

  /** Takes note of a page that was asked for with the present limit. */
  learn(page: Uint8Array): void {
    if (page.length > PageLimit.#tooManyBytes) {
      this.#rows = Math.max(1, Math.floor((countRows(page) * PageLimit.#wantedBytes) / page.length));
    } else if (page.length < PageLimit.#wantedBytes / 2 && this.#rows < this.#most) {
      this.#rows = Math.min(this.#most, this.#rows * 2);
    }
  }
}

/** Reads a range page by page. While one page is worked on the next is under way, never more than that one (R14). */
export async function* scanTable(scan: TableScan, signal?: AbortSignal): AsyncGenerator<Batch> {
  const { split, scope } = scan;
  const span = split.spec as TableSpan;
  if (scan.from === END) return;
  const stop = new AbortController();
  const stopped = signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal]);
  const end = bytesOf(span.end);
  const rooms = [new PageRoom(), new PageRoom()];
  const limit = new PageLimit(scan.pageRows ?? limits.rangeRowsMax);
  const read = (start: Uint8Array): Promise<GetRangeResponse> => {
    const { room } = rooms.reverse()[0]!;
    const page = scan.client.getRange(
      { tableName: scan.table, direction: "forward", selection: selectionOf(scope), limit: limit.rows, start, end },
      { signal: stopped, room, rowsChecked: scope.copied },
    );
    page.catch(() => undefined); // judged when its turn comes, or dropped with the scan
    return page;
  };
  let from = scan.from;
  let next: Promise<GetRangeResponse> | undefined = read(bytesOf(from ?? span.start));
  try {
    while (next !== undefined) {
      const page: GetRangeResponse = await next;
      if (page.nextToken !== undefined && page.nextToken.length > 0) throw partOfRow(scan.table);
      limit.learn(page.rows);
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

/** Memory of one page, used again for the page after the next: by then the consumer has asked for another batch. */
class PageRoom {
  #bytes = new Uint8Array(0);
  /** Pages differ by some rows. */
  static readonly #slack = 256 * 1024;

  readonly room = (length: number): Uint8Array => {
    const has = this.#bytes.length;
    // The first page of a split may be four times as large as those that follow, whose size is what the worker is taken to hold.
    if (has < length || has > length * 1.5 + PageRoom.#slack) this.#bytes = new Uint8Array(length + PageRoom.#slack);
    return this.#bytes.subarray(0, length);
  };
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
