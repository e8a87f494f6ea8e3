import { INTEGER_MAX, INTEGER_MIN, type Value } from "../model/value.ts";
import type { Scalar } from "./job-spec.ts";

/**
 * A value as JSON keeps it, in specifications and in stored rejects. `valueOf(scalarOf(v))` is the same value, bit for bit
 * (NaN has one form). What is written out never relies on the rule for plain numbers.
 */
export function scalarOf(value: Value): Scalar {
  switch (typeof value) {
    case "bigint":
      return { integer: value.toString() };
    case "number":
      return { double: Object.is(value, -0) ? "-0" : String(value) };
    case "string":
    case "boolean":
      return value;
    default:
      return { base64: Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("base64") };
  }
}

/** The value that a scalar names; a plain number is an integer when it is whole. @throws RangeError beyond 64 bits */
export function valueOf(scalar: Scalar): Value {
  if (typeof scalar === "number") return Number.isInteger(scalar) ? BigInt(scalar) : scalar;
  if (typeof scalar !== "object") return scalar;
  if ("double" in scalar) return Number(scalar.double);
  if ("base64" in scalar) return new Uint8Array(Buffer.from(scalar.base64, "base64"));
  const integer = BigInt(scalar.integer);
  if (integer < INTEGER_MIN || integer > INTEGER_MAX) throw new RangeError(`${scalar.integer} does not fit into 64 bits`);
  return integer;
}

/** For people: a value with its type visible, cut to `length` characters. */
export function valueText(value: Value, length = 60): string {
  const text =
    typeof value === "string"
      ? JSON.stringify(value)
      : value instanceof Uint8Array
        ? `0x${Buffer.from(value.subarray(0, length)).toString("hex")}`
        : doubleText(value);
  return text.length <= length ? text : `${text.slice(0, length)}… (${text.length} characters)`;
}

function doubleText(value: bigint | number | boolean): string {
  if (typeof value !== "number") return String(value);
  if (Object.is(value, -0)) return "-0.0";
  return Number.isInteger(value) && Math.abs(value) < 1e21 ? `${value}.0` : String(value);
}
