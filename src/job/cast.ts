import { INTEGER_MAX, INTEGER_MIN, typeOf, type Value, type ValueType } from "../model/value.ts";

const integerText = /^-?\d{1,400}$/;
const doubleText = /^-?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/;
const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * A value as another type; undefined where it has no exact counterpart, so that a cast never changes a value silently.
 * Text to integer: decimal digits, within 64 bits. Text to double: decimal notation, finite. Text to boolean: `true`, `false`.
 * Integer and double into each other: when nothing is lost. Integer and boolean: 0 and 1. Binary and text: UTF-8.
 */
export function castValue(value: Value, as: ValueType): Value | undefined {
  if (typeOf(value) === as) return value;
  switch (as) {
    case "integer":
      return toInteger(value);
    case "double":
      return toDouble(value);
    case "string":
      return toText(value);
    case "boolean":
      return value === "true" || value === 1n ? true : value === "false" || value === 0n ? false : undefined;
    case "binary":
      return typeof value === "string" ? new Uint8Array(Buffer.from(value)) : undefined;
  }
}

/** Whether any value of one type can become the other. */
export function castPossible(from: ValueType, to: ValueType): boolean {
  if (from === to || from === "string" || to === "string") return true;
  if (from === "binary" || to === "binary") return false;
  return !(from === "double" && to === "boolean") && !(from === "boolean" && to === "double");
}

/** Whether different values of one type stay different in the other: what an injectivity proof may rely on. */
export function castKeepsApart(from: ValueType, to: ValueType): boolean {
  return (
    from === to ||
    (from === "integer" && (to === "string" || to === "double")) ||
    (from === "binary" && to === "string") ||
    (from === "string" && to === "binary") ||
    from === "boolean"
  );
}

function toInteger(value: Value): bigint | undefined {
  if (typeof value === "boolean") return value ? 1n : 0n;
  if (typeof value === "number") return Number.isInteger(value) ? within64(BigInt(value)) : undefined;
  return typeof value === "string" && integerText.test(value) ? within64(BigInt(value)) : undefined;
}

function within64(value: bigint): bigint | undefined {
  return value >= INTEGER_MIN && value <= INTEGER_MAX ? value : undefined;
}

function toDouble(value: Value): number | undefined {
  if (typeof value === "bigint") return BigInt(Number(value)) === value ? Number(value) : undefined;
  if (typeof value !== "string" || !doubleText.test(value)) return undefined;
  const number = Number(value);
  return Number.isFinite(number) ? number : undefined;
}

function toText(value: Value): string | undefined {
  if (!(value instanceof Uint8Array)) return Object.is(value, -0) ? "-0" : String(value);
  try {
    return strictUtf8.decode(value);
  } catch {
    return undefined;
  }
}
