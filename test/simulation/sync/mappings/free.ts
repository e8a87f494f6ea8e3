import { defineMapping } from "../../../../src/job/mapping.ts";
import type { Value } from "../../../../src/model/value.ts";

/** A function of the whole row: refuses some, leaves some out. */
export default defineMapping({
  injective: true,
  row: (row: Readonly<Record<string, Value | undefined>>) => {
    if (row.q === "bad") throw new Error("a bad row");
    return row.f === 0n ? null : { pk: row.pk, n: row.n, a: row.a, twice: typeof row.b === "bigint" ? row.b * 2n : undefined };
  },
});
