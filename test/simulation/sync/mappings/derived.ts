import { defineMapping, derive } from "../../../../src/job/mapping.ts";

/** Columns made of several others, one of which may refuse the row. */
export default defineMapping({
  columns: {
    both: derive<[string | undefined, bigint | undefined]>(["a", "b"], (a, b) => `${a ?? "-"}/${b ?? "-"}`),
    checked: derive<[string | undefined]>(["q"], (q) => {
      if (q === "bad") throw new Error("a bad row");
      return q;
    }),
  },
});
