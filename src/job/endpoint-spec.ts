import { z } from "zod";

/**
 * Where credentials come from; never the credentials themselves, so that a specification can stand in a repository, in
 * Pulumi state and in a log. `env` names a prefix: PREFIX_ACCESS_KEY_ID and PREFIX_ACCESS_KEY_SECRET (and PREFIX_SECURITY_TOKEN).
 */
export const credentialReference = z.union([
  z.strictObject({
    env: z
      .string()
      .regex(/^[A-Za-z_][A-Za-z0-9_]*$/)
      .describe("prefix of environment variables, e.g. TABLESTORE"),
  }),
  z.strictObject({
    file: z.string().min(1).describe("JSON file with accessKeyId and accessKeySecret, as `tableferry serve` keeps beside its data"),
  }),
  z.strictObject({
    chain: z.literal(true).describe("Alibaba Cloud's own chain: environment, profile, RAM roles of ECS, ACK (RRSA), OIDC"),
  }),
]);
export type CredentialReference = z.infer<typeof credentialReference>;

const keyColumn = z.strictObject({
  name: z.string().min(1),
  type: z.enum(["string", "integer", "binary"]),
});

export const tableStoreEndpoint = z.strictObject({
  type: z.literal("table-store"),
  endpoint: z.url({ protocol: /^https?$/ }).describe("http(s)://host[:port] of the instance"),
  instance: z.string().min(1),
  table: z.string().min(1),
  credentials: credentialReference.default({ env: "TABLESTORE" }),
  /** Target only: make the table if it is not there. */
  create: z
    .strictObject({
      primaryKey: z.array(keyColumn).min(1).max(4),
      timeToLiveSeconds: z.int().optional(),
      maxVersions: z.int().min(1).optional(),
      maxDeviationSeconds: z.int().min(1).optional(),
    })
    .optional(),
});
export type TableStoreEndpoint = z.infer<typeof tableStoreEndpoint>;

/** `binary` is base64 text in the file. */
const columnType = z.enum(["string", "integer", "double", "boolean", "binary"]);

export const fileEndpoint = z.strictObject({
  type: z.literal("file"),
  path: z.string().min(1).describe("relative to the job file; a name ending in .gz is (de)compressed"),
  format: z.enum(["csv", "tsv", "json", "jsonl"]).optional().describe("default: by the file's name"),
  /** CSV and TSV: whether the first line names the columns. */
  header: z.boolean().default(true),
  /** Names of the columns where there is no header. */
  columns: z.array(z.string().min(1)).optional(),
  delimiter: z.string().length(1).optional(),
  encoding: z.enum(["utf8", "latin1"]).default("utf8"),
  /** Types by column for text formats; a value that does not parse refuses the row. Default: string (CSV), as written (JSON). */
  types: z.record(z.string(), columnType).optional(),
  /** Columns that make the key, for looking up and for targets that take the key over. */
  key: z.array(keyColumn).max(4).optional(),
  /** A CSV field with nothing in it: left out, or an empty string. */
  empty: z.enum(["absent", "empty"]).default("absent"),
});
export type FileEndpoint = z.infer<typeof fileEndpoint>;

export const endpointSpec = z.discriminatedUnion("type", [tableStoreEndpoint, fileEndpoint]);
export type EndpointSpec = z.infer<typeof endpointSpec>;
/** What a user may write: defaults not filled in. */
export type EndpointInput = z.input<typeof endpointSpec>;
