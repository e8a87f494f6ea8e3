import { TableferryError } from "../base/error.ts";
import type { KeyColumn } from "../model/key.ts";
import type { KeySchema } from "../model/schema.ts";
import { INTEGER_MAX, INTEGER_MIN, type KeyBound, type KeyType, type KeyValue } from "../model/value.ts";

type Given = string | number | { readonly base64: string } | { readonly integer: string };

/**
 * A key for people: `customer=alice,order=17`. Names and text that hold anything but letters, digits and `_.:@/+-` stand in JSON
 * quotes; binary is `base64:…`. `parseKeyText` reads it back.
 */
export function keyText(key: readonly KeyColumn[]): string {
  return key.map(({ name, value }) => `${word(name)}=${valueWord(value)}`).join(",");
}

function valueWord(value: KeyBound): string {
  if (typeof value === "symbol") return value.description ?? "";
  if (typeof value === "bigint") return String(value);
  if (typeof value === "string") return word(value);
  return `base64:${Buffer.from(value).toString("base64")}`;
}

function word(text: string): string {
  return /^[\p{L}\p{N}_.:@/+-]+$/u.test(text) && !text.startsWith("base64:") ? text : JSON.stringify(text);
}

/**
 * Reads a key: `name=value` pairs apart by commas or spaces, a JSON object, or the words of a command line (then each value is
 * taken as it stands; a single word is read like a text). Types come from the schema. Undefined where the names are not exactly the schema's.
 * @throws TF_KEY_INVALID for text that is no key at all, or a value that does not fit its column
 */
export function parseKeyText(text: string | readonly string[], schema: readonly KeySchema[]): readonly KeyColumn<KeyValue>[] | undefined {
  if (typeof text !== "string" && text.length === 1 && /[,{"]/.test(text[0]!)) return parseKeyText(text[0]!, schema);
  const given = typeof text === "string" ? (text.trimStart().startsWith("{") ? readJson(text) : readPairs(text)) : readWords(text);
  if (given.size !== schema.length || !schema.every(({ name }) => given.has(name))) return undefined;
  return schema.map(({ name, type }) => {
    const value = valueOf(given.get(name)!, type);
    if (value === undefined) throw invalid(`${JSON.stringify(given.get(name))} is no ${type}`, name);
    return { name, value };
  });
}

function valueOf(given: Given, type: KeyType): KeyValue | undefined {
  if (typeof given === "object") {
    if ("integer" in given) return type === "integer" ? integer(given.integer) : undefined;
    return type === "binary" ? base64(given.base64) : undefined;
  }
  if (typeof given === "number") return type === "integer" && Number.isSafeInteger(given) ? BigInt(given) : undefined;
  if (type === "string") return given;
  if (type === "integer") return integer(given);
  return given.startsWith("base64:") ? base64(given.slice("base64:".length)) : undefined;
}

function integer(text: string): bigint | undefined {
  if (!/^-?\d{1,19}$/.test(text)) return undefined;
  const value = BigInt(text);
  return value >= INTEGER_MIN && value <= INTEGER_MAX ? value : undefined;
}

function base64(text: string): Uint8Array | undefined {
  const bytes = Buffer.from(text, "base64");
  return bytes.toString("base64") === text ? new Uint8Array(bytes) : undefined;
}

function readPairs(text: string): Map<string, Given> {
  const quoted = String.raw`"(?:[^"\\]|\\.)*"`;
  const pair = new RegExp(String.raw`\s*(${quoted}|[^\s"=,]+)=(${quoted}|[^\s",]*)\s*(?:,|\s|$)`, "uy");
  const pairs = new Map<string, Given>();
  while (pair.lastIndex < text.length) {
    const at = pair.lastIndex;
    const match = pair.exec(text);
    if (match === null) throw invalid(`expected name=value at ${JSON.stringify(text.slice(at, at + 40))}`, text);
    pairs.set(unquote(match[1]!, text), unquote(match[2]!, text));
  }
  return pairs;
}

function readWords(words: readonly string[]): Map<string, Given> {
  return new Map(
    words.map((text): [string, Given] => {
      const equals = text.indexOf("=");
      if (equals < 1) throw invalid(`${JSON.stringify(text)} is not column=value`, text);
      return [text.slice(0, equals), text.slice(equals + 1)];
    }),
  );
}

function readJson(text: string): Map<string, Given> {
  const parsed = json(text);
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) throw invalid("a key in JSON is an object", text);
  return new Map(
    Object.entries(parsed).map(([name, value]: [string, unknown]): [string, Given] => {
      if (typeof value === "string") return [name, value];
      if (typeof value === "number") {
        if (!Number.isSafeInteger(value)) throw invalid(`${value} is not exact in JSON; write it in quotes`, name);
        return [name, value];
      }
      if (typeof value === "object" && value !== null && "base64" in value && typeof value.base64 === "string")
        return [name, { base64: value.base64 }];
      if (typeof value === "object" && value !== null && "integer" in value && typeof value.integer === "string")
        return [name, { integer: value.integer }];
      throw invalid(`${JSON.stringify(value)} is no key value`, name);
    }),
  );
}

function unquote(text: string, place: string): string {
  if (!text.startsWith('"')) return text;
  const inner = json(text);
  if (typeof inner !== "string") throw invalid("expected a quoted text", place);
  return inner;
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new TableferryError("TF_KEY_INVALID", { message: "this is no JSON", place: text.slice(0, 80), cause });
  }
}

function invalid(message: string, place: string): TableferryError {
  return new TableferryError("TF_KEY_INVALID", {
    message,
    place: place.slice(0, 80),
    wayOut: "Write the key as `customer=alice,order=17`, with quotes around text that holds a comma, an equals sign or a space.",
  });
}
