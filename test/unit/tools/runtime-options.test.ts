import { describe, expect, test } from "vitest";
import { parseRuntimeOptions, splitArguments } from "../../../tools/language-host/runtime-options.ts";

describe("runtime options of a Pulumi.yaml", () => {
  test("default to what the official language host does", () => {
    expect(parseRuntimeOptions({})).toEqual({
      typescript: true,
      tsconfig: undefined,
      nodeArguments: [],
      packageManager: "auto",
      production: false,
    });
  });

  test("name the option of a wrong type", () => {
    expect(() => parseRuntimeOptions({ typescript: "no" })).toThrow('"typescript" in Pulumi.yaml must be a boolean');
  });
});

describe("arguments for node", () => {
  test.each([
    ["", []],
    ["  --a   --b ", ["--a", "--b"]],
    ["--title='a b' c", ["--title=a b", "c"]],
    ['--x="say \\"hi\\"" y', ['--x=say "hi"', "y"]],
    ["a\\ b 'c\\d'", ["a b", "c\\d"]],
    ["'' \"\"", ["", ""]],
  ])("are split as a shell would: %s", (line, words) => {
    expect(splitArguments(line)).toEqual(words);
  });
});
