import type { KeyValue, Value } from "../../model/value.ts";
import { corrupt } from "../corrupt.ts";
import { ByteWriter } from "./byte-writer.ts";
import { crc8View } from "./crc8.ts";
import * as tag from "./tag.ts";
import { decodeText, encodeText } from "./text.ts";
import { readValue } from "./value.ts";
import { RowWalker } from "./walk.ts";

/**
 * Rows as a matrix, "SimpleRowMatrix" (reference 3.8): names once, then for each row a value or nothing for each name; no versions.
 *
 * `"SRM0" dataOffset32 optionsOffset32 keys32 columns32 (length16 name)* 0A entireKeys 03 rows32 (02 value*)* 01 crc8`, little-endian. The order of the two
 * options is fixed for one of the clients, and so is every part of a block without rows.
 */
const MAGIC = 0x304d5253;
const HEADER_BYTES = 20;
const OPTIONS_BYTES = 7;
const FOOTER_BYTES = 2;
const CHECKSUM = 0x01;
const ROW = 0x02;
const ROW_COUNT = 0x03;
const ENTIRE_KEYS = 0x0a;

/** A matrix decoded. */
export interface RowMatrix {
  readonly keys: readonly string[];
  readonly columns: readonly string[];
  readonly rows: readonly { readonly key: readonly KeyValue[]; readonly values: readonly (Value | undefined)[] }[];
}

/** Scratch: a block is written within one call. */
const walker = new RowWalker("none");

/**
 * The matrix of `rows` as they are read: PlainBuffer with its header or no bytes, cells by name, the newest version of each taken. `keys` names all key columns;
 * `columns` those that each row gets a field for, each once.
 */
export function encodeMatrix(rows: Uint8Array, keys: readonly string[], columns: readonly string[]): Uint8Array<ArrayBuffer> {
  const writer = new ByteWriter(rows.length + 1024);
  const countAt = writeHead(writer, keys, columns);
  const byName = columns
    .map((name, place) => ({ name: Buffer.from(encodeText(name)), place }))
    .sort((a, b) => Buffer.compare(a.name, b.name));
  const fields = new Int32Array(columns.length);
  let count = 0;
  walker.open(rows);
  for (; walker.next(); count++) {
    findFields(byName, fields);
    writer.reserve(walker.rowEnd - walker.rowStart + columns.length + 1);
    writer.byte(ROW);
    for (let field = 0; field < walker.keyCount; field++) copyValue(writer, field);
    for (const field of fields) {
      if (field < 0) writer.byte(tag.TYPE_NULL);
      else copyValue(writer, field);
    }
  }
  writer.view.setInt32(countAt, count, true);
  writer.reserve(FOOTER_BYTES);
  writer.byte(CHECKSUM);
  writer.byte(writer.crc(0, 0));
  return writer.take();
}

/** Everything before the rows; returns where their number goes. */
function writeHead(writer: ByteWriter, keys: readonly string[], columns: readonly string[]): number {
  writer.reserve(HEADER_BYTES);
  writer.at = HEADER_BYTES;
  for (const name of [...keys, ...columns]) {
    const text = encodeText(name);
    writer.reserve(2);
    writer.view.setUint16(writer.at, text.length, true);
    writer.at += 2;
    writer.append(text);
  }
  const optionsAt = writer.at;
  writer.reserve(OPTIONS_BYTES);
  writer.byte(ENTIRE_KEYS);
  writer.byte(1);
  writer.byte(ROW_COUNT);
  writer.int32(0);
  [MAGIC, writer.at, optionsAt, keys.length, columns.length].forEach((part, at) => writer.view.setInt32(at * 4, part, true));
  return optionsAt + 3;
}

/** Fills `fields` with the first field of each column in the row, −1 where there is none: names and cells are in the same order. */
function findFields(byName: readonly { readonly name: Buffer; readonly place: number }[], fields: Int32Array): void {
  let field = walker.keyCount;
  for (const { name, place } of byName) {
    let order = -1;
    while (field < walker.count && (order = compareName(field, name)) < 0) field++;
    fields[place] = order === 0 && field < walker.count ? field : -1;
  }
}

