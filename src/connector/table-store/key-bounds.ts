import type { KeyRange } from "../connector.ts";
import { TableferryError } from "../../base/error.ts";
import { compareKey, type KeyColumn } from "../../model/key.ts";
import type { KeySchema } from "../../model/schema.ts";
import { INF_MAX, INF_MIN, type KeyBound, type KeyType } from "../../model/value.ts";
import { decodeKey } from "../../wire/plainbuffer/decode.ts";
import { encodeKey } from "../../wire/plainbuffer/encode.ts";

/** A place in a table: every key column with a value or an end. */
export type FullKey = readonly KeyColumn<KeyBound>[];

/** [start, end). */
export interface FullRange {
  readonly start: FullKey;
  readonly end: FullKey;
}

/**
 * A range over leading key columns as one over all: what is left out of a bound is INF_MIN, so that `from` includes and `to`
 * excludes every key that begins with it. @throws TF_SPEC_INVALID where a bound does not fit the key
 */
export function fullRange(range: KeyRange | undefined, key: readonly KeySchema[]): FullRange {
  const fill = (bound: readonly KeyBound[], place: string): FullKey => {
    checkBound(bound, key, place);
    return key.map(({ name }, at) => ({ name, value: bound[at] ?? INF_MIN }));
  };
  return {
    start: fill(range?.from ?? [], "range.from"),
    end: range?.to === undefined ? key.map(({ name }) => ({ name, value: INF_MAX })) : fill(range.to, "range.to"),
  };
}

function checkBound(bound: readonly KeyBound[], key: readonly KeySchema[], place: string): void {
  const wrong = bound.length > key.length ? bound.length - 1 : bound.findIndex((value, at) => !fits(value, key[at]!.type));
  if (wrong < 0) return;
  const column = key[wrong];
  throw new TableferryError("TF_SPEC_INVALID", {
    message:
      column === undefined
        ? `the key has ${key.length} columns, the bound ${bound.length}`
        : `the key column ${column.name} is of type ${column.type}`,
    place: `${place}[${wrong}]`,
    wayOut: "Write one value for each leading key column: text for a string, a whole number for an integer, { base64: … } for a binary.",
  });
}

function fits(value: KeyBound, type: KeyType): boolean {
  if (typeof value === "symbol") return true;
  return type === "integer" ? typeof value === "bigint" : type === "string" ? typeof value === "string" : value instanceof Uint8Array;
}

export function isEmptyRange({ start, end }: FullRange): boolean {
  return compareKey(start, end) >= 0;
}

/** An encoded key that may leave out trailing columns, which then are INF_MIN (split points, reference 2.2). */
export function fullKeyOf(bytes: Uint8Array, key: readonly KeySchema[]): FullKey {
  const found = decodeKey(bytes);
  return key.map(({ name }, at) => ({ name, value: boundOf(found[at]?.value) }));
}

function boundOf(value: KeyColumn<KeyBound | symbol>["value"] | undefined): KeyBound {
  if (value === INF_MAX) return INF_MAX;
  return value === undefined || typeof value === "symbol" ? INF_MIN : value;
}

export function encodeFullKey(key: FullKey): string {
  return Buffer.from(encodeKey(key)).toString("base64");
}

/** For people: `(abc, 17, …)`, without the columns that stand at an end. */
export function keyTitle(key: FullKey): string {
  const parts: string[] = [];
  for (const { value } of key) {
    if (value === INF_MIN || value === INF_MAX) break;
    parts.push(value instanceof Uint8Array ? `0x${Buffer.from(value).toString("hex")}` : String(value));
  }
  if (parts.length === 0) return key[0]?.value === INF_MAX ? "the end" : "the beginning";
  return `(${parts.join(", ")}${parts.length < key.length ? ", …" : ""})`;
}
