import { randomBytes, randomFillSync } from "node:crypto";

/** Randomness, injected: jitter, ids and shuffles come from here so that a seed replays a run exactly. */
export interface Chance {
  /** A number in [0, 1). */
  next(): number;
  /** An id of 32 hex digits. */
  id(): string;
  /** `length` random bytes. Only the system's chance is fit for keys. */
  bytes(length: number): Uint8Array;
}

const ID_BYTES = 16;
/** Random bytes of ids to come: the system is asked for many at once. */
const stock = Buffer.allocUnsafeSlow(256 * ID_BYTES);
let stockAt = stock.length;

function systemId(): string {
  if (stockAt === stock.length) {
    randomFillSync(stock);
    stockAt = 0;
  }
  return stock.toString("hex", stockAt, (stockAt += ID_BYTES));
}

export const systemChance: Chance = {
  next: () => Math.random(),
  id: systemId,
  bytes: (length) => new Uint8Array(randomBytes(length)),
};

/**
 * xoshiro128++ seeded by splitmix32: the same seed gives the same sequence on every machine, and no sequence comes round before 2^128 - 1 steps. Never for
 * keys.
 */
export function seededChance(seed: number): Chance {
  let mixed = seed | 0;
  const mix = () => {
    mixed = (mixed + 0x9e3779b9) | 0;
    let z = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return z ^ (z >>> 15);
  };
  let [a, b, c, d] = [mix(), mix(), mix(), mix()];
  const word = () => {
    const sum = (a + d) | 0;
    const result = (((sum << 7) | (sum >>> 25)) + a) >>> 0;
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = (d << 11) | (d >>> 21);
    return result;
  };
  const bytes = (length: number) => Uint8Array.from({ length }, () => word() >>> 24);
  return { next: () => word() / 0x1_0000_0000, bytes, id: () => Buffer.from(bytes(16)).toString("hex") };
}
