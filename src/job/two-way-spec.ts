import { z } from "zod";

/** Names a site in origin markers and tombstones; of two changes made at one moment, that of the greater id wins. */
const siteId = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,32}$/)
  .describe("1 to 32 letters, digits, `_` or `-`");

/** Who wins where both sites changed a column without knowing of each other. */
export const conflictPolicy = z.enum(["last-writer", "source", "target"]);
export type ConflictPolicy = z.infer<typeof conflictPolicy>;

/** Makes a sync go both ways: one job, two tunnels, and a decision for every column that both sites changed. */
export const twoWaySpec = z.strictObject({
  /** The source's site. */
  site: siteId,
  /** The target's. */
  otherSite: siteId,
  conflicts: z
    .strictObject({
      default: conflictPolicy.default("last-writer"),
      /** By the source's column names. */
      columns: z.record(z.string(), conflictPolicy).optional(),
      /** A module whose default export is `defineMerge({ column: ({ source, target }) => … })`, by the source's column names. */
      merge: z.string().min(1).optional(),
      /** Whether values stand in the list of conflicts, or their types only. */
      values: z.enum(["show", "hide"]).default("show"),
    })
    .prefault({}),
  /** Table beside the target that takes the tombstones; default: where the state is kept. */
  stateTable: z.string().min(1).optional(),
});
export type TwoWaySpec = z.infer<typeof twoWaySpec>;
