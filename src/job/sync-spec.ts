import { z } from "zod";
import { tableStoreEndpoint } from "./endpoint-spec.ts";
import { comparison, jobFields, rangeSpec } from "./job-spec.ts";
import { twoWaySpec } from "./two-way-spec.ts";

/** A part of a table, for what is done to a part of a sync. */
export const partSpec = z.strictObject({ range: rangeSpec.optional(), filter: z.array(comparison).max(10).optional() });

const hook = z.array(z.string().min(1)).min(1).describe('a command and its arguments, e.g. ["./fence.sh", "close"]');

/** How writers are moved from one side to the other (R12). */
export const cutOverSpec = z.strictObject({
  /** The mapping of the way back; default: rows as they are, where the way there leaves them as they are. */
  backMapping: jobFields.mapping,
  /** Longest time in which neither side takes writes; on overrun the side that was open is opened again. */
  maxFenceSeconds: z.number().min(1).max(3600).default(60),
  /** Writers' requests that were accepted before the fence are over after so long. */
  writerDeadlineSeconds: z.number().min(0).max(300).default(2),
  /** A cut-over is refused where some row was not verified within this time. */
  maxVerificationAgeSeconds: z.number().min(0).default(86_400),
  /** Every row is verified once more while nobody writes; `none` rests on the age above. */
  finalVerification: z.enum(["all", "none"]).default("all"),
  /**
   * What keeps writers from a side: `policy` denies them its table by the instance's access policy, the keys of this job excepted; a hook is run with
   * `source` or `target` as its last argument and must have taken effect when it ends.
   */
  fence: z.union([z.literal("policy"), z.strictObject({ close: hook, open: hook })]).default("policy"),
});
export type CutOverSpec = z.infer<typeof cutOverSpec>;

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
  /** Verification that goes on while the sync runs: one of its workers compares every row once in `everySeconds`. Left out: only when asked for. */
  continuous: z.strictObject({ everySeconds: z.number().min(1).default(86_400) }).optional(),
  /** Says that writers will be moved to the target, and may be moved back: workers then follow whichever way is in force. */
  cutOver: cutOverSpec.optional(),
  /** Changes go both ways. Cells keep their timestamps then (`versions: keep`), and what is there at first comes through the tunnels. */
  twoWay: twoWaySpec.optional(),
  /** Seconds of the lease on the copy, see a migration's. */
  leaseSeconds: z.number().min(2).max(3600).default(10),
});
export type SyncSpec = z.infer<typeof syncSpec>;
/** What a user may write: defaults not filled in. */
export type SyncInput = z.input<typeof syncSpec>;
