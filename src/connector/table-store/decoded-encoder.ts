import { hasCode } from "../../base/error.ts";
import { RowRefused, type CompiledMapping, type FlowRow } from "../../job/mapping.ts";
import { limits } from "../../model/limits.ts";
import { valueSize } from "../../model/value.ts";
import { writeChange } from "../../wire/plainbuffer/encode.ts";
import type { Batch, Encoded, Encoder } from "../connector.ts";
import { mapBatch } from "../map-batch.ts";
import type { ParcelBuilder } from "./parcel-builder.ts";

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
  readonly #goodNames = new Set<string>();

  constructor(mapping: CompiledMapping, builder: ParcelBuilder, options: DecodedEncoderOptions) {
    this.#mapping = mapping;
    this.#builder = builder;
    this.#options = options;
  }

  encode(batch: Batch): Encoded {
    this.#builder.reuse();
    let rowsOut = 0;
    const { refused, filtered, expiredCells } = mapBatch(batch, this.#mapping, this.#options.oldest, (row, index) => {
      this.#check(row);
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
    try {
      writeChange(body.writer, { type: "put", key, cells });
    } catch (error) {
      body.rollback();
      if (hasCode(error, "TF_VALUE_INVALID")) throw new RowRefused({ cause: "value", text: error.sentence });
      throw error;
    }
    const end = body.writer.at;
    const refusal = this.#builder.add(start, keyEndOf(body.writer.view, start, key.length), end, cells.length, index);
    if (refusal !== undefined) throw new RowRefused(refusal);
  }

  /** What the service would refuse a whole request for (reference 7.8), said of the row that is to blame. */
  #check(row: FlowRow): void {
    for (const { name, value } of row.key) {
      const size = typeof value === "bigint" ? 8 : valueSize(value);
      if (size > limits.keyValueBytesMax)
        throw refuse("key-too-long", name, `the key column ${name} has ${size} bytes, ${limits.keyValueBytesMax} are allowed`);
    }
    for (const { name, value } of row.columns) {
      if (!this.#goodNames.has(name)) this.#checkName(name, row);
      if (typeof value === "number") {
        if (!Number.isFinite(value)) throw refuse("number", name, `column ${name} holds ${value}, which Table Store does not take`);
      } else if (typeof value !== "bigint" && typeof value !== "boolean") {
        const size = value.length > limits.attributeValueBytesMax / 3 ? valueSize(value) : 0;
        if (size > limits.attributeValueBytesMax)
          throw refuse("too-large", name, `column ${name} has ${size} bytes, ${limits.attributeValueBytesMax} are allowed`);
      }
    }
  }

  #checkName(name: string, row: FlowRow): void {
    if (!/^[A-Za-z_][A-Za-z0-9_]{0,254}$/.test(name)) {
      throw refuse(
        "column-name",
        name,
        `${JSON.stringify(name)} is no column name: letters, digits and _ are allowed, up to ${limits.nameLengthMax}, not beginning with a digit`,
      );
    }
    if (row.key.some((column) => column.name === name)) throw refuse("column-name", name, `column ${name} has the name of a key column`);
    if (this.#goodNames.size < 4096) this.#goodNames.add(name);
  }
}

function refuse(cause: string, column: string, text: string): RowRefused {
  return new RowRefused({ cause, column, text });
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
