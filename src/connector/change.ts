import type { FlowColumn } from "../job/mapping.ts";
import type { WriteCondition } from "../model/condition.ts";
import type { KeyColumn } from "../model/key.ts";
import type { RowChange, UpdateCell } from "../model/row.ts";
import type { KeyValue } from "../model/value.ts";
import type { Encoded } from "./connector.ts";

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
}
