import { describe, expect, it } from "vitest";
import { briefMemory } from "../../../src/base/slab.ts";

describe("brief memory", () => {
  it("comes in pieces of the length asked for that do not overlap", () => {
    const pieces = Array.from({ length: 500 }, (_, i) => briefMemory((i * 37) % 5000).fill(i % 251));
    for (const [i, piece] of pieces.entries()) {
      expect(piece.length).toBe((i * 37) % 5000);
      expect(piece.every((byte) => byte === i % 251)).toBe(true);
    }
  });

  it("puts small pieces side by side", () => {
    const [first, second] = [briefMemory(100), briefMemory(100)];
    const third = briefMemory(100);
    expect(first.buffer === second.buffer || second.buffer === third.buffer).toBe(true);
  });

  it("gives what is large memory of its own", () => {
    expect(briefMemory(100_000).buffer.byteLength).toBe(100_000);
  });
});
