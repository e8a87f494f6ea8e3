import { INTEGER_MAX, INTEGER_MIN, type Value, type ValueType } from "../../model/value.ts";

const integerText = /^[+-]?[0-9]+$/;
const doubleText = /^[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$/;
const base64Text = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/**
 * A value from text, undefined where the text is none of that type. Integers are exact over the whole 64 bits; doubles are
 * decimal and finite; booleans are `true` and `false` in any case; binary is base64. Blanks around a value are not passed over.
 */
export function parseText(text: string, type: ValueType): Value | undefined {
  switch (type) {
    case "string":
      return text;
    case "integer":
      return parseInteger(text);
    case "double": {
      const value = doubleText.test(text) ? Number(text) : NaN;
      return Number.isFinite(value) ? value : undefined;
    }
    case "boolean": {
      const word = text.toLowerCase();
      return word === "true" ? true : word === "false" ? false : undefined;
    }
    case "binary":
      return base64Text.test(text) ? new Uint8Array(Buffer.from(text, "base64")) : undefined;
  }
}

function parseInteger(text: string): bigint | undefined {
  if (!integerText.test(text)) return undefined;
  if (text.length < 16) return BigInt(Number(text));
  const value = BigInt(text);
  return value >= INTEGER_MIN && value <= INTEGER_MAX ? value : undefined;
}

/** Text that `parseText` reads back as the same value. Undefined for doubles that are no decimal number. */
export function formatText(value: Value): string | undefined {
  switch (typeof value) {
    case "string":
      return value;
    case "bigint":
    case "boolean":
      return String(value);
    case "number":
      return !Number.isFinite(value) ? undefined : Object.is(value, -0) ? "-0" : String(value);
    default:
      return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("base64");
  }
}