function compareName(field: number, name: Buffer): number {
  return Buffer.compare(walker.bytes.subarray(walker.nameAt[field]!, walker.nameEnd[field]!), name);
}

/** A value is the same type and payload in both layouts. */
function copyValue(writer: ByteWriter, field: number): void {
  writer.copy(walker.view, walker.valueAt[field]!, walker.valueEnd[field]!, walker.bytes.length);
}

/** @throws TF_WIRE_CORRUPT */
export function decodeMatrix(bytes: Uint8Array): RowMatrix {
  return new MatrixReader(bytes).read();
}

class MatrixReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  /** Where the footer begins. */
  readonly #end: number;
  #at = HEADER_BYTES;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#end = bytes.length - FOOTER_BYTES;
  }

  read(): RowMatrix {
    const view = this.#view;
    if (this.#end < HEADER_BYTES || view.getInt32(0, true) !== MAGIC) corrupt("no matrix of rows", 0, "row");
    if (this.#bytes[this.#end] !== CHECKSUM) corrupt("the matrix does not end with its checksum", this.#end, "row");
    if (crc8View(0, view, 0, this.#end + 1) !== this.#bytes[this.#end + 1]) {
      corrupt("the matrix's checksum does not match", this.#end + 1, "checksum");
    }
    const [dataAt, optionsAt, keyCount, columnCount] = [4, 8, 12, 16].map((at) => view.getUint32(at, true));
    const keys = this.#names(keyCount!);
    const columns = this.#names(columnCount!);
    const count = this.#rowCount(optionsAt!, dataAt!);
    const rows: { key: KeyValue[]; values: (Value | undefined)[] }[] = [];
    this.#at = dataAt!;
    while (this.#at < this.#end) {
      if (this.#bytes[this.#at++] !== ROW) corrupt("a row does not begin with 02", this.#at - 1, "row");
      rows.push({ key: keys.map(() => this.#keyValue()), values: columns.map(() => this.#value()) });
    }
    if (rows.length !== count) corrupt("the number of rows is another", optionsAt!, "row");
    return { keys, columns, rows };
  }

  #names(count: number): string[] {
    const names: string[] = [];
    for (let i = 0; i < count; i++) {
      const from = this.#take(2);
      const length = this.#view.getUint16(from, true);
      const at = this.#take(length);
      names.push(decodeText(this.#bytes, at, at + length));
    }
    return names;
  }

  #rowCount(from: number, to: number): number | undefined {
    let count: number | undefined;
    if (to > this.#end || from < this.#at) corrupt("an offset goes beyond the end", 4, "row");
    this.#at = from;
    while (this.#at < to) {
      const option = this.#bytes[this.#take(1)];
      if (option === ROW_COUNT) count = this.#view.getUint32(this.#take(4), true);
      else if (option === ENTIRE_KEYS) this.#take(1);
      else corrupt("an unknown option", this.#at - 1, "row");
    }
    return count;
  }

  #keyValue(): KeyValue {
    const at = this.#at;
    const value = this.#value();
    if (value === undefined || typeof value === "boolean" || typeof value === "number")
      corrupt("a key of a type that no key has", at, "value");
    return value;
  }

  #value(): Value | undefined {
    const at = this.#take(1);
    const fixed = tag.fixedValueLength[this.#bytes[at]!]!;
    if (fixed < 0) corrupt("an unknown value type", at, "value");
    if (fixed > 0) this.#take(fixed - 1);
    else this.#take(this.#view.getUint32(this.#take(4), true));
    const value = readValue(this.#bytes, this.#view, at, this.#at);
    if (typeof value === "symbol") corrupt("a type that is never stored", at, "value");
    return value ?? undefined;
  }

  /** Goes behind as many bytes, all of which lie before the footer; returns where they begin. */
  #take(length: number): number {
    const at = this.#at;
    if (length > this.#end - at) corrupt("a length goes beyond the end", at, "row");
    this.#at = at + length;
    return at;
  }
}
