import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { answers } from "../../../src/server/answers.ts";
import { calls } from "../../../src/server/control-plane/calls.ts";
import { operations } from "../../../src/wire/operation/operations.ts";
import { serviceOperations } from "../../../tools/service-operations.ts";
import { supportMatrix, withSupportMatrix } from "../../../tools/support-matrix.ts";

const all = Object.values(serviceOperations).flat();
const answered = new Set([...Object.keys(answers), ...Object.keys(calls)]);

describe("the support matrix", () => {
  test("says in the documentation what the server answers: run `npm run generate:support` when this fails", () => {
    const page = readFileSync(join(import.meta.dirname, "../../../docs/embedded-store.md"), "utf8");
    expect(page).toBe(withSupportMatrix(page, answered));
  });

  test("leaves out no operation that we know, and names none twice", () => {
    expect([...answered, ...Object.keys(operations)].filter((name) => !all.includes(name))).toEqual([]);
    expect(all.filter((name, at) => all.indexOf(name) !== at)).toEqual([]);
  });

  test("counts, and sorts each family into what is there and what is not", () => {
    const matrix = supportMatrix(new Set(["BulkImport", "SQLQuery"]));
    expect(matrix).toContain(`2 of the ${all.length} operations`);
    expect(matrix).toContain("| bulk rows | `BulkImport` | `BulkExport` |");
    expect(matrix).toContain("| SQL | `SQLQuery` | – |");
  });
});
