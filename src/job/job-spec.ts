import { z } from "zod";
import { credentialReference, endpointSpec } from "./endpoint-spec.ts";

/**
 * The one description of a job: JSON-clean, versioned, without secrets. The command, the Pulumi provider, a worker and a
 * container all run the same object. Paths resolve from the folder of the job file (or of Pulumi.yaml).
 */
const wholeNumber = z
  .string()
  .regex(/^-?\d{1,19}$/)
  .describe("a whole number of at most 64 bits, in quotes");
const exactNumber = z.number().refine((n) => !Number.isInteger(n) || Number.isSafeInteger(n), {
  error: 'a number that JSON carries exactly; write { integer: "…" } or { double: "…" }',
});

/** A value in JSON. A plain number is an integer when it is whole, else a double; the object forms say it outright. */
export const scalar = z.union([
  z.string(),
  exactNumber,
  z.boolean(),
  z.strictObject({ integer: wholeNumber }),
  z.strictObject({ double: z.string().regex(/^(-?\d+(\.\d+)?([eE][+-]?\d+)?|-?Infinity|NaN)$/) }),
  z.strictObject({ base64: z.base64() }),
]);
export type Scalar = z.infer<typeof scalar>;

const bound = z
  .array(z.union([z.string(), z.int(), z.strictObject({ integer: wholeNumber }), z.strictObject({ base64: z.base64() })]))
  .min(1)
  .max(4);

/** Part of a table by key. */
export const rangeSpec = z.strictObject({
  /** First key, inclusive; leading key columns are enough. */
  from: bound.optional(),
  /** End, exclusive. */
  to: bound.optional(),
});

/** One comparison of a filter. */
export const comparison = z.strictObject({
  column: z.string().min(1),
  is: z.enum(["=", "!=", ">", ">=", "<", "<=", "exists", "absent"]),
  value: scalar.optional(),
});

const rule = z.union([
  z.string().min(1),
  z.strictObject({
    from: z.string().min(1),
    as: z.enum(["integer", "double", "string", "boolean", "binary"]).optional(),
    default: scalar.optional(),
  }),
  z.strictObject({ constant: scalar }),
]);

/** A mapping without functions, in the job file itself. */
export const declaredMapping = z.strictObject({
  key: z.record(z.string(), rule).optional(),
  columns: z.record(z.string(), rule).optional(),
  rest: z.enum(["copy", "drop"]).optional(),
  drop: z.array(z.string()).optional(),
  injective: z.boolean().optional(),
});
export type DeclaredMapping = z.infer<typeof declaredMapping>;

const limitsSpec = z.strictObject({
  rowsPerSecond: z.number().positive().optional(),
  bytesPerSecond: z.number().positive().optional(),
  /** Bytes of rows held at once over all workers; memory is bounded by it (R14). */
  inFlightBytes: z.int().min(8_388_608).default(33_554_432),
  /** Splits read at once. */
  workers: z.int().min(1).max(64).default(4),
  /** Write requests under way at once. */
  writesInFlight: z.int().min(1).max(256).default(8),
});

const stateSpec = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("table"),
    endpoint: z.url({ protocol: /^https?$/ }),
    instance: z.string().min(1),
    table: z.string().default("tableferry_state"),
    credentials: credentialReference.default({ env: "TABLESTORE" }),
  }),
  z.strictObject({ type: z.literal("file"), path: z.string().min(1) }),
]);

export const verifySpec = z.strictObject({
  coverage: z.enum(["all", "none"]).default("all"),
  onMismatch: z.enum(["fail", "report"]).default("fail"),
  /** Values in differences are shown as type and hash only. */
  maskValues: z.boolean().default(false),
  /** Differences listed at most; all are counted. */
  list: z.int().min(0).max(100_000).default(100),
  /** Rounds in which suspects may settle, and the pause between them. */
  rounds: z.int().min(1).max(100).default(3),
  roundSeconds: z.number().min(0).default(1),
  unsettledAllowed: z.int().min(0).default(0),
  /** Where the signed certificate goes; default `.tableferry/certificates/<job>.json`. `false`: none. */
  certificate: z.union([z.string().min(1), z.literal(false)]).optional(),
  /** Ed25519 private key (PEM, PKCS 8) that signs; default `.tableferry/signing-key.pem`, made when missing. */
  signingKey: z.string().min(1).optional(),
});
export type VerifySpec = z.infer<typeof verifySpec>;

/** What every kind of job says. */
export const jobFields = {
  version: z.literal(1).default(1),
  /** Names the job and its checkpoints: letters, digits, `.`, `_`, `-`. */
  name: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/)
    .describe("1 to 100 letters, digits, `.`, `_` or `-`, beginning with a letter or digit"),
  source: endpointSpec,
  target: endpointSpec,
  /** A module whose default export is `defineMapping(…)`, or the rules themselves. Left out: rows as they are. */
  mapping: z.union([z.string().min(1), declaredMapping]).optional(),
  /** Part of the source by key range and by column comparisons (all must hold). */
  range: rangeSpec.optional(),
  filter: z.array(comparison).max(10).optional(),
  versions: z.enum(["latest", "keep"]).default("latest"),
  limits: limitsSpec.prefault({}),
  /** Where checkpoints live; default: a table in the target's instance, else a file `.tableferry/state/<job>.json`. */
  state: stateSpec.optional(),
  verify: verifySpec.prefault({}),
  rejects: z
    .strictObject({
      allowed: z.int().min(0).default(0),
      /** `stop` at the first, or carry on and count. */
      onReject: z.enum(["continue", "stop"]).default("continue"),
    })
    .prefault({}),
  /** The source is not written while the job runs. Otherwise a copy without a stream is a fuzzy copy, and its certificate says so (R3). */
  quiescent: z.boolean().default(true),
};

export const migrationSpec = z.strictObject({
  kind: z.literal("migration").default("migration"),
  ...jobFields,
  onTargetNotEmpty: z.enum(["refuse", "merge", "mirror"]).default("refuse"),
  /** Seconds without a sign of life after which another run may take over (R8). */
  leaseSeconds: z.number().min(2).max(3600).default(10),
});
export type MigrationSpec = z.infer<typeof migrationSpec>;
/** What a user may write: defaults not filled in. */
export type MigrationInput = z.input<typeof migrationSpec>;

export const verificationSpec = z.strictObject({ kind: z.literal("verification"), ...jobFields });
export type VerificationSpec = z.infer<typeof verificationSpec>;

export const jobSpec = z.discriminatedUnion("kind", [migrationSpec, verificationSpec]);
export type JobSpec = z.infer<typeof jobSpec>;
/** What a user may write: defaults not filled in. */
export type JobInput = z.input<typeof migrationSpec> | z.input<typeof verificationSpec>;
