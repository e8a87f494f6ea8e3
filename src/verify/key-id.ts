import { hash } from "node:crypto";
import { assert } from "../base/assert.ts";
import type { KeyColumn } from "../model/key.ts";
import type { KeyValue } from "../model/value.ts";

/**
 * A key as a string to compare by: its canonical bytes, a character each. Rows without key are their own key, of any size: for these
 * it is their SHA-256.
 */
export function keyId(bytes: Uint8Array, start: number, keyEnd: number, keyless: boolean): string {
  if (keyless) return hash("sha256", bytes.subarray(start, keyEnd), "binary");
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, keyEnd - start).toString("latin1");
}

/** The key that an id stands for; the form is described in this room's README. */
export function keyOfId(id: string): KeyColumn<KeyValue>[] {
  const bytes = Buffer.from(id, "latin1");
  const key: KeyColumn<KeyValue>[] = [];
  let at = 1;
  const piece = () => {
    const length = bytes.readUInt32LE(at);
    at += 4 + length;
    return bytes.subarray(at - length, at);
  };
  while (key.length < bytes[0]!) {
    const name = piece().toString();
    const type = bytes[at++];
    if (type === 0) {
      key.push({ name, value: bytes.readBigInt64LE(at) });
      at += 8;
    } else {
      assert(type === 3 || type === 7, "a key column of type integer, string or binary");
      const value = piece();
      key.push({ name, value: type === 3 ? value.toString() : new Uint8Array(value) });
    }
  }
  return key;
}
