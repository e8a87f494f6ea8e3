import { hasCode } from "../../base/error.ts";
import { RowRefused, type CompiledMapping, type FlowRow } from "../../job/mapping.ts";
import type { RowChange } from "../../model/row.ts";
import type { BatchWriteBody } from "../../wire/operation/batch-write-body.ts";
import { writeChange } from "../../wire/plainbuffer/encode.ts";
import type { Batch, Encoded, Encoder } from "../connector.ts";
import { mapBatch } from "../map-batch.ts";
import type { ParcelBuilder } from "./parcel-builder.ts";
import { RowCheck } from "./row-check.ts";

export interface DecodedEncoderOptions {
  readonly versions: "latest" | "keep";
  /** Cells with an older timestamp (ms) count as absent. */
  readonly oldest: number | undefined;
}

/** Encodes decoded and mapped rows, whatever source they come from, and refuses what no table can hold. */
export class DecodedEncoder implements Encoder {
  readonly #mapping: CompiledMapping;
  readonly #builder: ParcelBuilder;
  readonly #options: DecodedEncoderOptions;
  readonly #check = new RowCheck();

  constructor(mapping: CompiledMapping, builder: ParcelBuilder, options: DecodedEncoderOptions) {
    this.#mapping = mapping;
    this.#builder = builder;
    this.#options = options;
  }

  encode(batch: Batch): Encoded {
    this.#builder.reuse();
    let rowsOut = 0;
    const { refused, filtered, expiredCells } = mapBatch(batch, this.#mapping, this.#options.oldest, (row, index) => {
      this.#checkRow(row);
      this.#add(row, index);
      rowsOut++;
    });
    return { parcels: this.#builder.take(), refused, filtered, rowsOut, expiredCells };
  }

  #add(row: FlowRow, index: number): void {
    const body = this.#builder.begin();
    const start = body.writer.at;
    const { key } = row;
    const cells = this.#options.versions === "keep" ? row.columns : row.columns.map(({ name, value }) => ({ name, value }));
    writeOrRollBack(body, { type: "put", key, cells });
    const end = body.writer.at;
    const refusal = this.#builder.add(start, keyEndOf(body.writer.view, start, key.length), end, cells.length, index);
    if (refusal !== undefined) throw new RowRefused(refusal);
  }

  #checkRow({ key, columns }: FlowRow): void {
    this.#check.key(key);
    for (const { name, value } of columns) {
      this.#check.name(name, key);
      this.#check.value(name, value);
    }
  }
}

/** Appends a change, or leaves the body as it was. @throws RowRefused for a value that the wire cannot say */
export function writeOrRollBack(body: BatchWriteBody, change: RowChange): void {
  try {
    writeChange(body.writer, change);
  } catch (error) {
    body.rollback();
    if (hasCode(error, "TF_VALUE_INVALID")) throw new RowRefused({ cause: "value", text: error.sentence });
    throw error;
  }
}

/** Behind the key columns of a change with header that begins at `start` (reference 3.1): header, 01, then cells of known lengths. */
function keyEndOf(view: DataView, start: number, columns: number): number {
  let at = start + 5;
  for (let i = 0; i < columns; i++) {
    at += 6 + view.getUint32(at + 2, true);
    at += 5 + view.getUint32(at + 1, true) + 2;
  }
  return at;
}
