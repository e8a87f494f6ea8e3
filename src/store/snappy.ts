import { LevelBytes } from "./level-bytes.ts";

/** Inflates a block of snappy, whose checksum was right: its length, then literals and copies of what is there already. */
export function inflateSnappy(bytes: Buffer): Buffer {
  const input = new LevelBytes(bytes);
  const out = Buffer.alloc(input.varint());
  let at = 0;
  while (!input.ended) {
    const tag = input.take(1)[0]!;
    const size = tag >> 2;
    if ((tag & 3) === 0) {
      at += input.take(size < 60 ? size + 1 : input.take(size - 59).readUIntLE(0, size - 59) + 1).copy(out, at);
      continue;
    }
    const short = (tag & 3) === 1;
    const length = short ? (size & 7) + 4 : size + 1;
    const far = (tag & 3) === 3 ? 4 : 2;
    const back = short ? ((tag >> 5) << 8) | input.take(1)[0]! : input.take(far).readUIntLE(0, far);
    // Byte by byte: a copy may reach into itself, which repeats it.
    for (let i = 0; i < length; i++, at++) out[at] = out[at - back]!;
  }
  return out;
}
