import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { plainText, shorten, wrapText } from "../../../src/cli/render/plain-text.ts";

describe("text from outside", () => {
  test("cannot move the cursor, recolour the screen or turn its direction", () => {
    expect(plainText("a\u001b[2Jb\r\u202ec\u0000")).toBe(String.raw`a\u001b[2Jb\r\u202ec\u0000`);
  });

  test("keeps letters of every script", () => {
    expect(plainText("naïve 杭州 🚢")).toBe("naïve 杭州 🚢");
  });
});

describe("wrapped text", () => {
  test("stays within the width and loses no word", () => {
    const text = fc.array(fc.string({ unit: fc.constantFrom("a", "b", " ", "\n"), minLength: 1 })).map((parts) => parts.join(" "));
    fc.assert(
      fc.property(text, fc.integer({ min: 4, max: 40 }), (written, width) => {
        const lines = wrapText(written, width);
        expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(width);
        expect(lines.join("").replaceAll(" ", "")).toBe(written.replaceAll(/\s/g, ""));
      }),
    );
  });

  test("keeps the indentation of its lines", () => {
    expect(wrapText("two fields\n  job.yaml:3 wrong\n  job.yaml:4 wrong", 14)).toEqual([
      "two fields",
      "  job.yaml:3",
      "  wrong",
      "  job.yaml:4",
      "  wrong",
    ]);
  });
});

test("shortened text says that it is", () => {
  expect(shorten("abcdef", 4)).toBe("abc…");
  expect(shorten("abcd", 4)).toBe("abcd");
});
