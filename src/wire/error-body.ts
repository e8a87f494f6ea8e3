/** The body of an error: `Error {1! code; 2? message}` (reference 1.8). Written by hand, because it must never fail. */
export function encodeErrorBody(code: string, text: string): Uint8Array {
  const parts = [code, text].map((part) => Buffer.from(part));
  return Buffer.concat(parts.flatMap((part, i) => [Buffer.from([(i + 1) * 8 + 2, ...varint(part.length)]), part]));
}

/** A body that is no error message becomes the code the Go SDK uses for it (reference 1.8). */
export function decodeErrorBody(body: Uint8Array, status: number): { readonly code: string; readonly text: string } {
  const fields = new Map<number, string>();
  for (let at = 0; at < body.length;) {
    const tag = body[at++]!;
    let length = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = body[at++] ?? 0;
      length |= (byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    if ((tag & 7) !== 2 || at + length > body.length) {
      fields.clear();
      break;
    }
    fields.set(tag >> 3, Buffer.from(body.buffer, body.byteOffset + at, length).toString("utf8"));
    at += length;
  }
  const code = fields.get(1);
  if (code === undefined)
    return {
      code: status >= 500 ? "OTSServerUnavailable" : "OTSClientUnknownError",
      text: `The reply with status ${status} has no error message.`,
    };
  return { code, text: fields.get(2) ?? "" };
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  for (; value > 0x7f; value >>>= 7) bytes.push((value & 0x7f) | 0x80);
  return [...bytes, value];
}
