import { createHash } from "node:crypto";
import { typeOf, type Value } from "../model/value.ts";

/** How values look in differences: as text, or masked. */
export type ShowValue = (value: Value) => string;

const SHOWN = 120;

/** As text that also says the type: `17` is an integer, `17.0` a double, `"17"` a string, `0x…` binary; cut at 120 characters. */
export function plainText(value: Value): string {
  switch (typeof value) {
    case "bigint":
    case "boolean":
      return String(value);
    case "number":
      return doubleText(value);
    case "string":
      return value.length <= SHOWN ? JSON.stringify(value) : `${JSON.stringify(value.slice(0, SHOWN))}… (${value.length} characters)`;
    default: {
      const hex = Buffer.from(value.subarray(0, SHOWN / 2)).toString("hex");
      return `0x${hex}${value.length > SHOWN / 2 ? `… (${value.length} bytes)` : ""}`;
    }
  }
}

/**
 * As type and eight hex digits of a salted SHA-256: equal values look equal within one run and nothing can be guessed from
 * them, since the salt is thrown away with the run.
 */
export function maskedText(salt: Uint8Array): ShowValue {
  return (value) => {
    const type = typeOf(value);
    const text = value instanceof Uint8Array ? value : plainForm(value);
    return `${type}#${createHash("sha256").update(salt).update(type).update(text).digest("hex").slice(0, 8)}`;
  };
}

function plainForm(value: Exclude<Value, Uint8Array>): string {
  return typeof value === "number" ? doubleText(value) : String(value);
}

function doubleText(value: number): string {
  if (Object.is(value, -0)) return "-0.0";
  return Number.isInteger(value) && Math.abs(value) < 1e21 ? `${value}.0` : String(value);
}
