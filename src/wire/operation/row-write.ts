import type { WriteCondition } from "../../model/condition.ts";
import type { Capacity } from "./capacity.ts";
import type { ReturnContent } from "./return-content.ts";

/** One row of a write: the encoded change (PlainBuffer with its header) and what must hold before it is applied. */
export interface RowWrite {
  readonly change: Uint8Array;
  readonly condition: WriteCondition;
  readonly returnContent?: ReturnContent | undefined;
}

/** PutRow, UpdateRow and DeleteRow have the same request in all but the field's name (reference 2.3). */
export interface SingleWriteRequest extends RowWrite {
  readonly tableName: string;
  readonly transactionId?: string | undefined;
}

export interface SingleWriteResponse {
  readonly consumed: Capacity;
  /** PlainBuffer of the returned key or columns; absent when nothing was asked for. */
  readonly row?: Uint8Array | undefined;
}
