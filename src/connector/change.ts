import type { ColumnPlan, FlowColumn } from "../job/mapping.ts";
import type { WriteCondition } from "../model/condition.ts";
import type { KeyColumn } from "../model/key.ts";
import type { RowChange, UpdateCell } from "../model/row.ts";
import type { KeyValue } from "../model/value.ts";
import type { Encoded } from "./connector.ts";

/** A record of a stream as it came: `bytes[start, end)` are one row of PlainBuffer with its header. */
export interface EncodedRecord {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
}

/**
 * What happened to one source row, as its stream tells it (R1: a record is not a row). A put lists all of the row's cells, an update only
 * those it touched (each put with its timestamp), a delete none. No increments: a stream tells their outcome.
 */
export interface SourceChange {
  readonly type: "put" | "update" | "delete";
  readonly key: readonly KeyColumn<KeyValue>[];
  readonly cells: readonly UpdateCell[];
  /** Values that the stream's origin columns had before, where the stream keeps them; missing columns were not there. Undefined: not kept. */
  readonly origin?: readonly FlowColumn[] | undefined;
  /** When it was committed, microseconds since 1970 by the source's clock; undefined for base data. */
  readonly committedAt?: number | undefined;
  /** What says the same undecoded, where it is there; nothing of it is checked yet. */
  readonly encoded?: EncodedRecord | undefined;
}

/** One change of one target row. */
export interface TargetChange {
  readonly change: RowChange;
  /** Which of the changes it comes from; several may name the same. Refusals name it. */
  readonly index: number;
  /**
   * Left out: none. A condition that does not hold refuses the change with cause `OTSConditionCheckFail`; so may one that held, when the
   * answer was lost and the change is sent again.
   */
  readonly condition?: WriteCondition | undefined;
}

/** Turns changes of target rows into parcels for `Target.write`; one a channel, because it may reuse buffers. */
export interface ChangeEncoder {
  /**
   * Changes of different target keys, each at most once (R10). Rows over 1,024 columns or 4 MB are sent as a put and updates under one
   * acknowledgement. The parcels may be written at once and in any order.
   */
  encode(changes: readonly TargetChange[]): Encoded;
  /**
   * Writes changes that came undecoded without decoding them; undefined where the plan, applied cell by cell (R1), does more to each row than to copy, rename
   * and leave out. Its parcels and those of `encode` share memory: either is written before the other is made.
   */
  records?(plan: ColumnPlan, terms: RecordTerms): RecordEncoder | undefined;
}

export interface RecordTerms {
  readonly versions: "latest" | "keep";
  /** Under `latest`: updates with timestamps (ms) further from their commit are left. */
  readonly stampedWithinMs: number;
}

/** What a window's changes come to, as far as their records say it as they are. */
export interface EncodedRecords extends Encoded {
  /** Everything else, in its order; all changes of a key, or none, are among them. */
  readonly left: readonly SourceChange[];
  readonly puts: number;
  readonly updates: number;
  /** Commit time (µs) of the newest change that is not left. */
  readonly newest: number | undefined;
}

/** Turns changes into those of target rows; one a channel, because it may reuse buffers. */
export interface RecordEncoder {
  /**
   * @param aside changes that are to be left
   * @throws TF_WIRE_CORRUPT
   */
  encode(changes: readonly SourceChange[], aside?: (change: SourceChange) => boolean): EncodedRecords;
}
