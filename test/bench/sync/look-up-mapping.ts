import { defineMapping } from "../../../src/job/mapping.ts";

/** A plain function: what it reads is not known, so that every changed row is read again (R1, look-up). */
export default defineMapping<Record<string, string | bigint | number | boolean>>({
  row: (row) => ({ ...row, total: Number(row["amount"]) * Number(row["quantity"]) }),
  injective: true,
});
