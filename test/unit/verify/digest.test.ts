import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Digest, DIGEST_BYTES } from "../../../src/verify/digest.ts";
import { RowHasher } from "../../../src/verify/flow-batch.ts";
import { leafOf, murmur3 } from "../../../src/verify/key-leaf.ts";
import { keyed } from "./support/compare.ts";

/** A row as canonical bytes: a key part and a rest. */
const rowBytes = fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 20 }), fc.uint8Array({ maxLength: 60 }));
type RowBytes = readonly [Uint8Array, Uint8Array];

function fold(digest: Digest, [key, rest]: RowBytes, pad = 0): void {
  const bytes = Buffer.concat([Buffer.alloc(pad, 9), key, rest, Buffer.alloc(pad, 7)]);
  digest.add(bytes, pad, pad + key.length, pad + key.length + rest.length);
}

function digestOf(rows: readonly RowBytes[]): Digest {
  const digest = new Digest();
  for (const row of rows) fold(digest, row);
  return digest;
}

/** The definition of docs/verification.md, written down again as slowly and plainly as possible. */
function plainRoot(rows: readonly RowBytes[]): string {
  const counts = new Map<number, bigint>();
  const sums = new Map<number, bigint>();
  for (const [key, rest] of rows) {
    const leaf = murmur3(key, 0, key.length) >>> 16;
    const hash = createHash("sha256").update(key).update(rest).digest();
    const value = BigInt(`0x${Buffer.from(hash.toReversed()).toString("hex")}`);
    counts.set(leaf, (counts.get(leaf) ?? 0n) + 1n);
    sums.set(leaf, ((sums.get(leaf) ?? 0n) + value) % 2n ** 256n);
  }
  const root = createHash("sha256");
  for (let leaf = 0; leaf < 65_536; leaf++) {
    const bytes = Buffer.alloc(40);
    bytes.writeBigUInt64LE(counts.get(leaf) ?? 0n, 0);
    Buffer.from((sums.get(leaf) ?? 0n).toString(16).padStart(64, "0"), "hex")
      .reverse()
      .copy(bytes, 8);
    root.update(bytes);
  }
  return root.digest("hex");
}

describe("murmur3", () => {
  test.each([
    ["", 0],
    ["a", 0x3c2569b2],
    ["test", 0xba6bd213],
    ["Hello, world!", 0xc0363e43],
    ["The quick brown fox jumps over the lazy dog", 0x2e4ff723],
  ])("gives the published value for %j with seed 0", (text, hash) => {
    const bytes = Buffer.from(text);
    expect(murmur3(bytes, 0, bytes.length)).toBe(hash);
  });

  test("reads only the bytes asked for", () => {
    const bytes = Buffer.from("xxtestyy");
    expect(murmur3(bytes, 2, 6)).toBe(0xba6bd213);
  });

  test("spreads short keys in order over the leaves", () => {
    const counts = new Uint32Array(65_536);
    for (let i = 0; i < 655_360; i++) {
      const key = Buffer.from(`id=${i}`);
      counts[leafOf(key, 0, key.length)]!++;
    }
    expect(Math.max(...counts)).toBeLessThan(40);
  });
});

describe("Digest", () => {
  test("is what its definition says", () => {
    fc.assert(
      fc.property(fc.array(rowBytes, { maxLength: 30 }), (rows) => {
        expect(digestOf(rows).root()).toBe(plainRoot(rows));
      }),
      { numRuns: 25 },
    );
  });

  test("carries over all eight words of a leaf's sum", () => {
    // One leaf, so that sums wrap around often.
    const rows = Array.from({ length: 300 }, (_, i): RowBytes => [Buffer.from("same key"), Buffer.from(String(i))]);
    expect(digestOf(rows).root()).toBe(plainRoot(rows));
    const merged = digestOf(rows.slice(0, 100));
    merged.merge(digestOf(rows.slice(100)));
    expect(merged.root()).toBe(plainRoot(rows));
  });

  test("does not depend on order or on where bytes lie", () => {
    fc.assert(
      fc.property(fc.array(rowBytes, { maxLength: 30 }), fc.integer(), (rows, seed) => {
        const shuffled = rows.map((row, i) => ({ row, at: Math.imul(i + 1, seed | 1) })).sort((a, b) => a.at - b.at);
        const other = new Digest();
        shuffled.forEach(({ row }, i) => fold(other, row, i % 5));
        expect(other.root()).toBe(digestOf(rows).root());
      }),
      { numRuns: 25 },
    );
  });

  test("merges parts to the whole", () => {
    fc.assert(
      fc.property(fc.array(fc.array(rowBytes, { maxLength: 12 }), { minLength: 1, maxLength: 4 }), (parts) => {
        const merged = new Digest();
        for (const part of parts) merged.merge(digestOf(part));
        const whole = digestOf(parts.flat());
        expect(merged.root()).toBe(whole.root());
        expect(merged.rows).toBe(whole.rows);
      }),
      { numRuns: 20 },
    );
  });

  test("survives being written down", () => {
    const digest = digestOf(Array.from({ length: 500 }, (_, i): RowBytes => [Buffer.from(`k${i % 90}`), Buffer.from(`v${i}`)]));
    const bytes = digest.serialise();
    expect(bytes.byteLength).toBe(DIGEST_BYTES);
    const read = Digest.parse(bytes);
    expect(read.root()).toBe(digest.root());
    expect(read.rows).toBe(500);
    expect(read.differing(digest)).toEqual([]);
  });

  test("names exactly the leaves that differ", () => {
    const rows = Array.from({ length: 50 }, (_, i): RowBytes => [Buffer.from(`k${i}`), Buffer.from(`v${i}`)]);
    const changed = rows.map((row, i): RowBytes => (i === 17 ? [row[0], Buffer.from("other")] : row));
    expect(digestOf(rows).differing(digestOf(changed))).toEqual([leafOf(Buffer.from("k17"), 0, 3)]);
  });

  test("sees a row that stands there twice, which an exclusive or would not", () => {
    const once = digestOf([[Buffer.from("k"), Buffer.from("v")]]);
    const thrice = digestOf(Array.from({ length: 3 }, (): RowBytes => [Buffer.from("k"), Buffer.from("v")]));
    expect(thrice.root()).not.toBe(once.root());
  });
});

describe("the digest of rows", () => {
  test("is the one that docs/verification.md's Python gives for them", () => {
    const digest = new Digest();
    const rows = Array.from({ length: 100 }, (_, i) =>
      keyed(
        { customer: `c${i}`, order: BigInt(i) },
        { raw: new Uint8Array([i]), größe: BigInt(-i), amount: i / 8, paid: i % 2 === 0, note: "é".repeat(i) },
      ),
    );
    new RowHasher({ versions: "latest" }).each(rows, (bytes, start, keyEnd, end) => digest.add(bytes, start, keyEnd, end));
    // A change here is a new digest: give it another name (`tableferry-digest-2`), since certificates state roots.
    expect(digest.root()).toBe("ffd750b11dafe7baaa13f2660eed77c37992535e888ae4bc1a019e9089d63731");
  });
});
