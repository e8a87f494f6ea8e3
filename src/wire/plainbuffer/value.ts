import { TableferryError } from "../../base/error.ts";
import { AUTO_INCREMENT, INF_MAX, INF_MIN, INTEGER_MAX, INTEGER_MIN, type KeyBound, type Value } from "../../model/value.ts";
import { corrupt } from "../corrupt.ts";
import type { ByteWriter } from "./byte-writer.ts";
import * as tag from "./tag.ts";
import { decodeText, writeText } from "./text.ts";

/** Everything that can stand as a value on the wire; `null` is NULL, which only search uses. */
export type WireValue = Value | KeyBound | typeof AUTO_INCREMENT | null;

/**
 * The value whose type byte and payload are `bytes[at, end)`, lengths already checked by a walker. Binaries are copies,
 * so that a value kept does not keep the message it came in.
 */
export function readValue(bytes: Uint8Array, view: DataView, at: number, end: number): WireValue {
  switch (bytes[at]) {
    case tag.TYPE_INTEGER:
      return view.getBigInt64(at + 1, true);
    case tag.TYPE_DOUBLE:
      return view.getFloat64(at + 1, true);
    case tag.TYPE_BOOLEAN:
      if (bytes[at + 1]! > 1) corrupt("a boolean that is neither 0 nor 1", at + 1, "value");
      return bytes[at + 1] === 1;
    case tag.TYPE_STRING:
      return decodeText(bytes, at + 5, end);
    case tag.TYPE_BINARY:
      return new Uint8Array(bytes.subarray(at + 5, end));
    case tag.TYPE_INF_MIN:
      return INF_MIN;
    case tag.TYPE_INF_MAX:
      return INF_MAX;
    case tag.TYPE_AUTO_INCREMENT:
      return AUTO_INCREMENT;
    default:
      return null;
  }
}

/** Appends type byte and payload, reserving the room. @throws TF_VALUE_INVALID for what the wire cannot say. */
export function writeValue(writer: ByteWriter, value: WireValue): void {
  switch (typeof value) {
    case "bigint":
      if (value < INTEGER_MIN || value > INTEGER_MAX) outOfRange(value);
      writer.reserve(9);
      writer.byte(tag.TYPE_INTEGER);
      writer.view.setBigInt64(writer.at, value, true);
      writer.at += 8;
      return;
    case "number":
      writer.reserve(9);
      writer.byte(tag.TYPE_DOUBLE);
      writer.view.setFloat64(writer.at, value, true);
      writer.at += 8;
      return;
    case "boolean":
      writer.reserve(2);
      writer.byte(tag.TYPE_BOOLEAN);
      writer.byte(value ? 1 : 0);
      return;
    case "string": {
      writer.reserve(5 + value.length * 3);
      writer.byte(tag.TYPE_STRING);
      const lengthAt = writer.at;
      writer.at += 4;
      writer.view.setInt32(lengthAt, writeText(writer, value), true);
      return;
    }
    case "symbol":
      writer.reserve(1);
      writer.byte(value === INF_MIN ? tag.TYPE_INF_MIN : value === INF_MAX ? tag.TYPE_INF_MAX : tag.TYPE_AUTO_INCREMENT);
      return;
    default:
      writer.reserve(5);
      if (value === null) return writer.byte(tag.TYPE_NULL);
      writer.byte(tag.TYPE_BINARY);
      writer.int32(value.length);
      writer.append(value);
  }
}

function outOfRange(value: bigint): never {
  throw new TableferryError("TF_VALUE_INVALID", { message: `the integer ${value} does not fit into 64 bits` });
}
