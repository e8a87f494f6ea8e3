import { assert } from "../../base/assert.ts";
import { RowRefused, type ColumnPlan } from "../../job/mapping.ts";
import type { PutCell, RowChange, UpdateCell } from "../../model/row.ts";
import type { RowKind } from "../../wire/operation/batch-write-body.ts";
import type { ChangeEncoder, RecordEncoder, RecordTerms, TargetChange } from "../change.ts";
import type { Encoded } from "../connector.ts";
import type { RefusedRow } from "../map-batch.ts";
import { plainKinds } from "./change-parcels.ts";
import { writeOrRollBack } from "./decoded-encoder.ts";
import type { ParcelBuilder } from "./parcel-builder.ts";
import { recordEncoder } from "./record-encoder.ts";
import { RowCheck } from "./row-check.ts";

export interface TableChangeEncoderOptions {
  /** False: the table takes whole rows only (R10), updates are refused. */
  readonly allowUpdate: boolean;
  /** Cells with an older timestamp (ms) are left out: the service would refuse the row for them (R5). Asked at each batch. */
  readonly oldest: () => number | undefined;
}

/**
 * Writes changes straight into bodies of BatchWriteRow: puts, updates and deletes side by side, each under its own condition. What the
 * service would refuse a whole request for is refused here, of the change alone.
 */
export class TableChangeEncoder implements ChangeEncoder {
  readonly #builder: ParcelBuilder;
  readonly #options: TableChangeEncoderOptions;
  readonly #check = new RowCheck();

  /** @param builder whose rows have kinds of their own */
  constructor(builder: ParcelBuilder, options: TableChangeEncoderOptions) {
    this.#builder = builder;
    this.#options = options;
  }

  encode(changes: readonly TargetChange[]): Encoded {
    this.#builder.reuse();
    const oldest = this.#options.oldest();
    const refused: RefusedRow[] = [];
    let rowsOut = 0;
    let expiredCells = 0;
    for (const target of changes) {
      try {
        const change = oldest === undefined ? target.change : withoutExpired(target.change, oldest);
        if (change !== target.change) expiredCells += cellsOf(target.change) - cellsOf(change);
        // An update of expired cells only: the source shows none of them either.
        if (change.type === "update" && change.cells.length === 0 && cellsOf(target.change) > 0) continue;
        this.#add(change, target);
        rowsOut++;
      } catch (error) {
        if (!(error instanceof RowRefused)) throw error;
        refused.push({ index: target.index, refusal: error.refusal });
      }
    }
    return { parcels: this.#builder.take(), refused, filtered: 0, rowsOut, expiredCells };
  }

  records(plan: ColumnPlan, terms: RecordTerms): RecordEncoder | undefined {
    return recordEncoder(plan, terms, this.#builder, this.#options);
  }

  #add(change: RowChange, { index, condition }: TargetChange): void {
    this.#checkChange(change);
    const body = this.#builder.begin();
    const start = body.writer.at;
    writeOrRollBack(body, change);
    const kind: RowKind = condition === undefined ? plainKinds[change.type] : { type: change.type, condition };
    const refusal = this.#builder.add(start, start, body.writer.at, cellsOf(change), index, kind);
    if (refusal !== undefined) throw new RowRefused(refusal);
  }

  #checkChange(change: RowChange): void {
    const check = this.#check;
    const { key } = change;
    check.key(key);
    if (change.type === "delete") return;
    if (change.type === "update") {
      assert(change.cells.length > 0, "an update with cells");
      if (!this.#options.allowUpdate) throw wholeRowsOnly();
    }
    for (const cell of change.cells) {
      check.name(cell.name, key);
      if ("value" in cell) check.value(cell.name, cell.value);
      if ("by" in cell) throw increments(cell.name);
      if ("timestamp" in cell && cell.timestamp !== undefined) check.timestamp(cell.name, cell.timestamp);
    }
  }
}

function cellsOf(change: RowChange): number {
  return change.type === "delete" ? 0 : change.cells.length;
}

/** The change itself where nothing in it has expired. */
function withoutExpired(change: RowChange, oldest: number): RowChange {
  if (change.type === "delete" || !change.cells.some((cell) => isExpired(cell, oldest))) return change;
  return change.type === "put"
    ? { type: "put", key: change.key, cells: change.cells.filter((cell) => !isExpired(cell, oldest)) }
    : { type: "update", key: change.key, cells: change.cells.filter((cell) => !isExpired(cell, oldest)) };
}

function isExpired(cell: PutCell | UpdateCell, oldest: number): boolean {
  return "value" in cell && cell.timestamp !== undefined && cell.timestamp < oldest;
}

function wholeRowsOnly(): RowRefused {
  return new RowRefused({ cause: "whole-rows-only", text: "the target takes whole rows only (allow_update is false), this is an update" });
}

function increments(column: string): RowRefused {
  return new RowRefused({
    cause: "increment",
    column,
    text: `column ${column} would be incremented, and twice when the write is repeated`,
  });
}
