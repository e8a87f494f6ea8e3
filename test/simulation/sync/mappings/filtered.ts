import { defineMapping } from "../../../../src/job/mapping.ts";

/** Rows are kept by what stands in them. */
export default defineMapping({ keep: { inputs: ["f"], when: (f?: bigint) => f !== 0n } });
