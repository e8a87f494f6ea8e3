import { expect, test } from "vitest";
import { nearestName } from "../../../src/base/nearest-name.ts";

test.each([
  ["evn", ["file", "env"], "env"],
  ["Workers", ["workers", "writesInFlight"], "workers"],
  ["tpye", ["table", "type"], "type"],
  ["onTargetNonEmpty", ["onTargetNotEmpty", "leaseSeconds"], "onTargetNotEmpty"],
  ["colour", ["endpoint", "instance"], undefined],
  ["x", [], undefined],
])("%s among %s is %s", (wrong, known, expected) => {
  expect(nearestName(wrong, known)).toBe(expected);
});
