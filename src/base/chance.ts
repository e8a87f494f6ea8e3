import { randomBytes, randomUUID } from "node:crypto";

/** Randomness, injected: jitter, ids and shuffles come from here so that a seed replays a run exactly. */
export interface Chance {
  /** A number in [0, 1). */
  next(): number;
  /** An id of 32 hex digits. */
  id(): string;
  /** `length` random bytes. Only the system's chance is fit for keys. */
  bytes(length: number): Uint8Array;
}

export const systemChance: Chance = {
  next: () => Math.random(),
  id: () => randomUUID().replaceAll("-", ""),
  bytes: (length) => new Uint8Array(randomBytes(length)),
};

/** xorshift128+ seeded by splitmix64: the same seed gives the same sequence on every machine. Never for keys. */
export function seededChance(seed: number): Chance {
  let a = (seed ^ 0x9e3779b9) >>> 0 || 1;
  let b = (Math.imul(seed, 0x85ebca6b) ^ 0xc2b2ae35) >>> 0 || 2;
  const word = () => {
    let t = a;
    a = b;
    t ^= t << 23;
    t ^= t >>> 17;
    t ^= b ^ (b >>> 26);
    b = t >>> 0;
    return (a + b) >>> 0;
  };
  for (let i = 0; i < 16; i++) word();
  const bytes = (length: number) => Uint8Array.from({ length }, () => word() & 0xff);
  return { next: () => word() / 0x1_0000_0000, bytes, id: () => Buffer.from(bytes(16)).toString("hex") };
}
