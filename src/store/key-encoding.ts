import { unreachable } from "../base/assert.ts";
import { INF_MAX, INF_MIN, type KeyBound } from "../model/value.ts";

/**
 * Keys as bytes whose unsigned order is the order of the keys (reference 3.7): a column is a tag and its value.
 *
 * | value | bytes |
 * | --- | --- |
 * | INF_MIN | `00` |
 * | INTEGER | `10`, then 8 bytes big-endian with the sign bit flipped |
 * | STRING | `20`, then its UTF-8 bytes escaped, then `00` |
 * | BINARY | `30`, then its bytes escaped, then `00` |
 * | INF_MAX | `FF` |
 *
 * Escaped: `00` becomes `01 01` and `01` becomes `01 02`, so the closing `00` sorts below everything that could follow, and a prefix
 * sorts first. Text hardly ever holds either byte and grows by one.
 */
export const keyTag = { infMin: 0x00, integer: 0x10, string: 0x20, binary: 0x30, infMax: 0xff } as const;

/** Bytes at most for a value of `length` bytes: tag, every byte escaped, end. */
export function encodedKeyLengthMax(length: number): number {
  return 2 * length + 2;
}

/** Writes one encoded column at `at`; returns the position after it. The target must have room. */
export function writeKeyColumn(target: Buffer, at: number, value: KeyBound): number {
  if (value === INF_MIN) {
    target[at] = keyTag.infMin;
    return at + 1;
  }
  if (value === INF_MAX) {
    target[at] = keyTag.infMax;
    return at + 1;
  }
  if (typeof value === "bigint") {
    target[at] = keyTag.integer;
    return target.writeBigUInt64BE(BigInt.asUintN(64, value) ^ (1n << 63n), at + 1);
  }
  if (typeof value === "string") return writeEscapedBytes(target, at, keyTag.string, Buffer.from(value));
  if (value instanceof Uint8Array) return writeEscapedBytes(target, at, keyTag.binary, value);
  return unreachable(value);
}

/** Writes `tag`, the escaped bytes of `source` from `from` to `to`, and the end; returns the position after it. */
export function writeEscapedBytes(target: Uint8Array, at: number, tag: number, source: Uint8Array, from = 0, to = source.length): number {
  target[at++] = tag;
  for (let i = from; i < to; i++) {
    const byte = source[i]!;
    if (byte < 2) {
      target[at++] = 1;
      target[at++] = byte + 1;
    } else {
      target[at++] = byte;
    }
  }
  target[at++] = 0;
  return at;
}

/** A whole key, columns in schema order. */
export function encodeKeyValues(values: readonly KeyBound[]): Buffer {
  let room = 0;
  for (const value of values) {
    room +=
      typeof value === "string"
        ? encodedKeyLengthMax(3 * value.length)
        : value instanceof Uint8Array
          ? encodedKeyLengthMax(value.length)
          : 9;
  }
  const target = Buffer.allocUnsafe(room);
  let at = 0;
  for (const value of values) at = writeKeyColumn(target, at, value);
  return target.subarray(0, at);
}
