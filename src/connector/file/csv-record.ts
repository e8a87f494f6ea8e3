const QUOTE = 0x22;

/**
 * The fields of a record of CSV that has quotes; `undefined` is a field with nothing in it, an empty string one that was
 * written as `""`, so that absent and empty values survive the way to a file and back.
 */
export function splitQuoted(text: string, delimiter: number): (string | undefined)[] {
  const fields: (string | undefined)[] = [];
  let at = 0;
  for (;;) {
    if (text.charCodeAt(at) === QUOTE) {
      const [value, after] = unquote(text, at + 1);
      fields.push(value);
      at = after;
      if (at >= text.length) return fields;
      at++;
      continue;
    }
    const found = indexOfCode(text, delimiter, at);
    const stop = found < 0 ? text.length : found;
    fields.push(stop === at ? undefined : text.slice(at, stop));
    if (found < 0) return fields;
    at = found + 1;
  }
}

function indexOfCode(text: string, code: number, at: number): number {
  for (let i = at; i < text.length; i++) if (text.charCodeAt(i) === code) return i;
  return -1;
}

function unquote(text: string, start: number): readonly [value: string, after: number] {
  let at = start;
  let doubled = false;
  for (;;) {
    at = text.indexOf('"', at);
    if (at < 0) at = text.length;
    if (text.charCodeAt(at + 1) !== QUOTE) break;
    doubled = true;
    at += 2;
  }
  const raw = text.slice(start, at);
  return [doubled ? raw.replaceAll('""', '"') : raw, at + 1];
}
