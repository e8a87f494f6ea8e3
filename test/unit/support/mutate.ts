import type { Chance } from "../../../src/base/chance.ts";

export const pick = <Item>(chance: Chance, items: readonly Item[]): Item => items[Math.floor(chance.next() * items.length)]!;
const below = (chance: Chance, limit: number) => Math.floor(chance.next() * limit);

type Mutation = (bytes: Buffer, chance: Chance, others: readonly Uint8Array[]) => Buffer;

/** Numbers at which lengths and counters turn over, as varints and as fixed 32 and 64 bits. */
const corners = [
  "00",
  "7f",
  "8001",
  "ff7f",
  "ffff03",
  "ffffffff07",
  "ffffffff0f",
  "ffffffffffffffffff01",
  "ffffffff",
  "ffffff7f",
  "00000080",
  "ffffffffffffff7f",
].map((hex) => Buffer.from(hex, "hex"));

const mutations: readonly Mutation[] = [
  // Bits flipped.
  (bytes, chance) => {
    for (let left = 1 + below(chance, 6); left > 0 && bytes.length > 0; left--)
      bytes[below(chance, bytes.length)]! ^= 1 << below(chance, 8);
    return bytes;
  },
  // A length, or whatever stands there, that is a little wrong.
  (bytes, chance) => {
    if (bytes.length > 0) bytes[below(chance, bytes.length)]! += 1 + below(chance, 3) * (chance.next() < 0.5 ? -1 : 1);
    return bytes;
  },
  // One that is very wrong.
  (bytes, chance) => {
    const corner = pick(chance, corners);
    const at = below(chance, bytes.length + 1);
    return Buffer.concat([bytes.subarray(0, at), corner, bytes.subarray(at + (chance.next() < 0.5 ? corner.length : 1))]);
  },
  // Cut off.
  (bytes, chance) => bytes.subarray(0, below(chance, bytes.length + 1)),
  // A piece taken out.
  (bytes, chance) => {
    const from = below(chance, bytes.length + 1);
    return Buffer.concat([bytes.subarray(0, from), bytes.subarray(from + below(chance, 16))]);
  },
  // A piece put in once more.
  (bytes, chance) => {
    const from = below(chance, bytes.length + 1);
    const piece = bytes.subarray(from, from + below(chance, 64));
    return Buffer.concat([bytes.subarray(0, from), ...Array.from({ length: 1 + below(chance, 20) }, () => piece), bytes.subarray(from)]);
  },
  // A piece of another request.
  (bytes, chance, others) => {
    const other = pick(chance, others);
    const from = below(chance, other.length + 1);
    const at = below(chance, bytes.length + 1);
    return Buffer.concat([bytes.subarray(0, at), other.subarray(from, from + below(chance, 80)), bytes.subarray(at + below(chance, 20))]);
  },
  // Something behind it.
  (bytes, chance) => Buffer.concat([bytes, chance.bytes(1 + below(chance, 12))]),
];

/** The bytes with one to four things done to them, mostly one. */
export function mutated(bytes: Uint8Array, chance: Chance, others: readonly Uint8Array[]): Buffer {
  let result = Buffer.from(bytes);
  for (let left = 1 + below(chance, 2) * below(chance, 4); left > 0; left--)
    result = Buffer.from(pick(chance, mutations)(result, chance, others));
  return result;
}
