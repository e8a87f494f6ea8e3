import { plainText } from "./plain-text.ts";
import type { Value } from "../../model/value.ts";

/**
 * A value in a grid for people. Text stands as it is unless it could be taken for something else; then it has quotes:
 * 17 is an integer, 17.0 a double, "17" text.
 */
export function cellText(value: Value | undefined): string {
  switch (typeof value) {
    case "undefined":
      return "";
    case "bigint":
    case "boolean":
      return String(value);
    case "number":
      return Object.is(value, -0) ? "-0.0" : Number.isInteger(value) && Math.abs(value) < 1e21 ? `${value}.0` : String(value);
    case "string":
      return value === "" || /^\s|\s$|^["']|^(true|false|NaN|-?Infinity|[-+]?[\d.]+(e[-+]?\d+)?|base64:.*)$/i.test(value)
        ? JSON.stringify(value)
        : plainText(value);
    default:
      return `base64:${Buffer.from(value.buffer, value.byteOffset, Math.min(value.byteLength, 96)).toString("base64")}${value.byteLength > 96 ? "…" : ""}`;
  }
}
