import { z } from "zod";
import { tableStoreEndpoint } from "./endpoint-spec.ts";
import { jobFields } from "./job-spec.ts";
import { twoWaySpec } from "./two-way-spec.ts";

const { source: _source, target: _target, quiescent: _quiescent, ...shared } = jobFields;

/**
 * A job that keeps a table in step with another one whose changes a tunnel hands out. Any number of workers run the same
 * specification; the tunnel shares its channels out among them.
 */
export const syncSpec = z.strictObject({
  kind: z.literal("sync"),
  ...shared,
  /** `table` may hold one `*`: every table that matches is synchronised, new ones too. */
  source: tableStoreEndpoint,
  /** With a pattern as source, the `*` of `table` stands for what the source's matched. */
  target: tableStoreEndpoint,
  /**
   * How the target comes to what the source holds already: `copy` reads the table in parallel while its changes gather, `base-data` takes
   * rows through the tunnel, `none` takes changes only, from `start` on.
   */
  initial: z.enum(["copy", "base-data", "none"]).default("copy"),
  /** With `initial: none`: take changes from this moment on (ISO 8601; as far back as the stream is kept). Default: from now. */
  start: z.iso.datetime({ offset: true }).optional(),
  onTargetNotEmpty: z.enum(["refuse", "merge", "mirror"]).default("refuse"),
  /** Name of the tunnel on the source's table; made when missing. Default: `tableferry_` and the job's name. */
  tunnel: z
    .string()
    .regex(/^[A-Za-z_][A-Za-z0-9_-]{0,254}$/)
    .describe("1 to 255 letters, digits, `_` or `-`, beginning with a letter or `_`")
    .optional(),
  /** Hours the source's stream keeps changes, where it is switched on by the job. */
  retentionHours: z.int().min(1).max(168).default(168),
  /** Hours before unread changes would expire from which on the job warns. */
  warnHours: z.number().min(0).default(24),
  /** Seconds without a sign of life after which a worker's channels go to others; what it had sent is over by then (R2). */
  sessionSeconds: z.number().min(5).max(300).default(15),
  /** Seconds between checkpoints of a channel: what a crash lets be applied twice. */
  checkpointSeconds: z.number().min(0.1).max(60).default(2),
  /** Behind by no more seconds than this, the target counts as caught up. */
  lagSeconds: z.number().min(0.1).max(86_400).default(5),
  /** What a changed mapping means for rows that are there (R13): `refuse` to start, `recopy` all, or apply it to changes `fromNow` on. */
  onMappingChange: z.enum(["refuse", "recopy", "fromNow"]).default("refuse"),
  /** What a column never seen before, and one that changes its type, mean (R13): `follow` carries them over, `stop` stops the job. */
  drift: z
    .strictObject({ newColumn: z.enum(["follow", "stop"]).default("follow"), changedType: z.enum(["follow", "stop"]).default("follow") })
    .prefault({}),
  /** Changes go both ways. Cells keep their timestamps then (`versions: keep`), and what is there at first comes through the tunnels. */
  twoWay: twoWaySpec.optional(),
  /** Seconds of the lease on the copy, see a migration's. */
  leaseSeconds: z.number().min(2).max(3600).default(10),
});
export type SyncSpec = z.infer<typeof syncSpec>;
/** What a user may write: defaults not filled in. */
export type SyncInput = z.input<typeof syncSpec>;
