import { refusal } from "../store/refusal.ts";
import { encodeWalkedKey, storedKey } from "../store/stored-key.ts";
import type { Table } from "../store/table.ts";
import { rowRead } from "../store/table-store.ts";
import { RowReader } from "../store/row-reader.ts";
import type { RowWrites, RowWritten } from "../store/write-batch.ts";
import type { Capacity } from "../wire/operation/capacity.ts";
import type { RowResult } from "../wire/operation/row-result.ts";
import type { RowWrite } from "../wire/operation/row-write.ts";
import { RowWalker } from "../wire/plainbuffer/walk.ts";
import { oneWritten, writeCapacity } from "./capacity.ts";
import { failedRow } from "./failed-row.ts";
import { checkKeyAgainst } from "./validation/key.ts";
import { invalidParameter } from "./validation/parameter.ts";
import { checkIndexedValues } from "./validation/secondary-index.ts";
import { changeSize, checkChange, checkChangeAgainst, type ChangeType } from "./validation/row-change.ts";

/** Scratch: a change is judged and applied within one call. */
const walker = new RowWalker();

export interface RowAnswer {
  readonly consumed: Capacity;
  readonly row?: Uint8Array | undefined;
}

/** What most rows answer: one object for all of them, which a reply writes once. */
const usualAnswer: RowAnswer = { consumed: oneWritten };
const usualResult: RowResult = { ok: true, consumed: oneWritten };

/** Stands on a change and checks what does not depend on the table; the walker is good until the next change. @throws OTSParameterInvalid, TF_WIRE_CORRUPT */
export function openChange(type: ChangeType, { change, condition, returnContent }: RowWrite): RowWalker {
  if (!walker.open(change).next()) invalidParameter("data format is invalid.");
  checkChange(type, walker, condition, returnContent);
  return walker;
}

/** Bytes a change counts towards the limit of its request. */
export function sizeOfChange(change: Uint8Array): number {
  return walker.open(change).next() ? changeSize(walker) : 0;
}

/** Judges the opened change against its table and adds it to the batch. @throws the service's refusals of one row */
export function applyChange(batch: RowWrites, table: Table, type: ChangeType, write: RowWrite, now: number): RowAnswer {
  if (table.base !== undefined) throw refusal.indexTable("write");
  checkKeyAgainst(table.schema, walker);
  checkChangeAgainst(table.schema, walker, type, write.condition, now);
  if (table.indexes !== undefined) checkIndexedValues(table.schema, walker);
  const written = batch[type](table, walker, write.condition);
  const consumed = writeCapacity(written.size, written.readSize);
  const row = write.returnContent === undefined ? undefined : returnedRow(table, write, written, now);
  if (row !== undefined) return { consumed, row };
  return consumed === oneWritten ? usualAnswer : { consumed };
}

/** One row of a batch: what is wrong with the change itself is thrown, what depends on the table or a row is its outcome. */
export function writeRow(batch: RowWrites, table: Table, write: RowWrite & { readonly type: ChangeType }, now: number): RowResult {
  openChange(write.type, write);
  try {
    const answer = applyChange(batch, table, write.type, write, now);
    return answer === usualAnswer ? usualResult : { ok: true, ...answer };
  } catch (thrown) {
    return failedRow(thrown);
  }
}

/** What the write asked to see: its key, with the value the server chose, or the sums it made. */
function returnedRow(table: Table, { returnContent }: RowWrite, { row }: RowWritten, now: number): Uint8Array | undefined {
  switch (returnContent?.type) {
    case "key":
      return row === undefined ? encodeWalkedKey(walker) : storedKey(row);
    case "afterModify":
      return row === undefined
        ? undefined
        : rowRead(row, new RowReader(table, { columns: returnContent.columns, maxVersions: 1 }, now)).row;
    default:
      return undefined;
  }
}
