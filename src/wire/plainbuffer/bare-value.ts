import { corrupt } from "../corrupt.ts";
import { ByteWriter } from "./byte-writer.ts";
import { fixedValueLength } from "./tag.ts";
import { readValue, writeValue, type WireValue } from "./value.ts";

/** Type byte and payload without the outer length ("SQLVariant", reference 3.6). */
export function encodeBareValue(value: WireValue): Uint8Array {
  const writer = new ByteWriter(16);
  writeValue(writer, value);
  return writer.take();
}

/** @throws TF_WIRE_CORRUPT unless the bytes are exactly one value. */
export function decodeBareValue(bytes: Uint8Array): WireValue {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length === 0) corrupt("a value without its type", 0, "value");
  const fixed = fixedValueLength[bytes[0]!]!;
  if (fixed < 0) corrupt("an unknown value type", 0, "value");
  const length = fixed > 0 ? fixed : bytes.length < 5 ? bytes.length + 1 : view.getUint32(1, true) + 5;
  if (length !== bytes.length) corrupt("a value's length does not fit its type", Math.min(length, bytes.length), "value");
  return readValue(bytes, view, 0, bytes.length);
}
