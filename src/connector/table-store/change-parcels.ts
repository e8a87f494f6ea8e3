import { limits } from "../../model/limits.ts";
import type { RowExistence } from "../../model/condition.ts";
import type { UpdateCell } from "../../model/row.ts";
import { valueSize, type KeyValue } from "../../model/value.ts";
import { ByteWriter } from "../../wire/plainbuffer/byte-writer.ts";
import { BatchWriteBody } from "../../wire/operation/batch-write-body.ts";
import { decodeChange } from "../../wire/plainbuffer/decode-change.ts";
import { encodeChange } from "../../wire/plainbuffer/encode.ts";
import type { Parcel } from "../connector.ts";

/** Changes of rows that go out in one BatchWriteRow, as its finished body. */
export class BatchParcel implements Parcel {
  readonly body: Uint8Array;
  readonly bytes: number;
  readonly existence: RowExistence;
  readonly #table: string;
  readonly #memory: Uint8Array;
  readonly #offsets: readonly number[];
  readonly #sources: readonly number[];

  constructor(table: string, existence: RowExistence, made: BatchWriteBody, sources: readonly number[]) {
    this.#table = table;
    this.existence = existence;
    this.#memory = made.writer.bytes;
    this.#offsets = made.offsets;
    this.#sources = sources;
    this.bytes = made.changeBytes;
    this.body = made.finish();
  }

  get rows(): number {
    return this.#sources.length;
  }

  sourceIndex(i: number): number {
    return this.#sources[i]!;
  }

  /** The encoded change of a row, header included. */
  change(i: number): Uint8Array {
    return this.#memory.subarray(this.#offsets[2 * i]!, this.#offsets[2 * i + 1]!);
  }

  only(rows: readonly number[]): Parcel {
    const body = new BatchWriteBody(
      this.#table,
      this.existence,
      new ByteWriter(4096 + rows.length * 64 + rows.reduce((sum, row) => sum + this.change(row).length, 0)),
    );
    for (const row of rows) append(body, this.change(row));
    return new BatchParcel(
      this.#table,
      this.existence,
      body,
      rows.map((row) => this.#sources[row]!),
    );
  }
}

/** A row beyond what one request takes: a put of its first columns, then updates, all under one acknowledgement (R10). */
export class WideParcel implements Parcel {
  readonly rows = 1;
  readonly bytes: number;
  readonly existence: RowExistence;
  readonly put: Uint8Array;
  readonly updates: readonly Uint8Array[];
  /** The whole row as one change that no request could carry. */
  readonly whole: Uint8Array;
  readonly #source: number;

  constructor(existence: RowExistence, whole: Uint8Array, source: number) {
    this.existence = existence;
    this.whole = whole;
    this.bytes = whole.length;
    this.#source = source;
    [this.put, ...this.updates] = splitChange(whole) as [Uint8Array, ...Uint8Array[]];
  }

  sourceIndex(): number {
    return this.#source;
  }

  only(): Parcel {
    return this;
  }
}

export function append(body: BatchWriteBody, change: Uint8Array): void {
  body.begin();
  body.writer.append(change);
  body.commit();
}

/** Bytes of cells in one request; leaves room for key, names and framing below the limit. */
const pieceBytesMax = limits.writeBytesMax - 64 * 1024;
const cellFraming = 32;

/** A put of as many cells as one request takes, and updates with the others. */
function splitChange(whole: Uint8Array): Uint8Array[] {
  const change = decodeChange("put", whole);
  const cells = change.type === "put" ? change.cells : [];
  const pieces: UpdateCell[][] = [[]];
  let bytes = 0;
  for (const cell of cells) {
    const size = cell.name.length * 3 + valueSize(cell.value) + cellFraming;
    if (pieces.at(-1)!.length >= limits.attributeColumnsPerRowMax || bytes + size > pieceBytesMax) {
      pieces.push([]);
      bytes = 0;
    }
    pieces.at(-1)!.push({ op: "put", ...cell });
    bytes += size;
  }
  const key = change.key as readonly { readonly name: string; readonly value: KeyValue }[];
  return pieces.map((cells, at) =>
    encodeChange(at === 0 ? { type: "put", key, cells: cells as Extract<UpdateCell, { op: "put" }>[] } : { type: "update", key, cells }),
  );
}
