import { TableferryError } from "../base/error.ts";
import { nearestName } from "../base/nearest-name.ts";
import type { KeyColumn } from "../model/key.ts";
import type { KeySchema } from "../model/schema.ts";
import { INTEGER_MAX, INTEGER_MIN, type KeyType, type KeyValue } from "../model/value.ts";
import { parseKeyText } from "../verify/key-text.ts";
import { isBase64 } from "./row-json.ts";

const wayOut = (schema: readonly KeySchema[]) =>
  `Write the key as ${schema.map(({ name, type }) => `${name}=${{ string: "text", integer: "123", binary: "base64:AAE=" }[type]}`).join(" ")}, in quotes where the shell needs them.`;

/**
 * A key as typed, or in one word as reports print it (`customer=alice,order=17`): one `column=value` a key column, in any order, each read by the table's own type, so that `17` is
 * text where the column is a string and an exact 64-bit integer where it is one. Binary is `base64:…`.
 * @throws TF_KEY_INVALID naming the column
 */
export function parseKey(words: readonly string[], schema: readonly KeySchema[]): readonly KeyColumn<KeyValue>[] {
  const printed = words.length === 1 && schema.length > 1 && words[0]!.includes(",") ? parseKeyText(words[0]!, schema) : undefined;
  if (printed !== undefined) return printed;
  const key = parseKeyStart(words, schema);
  const missing = schema[key.length];
  if (missing !== undefined) throw keyError(`the key column ${missing.name} is missing`, missing.name, schema);
  return key;
}

/** The beginning of a key: one or more leading key columns, for the bounds of a range. @throws TF_KEY_INVALID */
export function parseKeyStart(words: readonly string[], schema: readonly KeySchema[]): KeyColumn<KeyValue>[] {
  const texts = new Map<string, string>();
  for (const word of words) {
    const equals = word.indexOf("=");
    if (equals < 0) throw keyError(`${JSON.stringify(word)} is not column=value`, word, schema);
    const name = word.slice(0, equals);
    if (!schema.some((column) => column.name === name)) {
      const near = nearestName(
        name,
        schema.map((column) => column.name),
      );
      throw keyError(`there is no key column ${JSON.stringify(name)}${near === undefined ? "" : `; did you mean ${near}?`}`, name, schema);
    }
    if (texts.has(name)) throw keyError(`the key column ${name} is given twice`, name, schema);
    texts.set(name, word.slice(equals + 1));
  }
  const given = schema.slice(0, texts.size);
  return given.map(({ name, type }) => {
    const text = texts.get(name);
    if (text === undefined) throw keyError(`the key column ${name} comes first and is missing`, name, schema);
    const value = parseKeyValue(text, type);
    if (value === undefined) throw keyError(`${JSON.stringify(text)} is no ${type}`, name, schema);
    return { name, value };
  });
}

/** Undefined where the text is no value of the type. */
export function parseKeyValue(text: string, type: KeyType): KeyValue | undefined {
  if (type === "string") return text;
  if (type === "binary") {
    const inner = text.startsWith("base64:") ? text.slice("base64:".length) : undefined;
    return inner !== undefined && isBase64(inner) ? new Uint8Array(Buffer.from(inner, "base64")) : undefined;
  }
  if (!/^-?\d{1,20}$/.test(text)) return undefined;
  const value = BigInt(text);
  return value >= INTEGER_MIN && value <= INTEGER_MAX ? value : undefined;
}

/** The key as `parseKey` reads it, a word a column, each fit for a shell. */
export function keyWords(key: readonly KeyColumn<KeyValue>[]): readonly string[] {
  const text = (value: KeyValue) => (value instanceof Uint8Array ? `base64:${Buffer.from(value).toString("base64")}` : String(value));
  return key.map(({ name, value }) => shellWord(`${name}=${text(value)}`));
}

/** A word as a shell takes it, quoted where it must be. */
export function shellWord(word: string): string {
  return /^[\w=.,:@%+/-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

function keyError(message: string, place: string, schema: readonly KeySchema[]): TableferryError {
  return new TableferryError("TF_KEY_INVALID", { message, place: `key ${place}`, wayOut: wayOut(schema) });
}
