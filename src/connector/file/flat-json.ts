/** What stands behind a name: numbers and nested values as their source text, strings without quotes and escapes. */
export type JsonKind = "string" | "number" | "true" | "false" | "null" | "nested";
export type OnMember = (name: string, kind: JsonKind, text: string) => void;

export class JsonFault extends Error {
  constructor(message: string) {
    super(message);
    this.name = "JsonFault";
  }
}

const numberText = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
// oxlint-disable-next-line no-control-regex -- JSON forbids just these in strings
const unusual = /[\u0000-\u001f\\]/;

/**
 * Reads one JSON object member by member. Unlike `JSON.parse` it keeps the text of numbers, because `1` is an integer,
 * `1.0` a double and 9007199254740993 exact; it accepts exactly what `JSON.parse` accepts of objects. @throws JsonFault
 */
export function readObject(text: string, onMember: OnMember): void {
  let at = skipBlanks(text, 0);
  if (text.charCodeAt(at) !== 0x7b) throw new JsonFault("a row must be a JSON object");
  at = skipBlanks(text, at + 1);
  if (text.charCodeAt(at) === 0x7d) return expectEnd(text, at + 1);
  for (;;) {
    if (text.charCodeAt(at) !== 0x22) throw new JsonFault(`a name in quotes is expected at character ${at + 1}`);
    let stop = endOfString(text, at);
    const name = stringAt(text, at, stop);
    at = skipBlanks(text, stop);
    if (text.charCodeAt(at) !== 0x3a) throw new JsonFault(`a colon is expected at character ${at + 1}`);
    at = skipBlanks(text, at + 1);
    stop = readValue(text, at, name, onMember);
    at = skipBlanks(text, stop);
    const code = text.charCodeAt(at);
    if (code === 0x7d) return expectEnd(text, at + 1);
    if (code !== 0x2c) throw new JsonFault(`a comma or a closing brace is expected at character ${at + 1}`);
    at = skipBlanks(text, at + 1);
  }
}

function readValue(text: string, at: number, name: string, onMember: OnMember): number {
  const code = text.charCodeAt(at);
  if (code === 0x22) {
    const stop = endOfString(text, at);
    onMember(name, "string", stringAt(text, at, stop));
    return stop;
  }
  if (code === 0x7b || code === 0x5b) {
    const stop = endOfNested(text, at);
    const nested = text.slice(at, stop);
    parseStrictly(nested);
    onMember(name, "nested", nested);
    return stop;
  }
  for (const word of ["true", "false", "null"] as const) {
    if (text.startsWith(word, at)) {
      onMember(name, word, word);
      return at + word.length;
    }
  }
  numberText.lastIndex = at;
  const number = numberText.exec(text)?.[0];
  if (number === undefined) throw new JsonFault(`no JSON value at character ${at + 1}`);
  onMember(name, "number", number);
  return at + number.length;
}

function skipBlanks(text: string, at: number): number {
  for (;;) {
    const code = text.charCodeAt(at);
    if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return at;
    at++;
  }
}

function expectEnd(text: string, at: number): void {
  if (skipBlanks(text, at) !== text.length) throw new JsonFault("something follows the object");
}

function endOfString(text: string, at: number): number {
  for (let from = at + 1; ;) {
    const quote = text.indexOf('"', from);
    if (quote < 0) throw new JsonFault(`the string at character ${at + 1} is never closed`);
    let slashes = 0;
    while (text.charCodeAt(quote - 1 - slashes) === 0x5c) slashes++;
    if (slashes % 2 === 0) return quote + 1;
    from = quote + 1;
  }
}

function stringAt(text: string, at: number, stop: number): string {
  const inner = text.slice(at + 1, stop - 1);
  return unusual.test(inner) ? String(parseStrictly(text.slice(at, stop))) : inner;
}

function endOfNested(text: string, at: number): number {
  let depth = 0;
  for (let i = at; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 0x22) i = endOfString(text, i) - 1;
    else if (code === 0x7b || code === 0x5b) depth++;
    else if ((code === 0x7d || code === 0x5d) && --depth === 0) return i + 1;
  }
  throw new JsonFault(`the value at character ${at + 1} is never closed`);
}

function parseStrictly(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new JsonFault(`${text.length > 40 ? `${text.slice(0, 40)}…` : text} is not valid JSON`);
  }
}
