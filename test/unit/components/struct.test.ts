import { describe, expect, test } from "vitest";
import { toStruct, toStructFields, UnstorableValue } from "../../../components/struct.ts";

describe("what goes into Pulumi state", () => {
  test("JSON passes as a copy, undefined fields are left out and undefined items become null", () => {
    const given = { text: "a", number: 1.5, flag: false, nothing: null, list: [1, undefined, "x"], inner: { left: undefined, kept: 0 } };
    expect(toStruct(given)).toEqual({ text: "a", number: 1.5, flag: false, nothing: null, list: [1, null, "x"], inner: { kept: 0 } });
  });

  test.each([
    ["a bigint", { source: { filter: [{ value: 10n }] } }, "source.filter[0].value", '{ integer: "10" }'],
    ["a Date", { at: new Date(0) }, "at", "Date"],
    ["bytes", { key: [new Uint8Array(2)] }, "key[0]", "base64"],
    ["a Map", { rules: new Map() }, "rules", "Map"],
    ["a function", { rules: { derive: () => 1 } }, "rules.derive", "function"],
    ["NaN", { limit: Number.NaN }, "limit", "NaN"],
    ["an integer beyond 2^53", { limit: 2 ** 60 }, "limit", "2^53"],
    ["a symbol", { bound: Symbol("x") }, "bound", "symbol"],
  ])("%s is refused, and the message names the property", (_title, given, path, hint) => {
    const refusal = catching(() => toStructFields(given));
    expect(refusal).toBeInstanceOf(UnstorableValue);
    expect(refusal).toMatchObject({ path, message: expect.stringContaining(hint) });
  });
});

function catching(run: () => unknown): unknown {
  try {
    return run();
  } catch (thrown) {
    return thrown;
  }
}
