import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeTableResults, encodeTableResults, type RowResult } from "../../../src/wire/operation/row-result.ts";

const results: readonly RowResult[] = [
  { ok: true, consumed: { read: 0, write: 1 } },
  { ok: true, consumed: { read: 300, write: 1 } },
  { ok: true, consumed: { read: 0, write: 1 }, row: new Uint8Array(200).fill(7), nextToken: new Uint8Array([1]) },
  { ok: false, error: { code: "OTSConditionCheckFail", text: "Condition check failed." } },
];

test("results that are one object are written as if each were its own", () => {
  const rows = fc.array(fc.constantFrom(...results), { maxLength: 40 });
  fc.assert(
    fc.property(fc.array(rows, { maxLength: 3 }), (tables) => {
      const shared = tables.map((table, i) => ({ tableName: `t${i}`, rows: table }));
      const single = tables.map((table, i) => ({ tableName: `t${i}`, rows: table.map((result) => ({ ...result })) }));
      expect(encodeTableResults(shared)).toEqual(encodeTableResults(single));
      expect(encodeTableResults(decodeTableResults(encodeTableResults(shared)))).toEqual(encodeTableResults(single));
    }),
  );
});
