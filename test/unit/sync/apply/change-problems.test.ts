import { describe, expect, test } from "vitest";
import { compileMapping } from "../../../../src/job/compile-mapping.ts";
import { loadedDefinition } from "../../../../src/job/load-mapping.ts";
import type { MappingDefinition } from "../../../../src/job/mapping.ts";
import type { KeySchema } from "../../../../src/model/schema.ts";
import { changeProblems } from "../../../../src/sync/apply/change-problems.ts";

const sourceKey: readonly KeySchema[] = [
  { name: "id", type: "string" },
  { name: "n", type: "integer" },
];
const problems = (definition: MappingDefinition, targetKey: readonly KeySchema[], originColumns?: readonly string[]) => {
  const mapping = compileMapping(loadedDefinition(definition), { sourceKey, targetKey, originColumns });
  return changeProblems(mapping, { sourceKey, originColumns, target: { title: "table t", key: targetKey } });
};
const byMail: readonly KeySchema[] = [{ name: "mail", type: "string" }];
const byMailAndKey: readonly KeySchema[] = [...byMail, ...sourceKey];

describe("what forbids replaying changes", () => {
  test("is nothing where the target key follows from the source key alone", () => {
    expect(problems({}, sourceKey)).toEqual([]);
    expect(problems({ key: { n: "n", id: "id" } }, sourceKey.toReversed())).toEqual([]);
  });

  test("is a key that the service makes (R10)", () => {
    expect(problems({}, [sourceKey[0]!, { name: "n", type: "integer", autoIncrement: true }])).toEqual([
      expect.stringContaining("AUTO_INCREMENT"),
    ]);
  });

  test("is a key that two source rows could share (R1)", () => {
    expect(problems({ key: { id: "id" } }, [sourceKey[0]!])).toEqual([expect.stringContaining("injective: true")]);
    expect(problems({ key: { id: "id" }, injective: true }, [sourceKey[0]!])).toEqual([]);
  });

  test("is a key that reads a column whose old values the stream does not keep (R1)", () => {
    const key = { mail: "mail", id: "id", n: "n" };
    expect(problems({ key }, byMailAndKey)).toEqual([expect.stringContaining("reads mail")]);
    expect(problems({ key }, byMailAndKey, ["mail"])).toEqual([]);
  });

  test("is a target row that could pass to another source row and does not say whose it is (R1)", () => {
    const key = { mail: "mail" };
    expect(problems({ key, injective: true }, byMail, ["mail"])).toEqual([]);
    expect(problems({ key, injective: true, rest: "drop" }, byMail, ["mail"])).toEqual([expect.stringContaining("whose they are")]);
    expect(problems({ key, injective: true, rest: "drop", columns: { a: "id", b: "n" } }, byMail, ["mail"])).toEqual([]);
  });

  test("is a function whose rows could not be found again by the source key (R1)", () => {
    const row = () => null;
    expect(problems({ row, injective: true }, byMail)).toEqual([expect.stringContaining("must begin with the source's")]);
    expect(problems({ row, injective: true }, [...sourceKey, ...byMail])).toEqual([]);
    expect(problems({ row }, sourceKey)).toEqual([expect.stringContaining("injective: true")]);
  });
});
