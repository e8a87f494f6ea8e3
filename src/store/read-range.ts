import type { CellSelection } from "../model/condition.ts";
import { limits } from "../model/limits.ts";
import type { KeyBound } from "../model/value.ts";
import { ByteWriter } from "../wire/plainbuffer/byte-writer.ts";
import { writeHeader } from "../wire/plainbuffer/encode.ts";
import type { RowSource } from "./ordered-store.ts";
import { sizeOf } from "./row-header.ts";
import { boundKey } from "./row-key.ts";
import { RowReader } from "./row-reader.ts";
import { storedKey } from "./stored-key.ts";
import type { Table } from "./table.ts";

/** Rows asked of the store in one go when the caller set no limit: a fifth of the most a page has, and of the one behind it. */
const STEP_ROWS = Math.ceil((limits.rangeRowsMax + 1) / 5);
/** Of a page of several steps the first is short: nothing can be put together before it is there, and the second is read meanwhile. */
const FIRST_STEP_ROWS = Math.ceil(STEP_ROWS / 4);

export interface RangeQuery {
  readonly direction: "forward" | "backward";
  /** Inclusive, one bound for every key column. */
  readonly start: readonly KeyBound[];
  /** Exclusive. */
  readonly end: readonly KeyBound[];
  /** Rows at most, whether the filter lets them pass or not. */
  readonly limit?: number | undefined;
  /** Bytes of names and values after which the page ends, below the service's 4 MB. */
  readonly bytes?: number | undefined;
  readonly selection: CellSelection;
}

export interface RangePage {
  /** PlainBuffer with one header; empty when there are no rows. */
  readonly rows: Uint8Array;
  /** Encoded key of the next unread row; undefined at the end of the range. */
  readonly nextStart: Uint8Array | undefined;
  /** Bytes of names and values looked at. */
  readonly size: number;
}

/**
 * One page of a range: up to `limit` and 5,000 rows and 4 MB looked at (reference 7.3), as they were at one moment. A page may be
 * empty and still have a next one.
 */
export async function readRange(source: RowSource, table: Table, query: RangeQuery, now: number): Promise<RangePage> {
  const rowsMax = Math.min(query.limit ?? limits.rangeRowsMax, limits.rangeRowsMax);
  const bytesMax = Math.min(query.bytes ?? limits.rangeBytesMax, limits.rangeBytesMax);
  const reader = new RowReader(table, query.selection, now);
  const out = new ByteWriter(Math.min(rowsMax, 64) * 1024);
  writeHeader(out);
  const empty = out.at;
  const cursor = source.values(boundsOf(table, query));
  let size = 0;
  let rows = 0;
  let nextStart: Uint8Array | undefined;
  try {
    let before = 0;
    const next = () => {
      const left = rowsMax - rows + 1;
      const step = size === 0 && left > STEP_ROWS ? FIRST_STEP_ROWS : Math.min(left, STEP_ROWS);
      // The rest is about as long a row as the first step: memory that grows piece by piece is copied each time.
      if (before === 0 && rows > 0) out.reserve(Math.min(Math.ceil((out.at / rows) * left), bytesMax));
      // As far as the last step tells, the page does not end within this one.
      const goesOn = size + (size - before) < bytesMax;
      before = size;
      return cursor.next(step, goesOn ? Math.min(left - step, STEP_ROWS) : 0);
    };
    reading: for (let step = await next(); step.length > 0; step = await next()) {
      for (const row of step) {
        if (rows >= rowsMax || size >= bytesMax) {
          nextStart = storedKey(row);
          break reading;
        }
        size += sizeOf(row);
        reader.append(row, out);
        if (reader.isAlive(row)) rows++;
      }
    }
  } finally {
    await cursor.close();
  }
  return { rows: out.at === empty ? new Uint8Array(0) : out.bytes.subarray(0, out.at), nextStart, size };
}

function boundsOf(table: Table, { direction, start, end }: RangeQuery) {
  if (direction === "forward") return { from: boundKey(table, start, "before"), to: boundKey(table, end, "before") };
  return { from: boundKey(table, end, "behind"), to: boundKey(table, start, "behind"), reverse: true };
}
