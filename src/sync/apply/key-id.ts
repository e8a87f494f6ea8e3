import type { KeyColumn } from "../../model/key.ts";
import type { KeyInput } from "../../model/value.ts";

/** A key as a string to compare by, within one table: its values in order. Cheap, because every change is looked up by it. */
export function keyId(key: readonly KeyColumn<KeyInput>[]): string {
  if (key.length === 1) return valueId(key[0]!.value);
  let id = "";
  for (const { value } of key) {
    const text = valueId(value);
    id += `${text.length}:${text}`;
  }
  return id;
}

/** Values of one key column all have one type, so that types need not be told apart. */
function valueId(value: KeyInput): string {
  if (typeof value === "string") return value;
  return value instanceof Uint8Array ? Buffer.from(value.buffer, value.byteOffset, value.length).toString("latin1") : String(value);
}
