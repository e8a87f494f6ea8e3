import { TableferryError } from "../base/error.ts";
import type { TableSchema } from "../model/schema.ts";
import { INTEGER_MAX, INTEGER_MIN, type KeyValue } from "../model/value.ts";

/** The partition key that an administration call names as text: a binary in base64, an integer in decimal digits. @throws TF_ADMIN_INVALID */
export function partitionKeyOf({ name, key: [column] }: TableSchema, text: string): KeyValue {
  switch (column!.type) {
    case "string":
      return text;
    case "binary":
      return new Uint8Array(Buffer.from(text, "base64"));
    case "integer": {
      const value = /^-?\d{1,19}$/.test(text) ? BigInt(text) : undefined;
      if (value !== undefined && value >= INTEGER_MIN && value <= INTEGER_MAX) return value;
      throw new TableferryError("TF_ADMIN_INVALID", { message: `${JSON.stringify(text)} is no integer key of table ${name}`, place: name });
    }
  }
}
