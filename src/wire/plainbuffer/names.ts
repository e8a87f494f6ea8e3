import { crc8, crc8View } from "./crc8.ts";
import { decodeText, encodeText } from "./text.ts";
import * as tag from "./tag.ts";

/** Behind a name, so that it can be copied eight bytes at a time. */
const SPARE = 8;

/** The encoded beginning of every cell of one column, and its checksum so far. */
export interface EncodedName {
  readonly name: string;
  /** `03 04 len32 name`, followed by spare bytes. */
  readonly view: DataView;
  /** Length without the spare bytes, and with them. */
  readonly length: number;
  readonly readable: number;
  readonly crc: number;
}

const NAMES_MAX = 4096;
const encoded = new Map<string, EncodedName>();

/** Column names repeat in every row, so their encoded form is kept; the memory is bounded by forgetting all at once. */
export function encodeName(name: string): EncodedName {
  const known = encoded.get(name);
  if (known !== undefined) return known;
  const text = encodeText(name);
  const bytes = new Uint8Array(6 + text.length + SPARE);
  const view = new DataView(bytes.buffer);
  bytes[0] = tag.CELL;
  bytes[1] = tag.CELL_NAME;
  view.setInt32(2, text.length, true);
  bytes.set(text, 6);
  const made: EncodedName = { name, view, length: 6 + text.length, readable: bytes.length, crc: crc8(0, text, 0, text.length) };
  if (encoded.size >= NAMES_MAX) encoded.clear();
  encoded.set(name, made);
  return made;
}

/** The UTF-8 bytes of an encoded name. */
export function nameText({ view, length }: EncodedName): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset + 6, length - 6);
}

const SLOT_NAME_MAX = 255;
const slotBytes: (Uint8Array | undefined)[] = new Array<Uint8Array | undefined>(1024).fill(undefined);
const slotNames: string[] = new Array<string>(1024).fill("");

/** The name in `bytes[from, to)`, the same string object for the same bytes as long as no other name takes its slot. */
export function decodeName(bytes: Uint8Array, view: DataView, from: number, to: number): string {
  const length = to - from;
  const slot = crc8View(0, view, from, to) | ((length & 3) << 8);
  const known = slotBytes[slot];
  if (known !== undefined && known.length === length) {
    let at = 0;
    while (at < length && known[at] === bytes[from + at]) at++;
    if (at === length) return slotNames[slot]!;
  }
  const name = decodeText(bytes, from, to);
  if (length <= SLOT_NAME_MAX) {
    slotBytes[slot] = new Uint8Array(bytes.subarray(from, to));
    slotNames[slot] = name;
  }
  return name;
}
