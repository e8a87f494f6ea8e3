import { crc32 } from "node:zlib";

/**
 * How a value stands in a file of the value log, and what stands in LevelDB in its place. A frame, little-endian, is
 *
 * | bytes | what |
 * | --- | --- |
 * | 4 | `TFVF` |
 * | 4 | length of the value |
 * | 4 | CRC-32 of the value |
 * | 2 | length of the key |
 * | 4 | CRC-32 of the 14 bytes before and of the key |
 * | | the key, and the value |
 *
 * and a pointer is a byte 5, file, position of the value, length and CRC-32 of it, 4 bytes each.
 */
const MAGIC = Buffer.from("TFVF");
const HEADER_BYTES = 18;
const CHECKED_BYTES = 14;
const POINTER_MARK = 5;
const POINTER_BYTES = 17;
/** What is read of a frame to know its head; longer keys are not for this log. */
export const FRAME_HEAD_BYTES_MAX = 4096;
export const FRAME_KEY_BYTES_MAX = FRAME_HEAD_BYTES_MAX - HEADER_BYTES;

export interface ValuePlace {
  readonly file: number;
  /** Of its first byte in the file. */
  readonly at: number;
  readonly length: number;
  readonly crc: number;
}

export interface FrameHead {
  readonly key: Buffer;
  /** Bytes from the beginning of the frame to its value. */
  readonly bytes: number;
  /** Of the value, and its CRC-32. */
  readonly length: number;
  readonly crc: number;
}

export function pointerTo({ file, at, length, crc }: ValuePlace): Buffer {
  const pointer = Buffer.allocUnsafe(POINTER_BYTES);
  pointer[0] = POINTER_MARK;
  pointer.writeUInt32LE(file, 1);
  pointer.writeUInt32LE(at, 5);
  pointer.writeUInt32LE(length, 9);
  pointer.writeUInt32LE(crc, 13);
  return pointer;
}

/** Whether what is kept in LevelDB is a pointer; a value that looks like one must not be kept there. */
export function looksLikePointer(value: Uint8Array): boolean {
  return value[0] === POINTER_MARK;
}

export function placeOf(pointer: Uint8Array): ValuePlace {
  const view = new DataView(pointer.buffer, pointer.byteOffset, pointer.length);
  return { file: view.getUint32(1, true), at: view.getUint32(5, true), length: view.getUint32(9, true), crc: view.getUint32(13, true) };
}

/** What stands before a value. */
export function frameHead(key: Uint8Array, length: number, crc: number): Buffer {
  const head = Buffer.allocUnsafe(HEADER_BYTES + key.length);
  MAGIC.copy(head);
  head.writeUInt32LE(length, 4);
  head.writeUInt32LE(crc, 8);
  head.writeUInt16LE(key.length, 12);
  head.set(key, HEADER_BYTES);
  head.writeUInt32LE(checksumOf(head, 0, key.length), CHECKED_BYTES);
  return head;
}

/** The head of the frame that begins at `at`; undefined where none does, as far as `bytes` reaches. */
export function frameHeadAt(bytes: Buffer, at: number): FrameHead | undefined {
  if (at + HEADER_BYTES > bytes.length || bytes.compare(MAGIC, 0, MAGIC.length, at, at + MAGIC.length) !== 0) return undefined;
  const keyLength = bytes.readUInt16LE(at + 12);
  const end = at + HEADER_BYTES + keyLength;
  if (end > bytes.length || checksumOf(bytes, at, keyLength) !== bytes.readUInt32LE(at + CHECKED_BYTES)) return undefined;
  return {
    key: bytes.subarray(at + HEADER_BYTES, end),
    bytes: end - at,
    length: bytes.readUInt32LE(at + 4),
    crc: bytes.readUInt32LE(at + 8),
  };
}

/** Where the next frame begins, from `from` on; undefined where none does. */
export function nextFrame(bytes: Buffer, from: number): number | undefined {
  for (let at = bytes.indexOf(MAGIC, from); at >= 0; at = bytes.indexOf(MAGIC, at + 1)) if (frameHeadAt(bytes, at) !== undefined) return at;
  return undefined;
}

function checksumOf(bytes: Buffer, at: number, keyLength: number): number {
  const key = at + HEADER_BYTES;
  return crc32(bytes.subarray(key, key + keyLength), crc32(bytes.subarray(at, at + CHECKED_BYTES)));
}
