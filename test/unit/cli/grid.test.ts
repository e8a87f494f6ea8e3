import { createColors } from "picocolors";
import { describe, expect, test } from "vitest";
import { cellText } from "../../../src/cli/render/cell-text.ts";
import { grid } from "../../../src/cli/render/grid.ts";

const paint = createColors(false);

describe("a grid", () => {
  test("has columns as wide as they need", () => {
    expect(
      grid(
        ["id", "name"],
        [
          ["1", "alice"],
          ["20", "b"],
        ],
        { paint, width: 100 },
      ),
    ).toEqual(["id  name", "1   alice", "20  b"]);
  });

  test("cuts its widest columns to fit", () => {
    const lines = grid(["id", "a", "b"], [["1", "x".repeat(300), "y".repeat(90)]], { paint, width: 60 });
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(60);
    expect(lines[1]).toMatch(/^1 .*x….*y…$/);
  });
});

describe("a value in a grid", () => {
  test.each([
    [17n, "17"],
    [17, "17.0"],
    ["17", '"17"'],
    [true, "true"],
    ["true", '"true"'],
    ["alice", "alice"],
    ["", '""'],
    [" a", '" a"'],
    [-0, "-0.0"],
    [new Uint8Array([0, 1]), "base64:AAE="],
    ["base64:AAE=", '"base64:AAE="'],
    ["a\u001b[2J", String.raw`a\u001b[2J`],
    [undefined, ""],
  ])("%o is shown as %s", (value, text) => expect(cellText(value)).toBe(text));
});
