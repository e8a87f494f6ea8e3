import { limits } from "../../model/limits.ts";
import type { PutCell, UpdateCell } from "../../model/row.ts";
import { valueSize } from "../../model/value.ts";
import { ByteWriter } from "../../wire/plainbuffer/byte-writer.ts";
import { BatchWriteBody, type RowKind } from "../../wire/operation/batch-write-body.ts";
import { decodeChange } from "../../wire/plainbuffer/decode-change.ts";
import { encodeChange } from "../../wire/plainbuffer/encode.ts";
import type { Parcel } from "../connector.ts";

/** Puts without a condition, as most rows are written; one object, so that it is encoded once. */
const unconditional = { existence: "ignore" } as const;
export const plainKinds = {
  put: { type: "put", condition: unconditional },
  update: { type: "update", condition: unconditional },
  delete: { type: "delete", condition: unconditional },
} as const satisfies Record<RowKind["type"], RowKind>;

/**
 * What the rows of a parcel are: all puts of one kind, or each of its own (changes that are replayed). Where puts insert, a condition that
 * fails is judged by what is there already (duplicate-rows.ts); where changes are replayed, it refuses the change.
 */
export type ParcelKinds = RowKind | readonly RowKind[];

/** Changes of rows that go out in one BatchWriteRow, as its finished body. */
export class BatchParcel implements Parcel {
  readonly body: Uint8Array;
  readonly bytes: number;
  readonly #table: string;
  readonly #kinds: ParcelKinds;
  readonly #memory: Uint8Array;
  readonly #offsets: readonly number[];
  readonly #sources: readonly number[];

  constructor(table: string, kinds: ParcelKinds, made: BatchWriteBody, sources: readonly number[]) {
    this.#table = table;
    this.#kinds = kinds;
    this.#memory = made.writer.bytes;
    this.#offsets = made.offsets;
    this.#sources = sources;
    this.bytes = made.changeBytes;
    this.body = made.finish();
  }

  get rows(): number {
    return this.#sources.length;
  }

  /** Rows are changes that are replayed, each with a condition of its own. */
  get replays(): boolean {
    return isList(this.#kinds);
  }

  sourceIndex(i: number): number {
    return this.#sources[i]!;
  }

  kind(i: number): RowKind {
    return isList(this.#kinds) ? this.#kinds[i]! : this.#kinds;
  }

  /** The encoded change of a row, header included. */
  change(i: number): Uint8Array {
    return this.#memory.subarray(this.#offsets[2 * i]!, this.#offsets[2 * i + 1]!);
  }

  only(rows: readonly number[]): Parcel {
    const writer = new ByteWriter(4096 + rows.length * 64 + rows.reduce((sum, row) => sum + this.change(row).length, 0));
    const body = new BatchWriteBody(this.#table, this.kind(rows[0] ?? 0), writer);
    for (const row of rows) append(body, this.change(row), this.kind(row));
    const kinds = isList(this.#kinds) ? rows.map((row) => this.kind(row)) : this.#kinds;
    return new BatchParcel(
      this.#table,
      kinds,
      body,
      rows.map((row) => this.#sources[row]!),
    );
  }
}

/** A row beyond what one request takes: a put or an update of its first cells, then updates, all under one acknowledgement (R10). */
export class WideParcel implements Parcel {
  readonly rows = 1;
  readonly bytes: number;
  /** What is done first; its condition is the row's, the updates behind it have none. */
  readonly kind: RowKind;
  readonly first: Uint8Array;
  readonly updates: readonly Uint8Array[];
  readonly replays: boolean;
  /** The whole row as one change that no request could carry. */
  readonly whole: Uint8Array;
  readonly #source: number;

  constructor(kind: RowKind, replays: boolean, whole: Uint8Array, source: number) {
    this.kind = kind;
    this.replays = replays;
    this.whole = whole;
    this.bytes = whole.length;
    this.#source = source;
    [this.first, ...this.updates] = splitChange(kind.type, whole) as [Uint8Array, ...Uint8Array[]];
  }

  sourceIndex(): number {
    return this.#source;
  }

  only(): Parcel {
    return this;
  }
}

export function append(body: BatchWriteBody, change: Uint8Array, kind?: RowKind): void {
  body.begin();
  body.writer.append(change);
  body.commit(kind);
}

function isList(kinds: ParcelKinds): kinds is readonly RowKind[] {
  return Array.isArray(kinds);
}

/** Bytes of cells in one request; leaves room for key, names and framing below the limit. */
const pieceBytesMax = limits.writeBytesMax - 64 * 1024;
const cellFraming = 32;

/** As many cells of the change as one request takes, and updates with the others, in their order. */
function splitChange(type: RowKind["type"], whole: Uint8Array): Uint8Array[] {
  const change = decodeChange(type, whole);
  const cells = change.type === "delete" ? [] : change.cells;
  const pieces: (PutCell | UpdateCell)[][] = [[]];
  let bytes = 0;
  for (const cell of cells) {
    const size = cell.name.length * 3 + ("value" in cell ? valueSize(cell.value) : 0) + cellFraming;
    if (pieces.at(-1)!.length >= limits.attributeColumnsPerRowMax || bytes + size > pieceBytesMax) {
      pieces.push([]);
      bytes = 0;
    }
    pieces.at(-1)!.push(cell);
    bytes += size;
  }
  return pieces.map((piece, at) =>
    at === 0 && change.type === "put"
      ? encodeChange({ type: "put", key: change.key, cells: piece as PutCell[] })
      : encodeChange({ type: "update", key: change.key, cells: piece.map(updateOf) }),
  );
}

function updateOf(cell: PutCell | UpdateCell): UpdateCell {
  return "op" in cell ? cell : { op: "put", ...cell };
}
