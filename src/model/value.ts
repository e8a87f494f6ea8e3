/**
 * Values as Table Store knows them, in the JavaScript type that says the same (reference 3.1):
 * INTEGER is `bigint` (signed 64 bits), DOUBLE is `number`, so that 1n and 1 stay different values.
 */
export type Value = bigint | number | string | boolean | Uint8Array;

/** A value of a primary-key column. */
export type KeyValue = bigint | string | Uint8Array;

/** Placeholders in keys: the ends of a range, and "the server chooses" on writes. They are never stored. */
export const INF_MIN: unique symbol = Symbol("INF_MIN");
export const INF_MAX: unique symbol = Symbol("INF_MAX");
export const AUTO_INCREMENT: unique symbol = Symbol("AUTO_INCREMENT");
export type KeyBound = KeyValue | typeof INF_MIN | typeof INF_MAX;
export type KeyInput = KeyValue | typeof AUTO_INCREMENT;

export type ValueType = "integer" | "double" | "string" | "boolean" | "binary";
export type KeyType = "integer" | "string" | "binary";

export const INTEGER_MIN = -(2n ** 63n);
export const INTEGER_MAX = 2n ** 63n - 1n;

export function typeOf(value: Value): ValueType {
  switch (typeof value) {
    case "bigint":
      return "integer";
    case "number":
      return "double";
    case "string":
      return "string";
    case "boolean":
      return "boolean";
    default:
      return "binary";
  }
}

/** Bytes a value counts for size limits and capacity units (integers and doubles 8, booleans 1, else its UTF-8 or bytes). */
export function valueSize(value: Value): number {
  switch (typeof value) {
    case "bigint":
    case "number":
      return 8;
    case "boolean":
      return 1;
    case "string":
      return Buffer.byteLength(value);
    default:
      return value.byteLength;
  }
}

/** Same type and same value; doubles by bits, so −0 differs from 0 and NaN equals itself. */
export function sameValue(a: Value, b: Value): boolean {
  if (a instanceof Uint8Array) return b instanceof Uint8Array && Buffer.compare(a, b) === 0;
  return Object.is(a, b);
}
