import type { Refusal } from "../../job/mapping.ts";
import { limits } from "../../model/limits.ts";
import { BatchWriteBody, type RowKind } from "../../wire/operation/batch-write-body.ts";
import { ByteWriter } from "../../wire/plainbuffer/byte-writer.ts";
import type { Parcel } from "../connector.ts";
import { append, BatchParcel, plainKinds, WideParcel } from "./change-parcels.ts";

export interface ParcelBuilderOptions {
  readonly table: string;
  /** What every row is; left out: each is a change that is replayed, of a kind of its own. */
  readonly kind?: RowKind | undefined;
  /** Target keys of one batch may be equal; then equal ones go into different parcels (R10). */
  readonly keysMayRepeat: boolean;
  /** False: a row that one PutRow cannot carry is refused, because the table takes whole rows only. */
  readonly allowUpdate: boolean;
}

const tooLarge: Refusal = {
  cause: "too-large",
  text: `the row has more than ${limits.attributeColumnsPerRowMax} columns or ${limits.writeBytesMax} bytes, and the target takes whole rows only (allow_update is false)`,
};

/** Fits 200 rows of 600 bytes without growing. */
const FIRST_CAPACITY = 128 * 1024;
/** Conditions that compare values count for a request's body, though not for what it writes; room for one of the usual size is left. */
const bodyBytesMax = limits.requestBodyBytesMax - 128 * 1024;
/** A builder holds no more for later: what its worker is taken to hold counts one body of a batch. */
const SPARE_BYTES_MAX = limits.writeBytesMax + 512 * 1024;

/** Gathers changes into parcels of up to 200 rows and 4 MB. Changes are written in place, behind `begin`. */
export class ParcelBuilder {
  readonly #options: ParcelBuilderOptions;
  #parcels: Parcel[] = [];
  /** Bodies of the parcels last taken, and memory of those before them, to be written again. */
  #taken: BatchWriteBody[] = [];
  #spare: ByteWriter[] = [];
  #body: BatchWriteBody | undefined;
  #sources: number[] = [];
  #kinds: RowKind[] = [];
  #keys = new Set<string>();

  constructor(options: ParcelBuilderOptions) {
    this.#options = options;
  }

  /** The body to which a change is to be appended now. */
  begin(): BatchWriteBody {
    this.#body ??= new BatchWriteBody(
      this.#options.table,
      this.#options.kind ?? plainKinds.put,
      this.#spare.pop() ?? new ByteWriter(FIRST_CAPACITY),
    );
    this.#body.begin();
    return this.#body;
  }

  /**
   * Takes the change that was appended since `begin`: `[start, end)` of the body's bytes, its key up to `keyEnd`, with at
   * most `cells` cells, of the kind that is given where rows have kinds of their own. Returns why it cannot be taken, if so.
   */
  add(start: number, keyEnd: number, end: number, cells: number, source: number, kind = this.#options.kind): Refusal | undefined {
    const body = this.#body!;
    const length = end - start;
    if (cells > limits.attributeColumnsPerRowMax || length > limits.writeBytesMax)
      return this.#addWide(body, start, end, source, kind ?? plainKinds.put);
    const key = this.#options.keysMayRepeat ? body.writer.bytes.toString("latin1", start, keyEnd) : "";
    if (body.changeBytes + length > limits.writeBytesMax || body.writer.at > bodyBytesMax || this.#keys.has(key)) {
      const change = new Uint8Array(body.writer.bytes.subarray(start, end));
      body.rollback();
      this.#cut();
      const next = this.begin();
      next.rollback();
      append(next, change, kind);
    } else {
      body.commit(kind);
    }
    if (this.#options.kind === undefined) this.#kinds.push(kind ?? plainKinds.put);
    if (this.#options.keysMayRepeat) this.#keys.add(key);
    this.#sources.push(source);
    if (this.#sources.length >= limits.batchWriteRowsMax) this.#cut();
    return undefined;
  }

  #addWide(body: BatchWriteBody, start: number, end: number, source: number, kind: RowKind): Refusal | undefined {
    const whole = new Uint8Array(body.writer.bytes.subarray(start, end));
    body.rollback();
    const parcel = new WideParcel(kind, this.#options.kind === undefined, whole, source);
    if (parcel.updates.length > 0 && !this.#options.allowUpdate) return tooLarge;
    this.#parcels.push(parcel);
    return undefined;
  }

  #cut(): void {
    const body = this.#body;
    if (body === undefined || body.rows === 0) return;
    this.#taken.push(body);
    this.#parcels.push(new BatchParcel(this.#options.table, this.#options.kind ?? this.#kinds, body, this.#sources));
    this.#body = undefined;
    this.#sources = [];
    if (this.#kinds.length > 0) this.#kinds = [];
    this.#keys.clear();
  }

  /** Before the first row of a batch: the parcels taken last are done with, and their memory is used again. */
  reuse(): void {
    let held = this.#spare.reduce((sum, { bytes }) => sum + bytes.length, 0);
    for (const { writer } of this.#taken) {
      held += writer.bytes.length;
      if (held <= SPARE_BYTES_MAX) this.#spare.push(writer);
    }
    this.#taken = [];
  }

  /** The parcels of everything added since the last time; valid until `reuse`. */
  take(): Parcel[] {
    this.#cut();
    const parcels = this.#parcels;
    this.#parcels = [];
    return parcels;
  }
}
