import { defineMerge } from "../../../src/job/merge.ts";

/** For the simulations: both values, in an order that neither side decides. */
export default defineMerge<{ m: string }>({
  m: ({ source, target }) => {
    const values = [source.value, target.value].filter((value) => value !== undefined);
    return values.length === 0 ? undefined : [...new Set(values.flatMap((value) => value.split("+")))].toSorted().join("+");
  },
});
