import { expect, test } from "vitest";
import { bytes, counted, duration, rate } from "../../../src/cli/render/amounts.ts";

test.each([
  [0, "0 B"],
  [999, "999 B"],
  [1000, "1.0 kB"],
  [4_123_456, "4.1 MB"],
  [999_949, "1.0 MB"],
  [123_456_789, "123 MB"],
  [3e15, "3.0 PB"],
])("%d bytes are %s", (value, text) => expect(bytes(value)).toBe(text));

test.each([
  [0.04, "0.0 s"],
  [9.94, "9.9 s"],
  [17.2, "17 s"],
  [59.6, "1:00"],
  [185, "3:05"],
  [8040, "2:14:00"],
])("%d seconds are %s", (value, text) => expect(duration(value)).toBe(text));

test("one is one, and more are many", () => {
  expect(counted(1, "row")).toBe("1 row");
  expect(counted(42_049, "row")).toBe("42,049 rows");
});

test("no time gives no rate", () => {
  expect(rate(5, 0)).toBe("");
  expect(rate(42_000, 2)).toBe("21,000 rows/s");
});
