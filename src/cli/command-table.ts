import type { Command } from "./invocation.ts";

/** How the text of an option is read: `text` as it stands, `count` and `port` as whole numbers in range, `list` may be repeated. */
export type OptionKind = "flag" | "text" | "count" | "port" | "list" | { readonly oneOf: readonly string[] };

export interface OptionRow {
  /** Name without dashes; camel-cased it is the name in `Invocation`. */
  readonly name: string;
  readonly short?: string | undefined;
  readonly kind: OptionKind;
  /** What stands for the value in help: `--port <number>`. */
  readonly value?: string | undefined;
  readonly text: string;
  /** Variable that stands in for the option. */
  readonly env?: string | undefined;
}

export interface ArgumentRow {
  readonly name: string;
  readonly text: string;
  readonly optional?: boolean | undefined;
  readonly repeated?: boolean | undefined;
}

export interface CommandRow {
  /** Words as typed: `table scan`. */
  readonly path: string;
  readonly summary: string;
  /** What a user should know before running it; one paragraph each. */
  readonly detail?: readonly string[] | undefined;
  readonly arguments?: readonly ArgumentRow[] | undefined;
  readonly options?: readonly OptionRow[] | undefined;
  readonly examples: readonly { readonly type: string; readonly gives: string }[];
  /** Loaded only when the command runs, so that help costs nothing. */
  readonly load: () => Promise<Command>;
}

/** Understood by every command, before or after its name. */
export const everywhere: readonly OptionRow[] = [
  { name: "json", kind: "flag", text: "for machines: one JSON document, or JSON lines while a job runs" },
  { name: "quiet", short: "q", kind: "flag", text: "no progress and no summary; errors and the exit code remain" },
  { name: "no-color", kind: "flag", text: "plain text (also with NO_COLOR set, and where output is no terminal)" },
];

const job: ArgumentRow = { name: "job", text: "job file, YAML or JSON (docs/job-file.md), or the name of a job whose file lies here" };

const reason: OptionRow = { name: "reason", kind: "text", value: "text", text: "kept with who did it and when (`sync audit`)" };

const storeOptions: readonly OptionRow[] = [
  {
    name: "endpoint",
    kind: "text",
    value: "url",
    env: "TABLESTORE_ENDPOINT",
    text: "http(s)://host[:port]; default: the server started here by `tableferry serve`",
  },
  {
    name: "instance",
    kind: "text",
    value: "name",
    env: "TABLESTORE_INSTANCE",
    text: "instance; may be left out where the local server has just one",
  },
  {
    name: "keys",
    kind: "text",
    value: "file",
    text: "JSON file with the access key; default: TABLESTORE_ACCESS_KEY_ID and TABLESTORE_ACCESS_KEY_SECRET, else the keys beside the local server's data",
  },
];

const tableName: ArgumentRow = { name: "table", text: "name of the table" };
const keyArgument: ArgumentRow = {
  name: "key",
  repeated: true,
  text: "one `column=value` each key column, read by the table's types; binary as base64:…",
};

export const commandTable: readonly CommandRow[] = [
  {
    path: "serve",
    summary: "run an embedded Table Store that speaks the real wire protocol",
    detail: [
      "Any official SDK can talk to it. Data stays in the folder until you delete it; with --memory it is gone when the server stops. Runs until Ctrl-C.",
      "Listens on this machine only unless --host says otherwise. Access keys are made on the first start and kept beside the data, readable by you only.",
    ],
    options: [
      { name: "data-dir", kind: "text", value: "folder", text: "where the data lives (default: .tableferry/store)" },
      { name: "memory", kind: "flag", text: "keep everything in memory, for tests" },
      {
        name: "restore",
        kind: "text",
        value: "file",
        text: "begin with this snapshot (docs/testing.md); the store must be empty",
      },
      {
        name: "partition-bytes-max",
        kind: "count",
        value: "bytes",
        text: "stored bytes beyond which a partition of a table is split (default: 10 GB)",
      },
      { name: "host", kind: "text", value: "address", text: "address to listen on (default: 127.0.0.1)" },
      { name: "port", kind: "port", value: "number", text: "port to listen on, 0 for a free one (default: 8087)" },
      {
        name: "instance",
        kind: "list",
        value: "name",
        text: "instance to make when it is missing; repeat for several (default: local, unless --data-dir is given)",
      },
      { name: "log", kind: { oneOf: ["requests"] }, value: "what", text: "requests: print a line for every request on standard error" },
      {
        name: "metrics",
        kind: "port",
        value: "port",
        text: "serve metrics for Prometheus at http://127.0.0.1:<port>/metrics, to whoever is on this machine; 0 for a free port",
      },
      {
        name: "test-controls",
        kind: "flag",
        text: "let whoever has the access key advance the clock, set faults and restore snapshots (docs/testing.md); never for data that matters",
      },
      {
        name: "access-key-id",
        kind: "text",
        value: "id",
        env: "TABLESTORE_ACCESS_KEY_ID",
        text: "use this access key instead of a made one",
      },
      {
        name: "access-key-secret",
        kind: "text",
        value: "secret",
        env: "TABLESTORE_ACCESS_KEY_SECRET",
        text: "its secret; better given by the variable, because other users can read command lines",
      },
    ],
    examples: [
      { type: "serve", gives: "a durable store in .tableferry/store, instance `local`" },
      { type: "serve --memory --port 0 --instance test --json", gives: "for a test suite: the first line says endpoint and keys file" },
    ],
    load: async () => (await import("./command/serve.ts")).serve,
  },
  {
    path: "plan",
    summary: "show what a job would do, without touching the target",
    arguments: [job],
    examples: [{ type: "plan job.yaml", gives: "rows, bytes and splits expected, how the mapping applies, what could go wrong" }],
    load: async () => (await import("./command/plan.ts")).plan,
  },
  {
    path: "migrate",
    summary: "copy a table or file, prove the copy, write a certificate",
    detail: [
      "Run again after any interruption: it goes on from the last checkpoint. Run again when complete: it changes nothing and says so.",
      "The first Ctrl-C stops at a checkpoint, the second one at once; both are safe.",
    ],
    arguments: [job],
    options: [
      { name: "again", kind: "flag", text: "copy a complete job once more, over what is there" },
      { name: "yes", short: "y", kind: "flag", text: "do not ask before rows are deleted (onTargetNotEmpty: mirror)" },
    ],
    examples: [
      { type: "migrate job.yaml", gives: "a progress bar, then a summary and what to try next" },
      { type: "migrate job.yaml --json", gives: "JSON lines: progress, then one result" },
    ],
    load: async () => (await import("./command/migrate.ts")).migrate,
  },
  {
    path: "verify",
    summary: "compare both sides of a job, all rows, and name every difference",
    detail: ["Reads both sides and writes to neither. Exits with 3 when they differ."],
    arguments: [job],
    options: [
      { name: "mask", kind: "flag", text: "show type and hash of differing values, not the values" },
      { name: "list", kind: "count", value: "rows", text: "differences listed at most; all are counted (default: the job's verify.list)" },
    ],
    examples: [
      { type: "verify job.yaml", gives: "equal, or the keys and columns that differ" },
      { type: "verify job.yaml --json | jq '.differences[].key'", gives: "the keys only" },
    ],
    load: async () => (await import("./command/verify.ts")).verify,
  },
  {
    path: "status",
    summary: "show where jobs stand",
    arguments: [{ ...job, optional: true, text: "job file; left out: every job file in this folder" }],
    examples: [
      { type: "status", gives: "one line a job of this folder" },
      { type: "status job.yaml", gives: "splits, rows, rejects, and who holds it" },
    ],
    load: async () => (await import("./command/status.ts")).status,
  },
  {
    path: "rejects list",
    summary: "list the rows that a job could not carry over",
    arguments: [job],
    options: [{ name: "limit", kind: "count", value: "rows", text: "rows shown at most (default: 20; all with --json)" }],
    examples: [{ type: "rejects list job.yaml", gives: "number, place, cause and text of each" }],
    load: async () => (await import("./command/rejects-list.ts")).rejectsList,
  },
  {
    path: "rejects show",
    summary: "show one rejected row whole: cause, place and the original",
    arguments: [job, { name: "number", text: "its number in `rejects list`" }],
    examples: [{ type: "rejects show job.yaml 1", gives: "the row as the source gave it" }],
    load: async () => (await import("./command/rejects-show.ts")).rejectsShow,
  },
  {
    path: "rejects replay",
    summary: "carry rows that a sync has put aside over, as the source has them now",
    detail: ["Never writes what was kept: each row is read from the source and mapped anew. May run beside the workers."],
    arguments: [job, { name: "number", optional: true, repeated: true, text: "numbers in `rejects list`; left out: all" }],
    examples: [
      { type: "rejects replay orders-sync.yaml", gives: "rows that can be carried over now are; the others stay, with their cause" },
    ],
    load: async () => (await import("./command/rejects-replay.ts")).rejectsReplay,
  },
  {
    path: "explain",
    summary: "follow one row through a job: source, mapping, target, split, reject",
    arguments: [
      job,
      {
        ...keyArgument,
        text: "the row's source key, one `column=value` a key column; a target key finds its row too where the mapping allows",
      },
    ],
    options: [{ name: "mask", kind: "flag", text: "show type and hash of values, not the values" }],
    examples: [{ type: "explain job.yaml customer=alice order=17", gives: "the row on both sides, and why they differ" }],
    load: async () => (await import("./command/explain.ts")).explain,
  },
  {
    path: "certificate check",
    summary: "check a certificate's signature and say what it proves",
    arguments: [{ name: "file", text: "certificate written by migrate or verify" }],
    options: [
      {
        name: "public-key",
        kind: "text",
        value: "pem",
        text: "PEM file with the public key it must be signed by; without it the key inside is used, which proves that nothing was altered, not who signed",
      },
    ],
    examples: [
      { type: "certificate check .tableferry/certificates/orders.json", gives: "valid or not, and the counts and digests it states" },
    ],
    load: async () => (await import("./command/certificate-check.ts")).certificateCheck,
  },
  {
    path: "table list",
    summary: "list the tables of an instance",
    options: storeOptions,
    examples: [{ type: "table list --instance modern", gives: "one name a line" }],
    load: async () => (await import("./command/table-list.ts")).tableList,
  },
  {
    path: "table describe",
    summary: "show a table's keys, options, stream and indexes",
    arguments: [tableName],
    options: storeOptions,
    examples: [{ type: "table describe orders", gives: "its schema and settings" }],
    load: async () => (await import("./command/table-describe.ts")).tableDescribe,
  },
  {
    path: "table scan",
    summary: "look at rows in key order",
    detail: [
      "Integers are exact over the whole 64 bits: `17` is an integer, `17.0` a double. What --format jsonl prints, `table put` takes.",
    ],
    arguments: [tableName],
    options: [
      ...storeOptions,
      { name: "limit", kind: "count", value: "rows", text: "rows shown at most (default: 20 as a table, all in the other formats)" },
      { name: "from", kind: "list", value: "column=value", text: "first key, inclusive; repeat for more key columns" },
      { name: "to", kind: "list", value: "column=value", text: "end, exclusive; repeat for more key columns" },
      { name: "columns", kind: "text", value: "a,b,c", text: "attribute columns to show (keys always are)" },
      {
        name: "format",
        kind: { oneOf: ["table", "json", "jsonl"] },
        value: "format",
        text: "table (default), json (default with --json) or jsonl",
      },
    ],
    examples: [
      { type: "table scan orders --limit 5", gives: "the first five rows" },
      { type: "table scan orders --from customer=alice --to customer=bob", gives: "a part, by key" },
      { type: "table scan orders --format jsonl > orders.jsonl", gives: "all rows, one JSON object a line" },
    ],
    load: async () => (await import("./command/table-scan.ts")).tableScan,
  },
  {
    path: "table put",
    summary: "write one row whole, replacing what is there",
    detail: [
      'JSON numbers without a point are integers, with one doubles. Exact and binary values: {"integer": "9007199254740993"}, {"double": "NaN"}, {"base64": "AAE="}.',
    ],
    arguments: [
      tableName,
      { name: "row", text: "the row as a JSON object with key and attribute columns, or - to read JSON lines from standard input" },
    ],
    options: storeOptions,
    examples: [{ type: `table put orders '{"customer": "alice", "order": 17, "amount": 12.5}'`, gives: "the row is there" }],
    load: async () => (await import("./command/table-put.ts")).tablePut,
  },
  {
    path: "table delete",
    summary: "delete one row, or with --drop the whole table",
    detail: ["Asks first; where nobody can answer it needs --yes."],
    arguments: [tableName, { ...keyArgument, optional: true }],
    options: [
      ...storeOptions,
      { name: "drop", kind: "flag", text: "delete the table with all its rows" },
      { name: "yes", short: "y", kind: "flag", text: "do not ask" },
    ],
    examples: [
      { type: "table delete orders customer=alice order=17", gives: "one row less" },
      { type: "table delete orders --drop --yes", gives: "one table less" },
    ],
    load: async () => (await import("./command/table-delete.ts")).tableDelete,
  },
  {
    path: "table create",
    summary: "create a table",
    arguments: [tableName],
    options: [
      ...storeOptions,
      { name: "key", kind: "list", value: "name:type", text: "key column, in order, 1 to 4; type string, integer or binary" },
      { name: "max-versions", kind: "count", value: "count", text: "versions kept of each cell (default: 1)" },
      { name: "time-to-live", kind: "text", value: "seconds", text: "seconds a cell lives, at least 86400, or -1 for ever (default)" },
    ],
    examples: [{ type: "table create orders --key customer:string --key order:integer", gives: "an empty table" }],
    load: async () => (await import("./command/table-create.ts")).tableCreate,
  },
  {
    path: "sync run",
    summary: "run a worker that keeps a target in step with its source",
    detail: [
      "Prepares the tunnel, copies what is there, then applies changes until Ctrl-C. Start it as often as you like, anywhere: workers of one job share its channels and take over those of a dead one.",
      "Several job files make one process that works for all of them, over shared connections.",
    ],
    arguments: [{ ...job, repeated: true }],
    options: [
      {
        name: "metrics",
        kind: "port",
        value: "port",
        text: "serve /metrics for Prometheus and /health for probes at 127.0.0.1:<port>; 0 for a free port",
      },
      { name: "again", kind: "flag", text: "copy once more, over what is there, before changes are applied" },
      { name: "yes", short: "y", kind: "flag", text: "do not ask before rows are deleted (onTargetNotEmpty: mirror)" },
    ],
    examples: [{ type: "sync run orders-sync.yaml", gives: "the target follows the source" }],
    load: async () => (await import("./command/sync-run.ts")).syncRun,
  },
  {
    path: "sync status",
    summary: "show how far apart source and target are: lag, rate, workers, channels",
    arguments: [job],
    options: [{ name: "watch", short: "w", kind: "flag", text: "look again every second; redraws at a terminal, prints lines elsewhere" }],
    examples: [{ type: "sync status orders-sync.yaml --watch", gives: "a live view" }],
    load: async () => (await import("./command/sync-status.ts")).syncStatus,
  },
  {
    path: "sync pause",
    summary: "stop applying changes until `sync resume`; they gather in the stream",
    arguments: [job],
    options: [reason],
    examples: [
      { type: "sync pause orders-sync.yaml --reason 'target is being moved'", gives: "workers keep their channels and do nothing" },
    ],
    load: async () => (await import("./command/sync-control.ts")).syncPause,
  },
  {
    path: "sync resume",
    summary: "go on after a pause or a drain",
    arguments: [job],
    options: [reason],
    examples: [{ type: "sync resume orders-sync.yaml", gives: "changes are applied again" }],
    load: async () => (await import("./command/sync-control.ts")).syncResume,
  },
  {
    path: "sync retune",
    summary: "change the rates of running workers",
    detail: ["Without a rate the limits of the job file hold again. Workers follow within a second or two."],
    arguments: [job],
    options: [
      { name: "rows-per-second", kind: "count", value: "count", text: "rows written a second at most, by each worker" },
      { name: "bytes-per-second", kind: "count", value: "count", text: "bytes written a second at most, by each worker" },
      reason,
    ],
    examples: [{ type: "sync retune orders-sync.yaml --rows-per-second 500", gives: "the target is spared" }],
    load: async () => (await import("./command/sync-control.ts")).syncRetune,
  },
  {
    path: "sync drain",
    summary: "let workers apply everything committed so far, then end",
    arguments: [job],
    options: [reason],
    examples: [{ type: "sync drain orders-sync.yaml", gives: "waits until all workers have ended" }],
    load: async () => (await import("./command/sync-control.ts")).syncDrain,
  },
  {
    path: "sync verify",
    summary: "compare both sides of a running sync, row by row, without alarms for rows in flight",
    detail: [
      "One round; with --continuous round after round. Coverage by day and the age of the oldest proof are kept with the sync (--report shows them).",
      "--repair writes rows that differ under conditions that never overwrite a newer value; each write is kept with who asked for it.",
    ],
    arguments: [job],
    options: [
      { name: "continuous", kind: "flag", text: "round after round until Ctrl-C" },
      { name: "every", kind: "count", value: "seconds", text: "spread a round over so many seconds" },
      { name: "repair", kind: "flag", text: "repair rows that are missing or different" },
      { name: "delete-extras", kind: "flag", text: "with --repair: delete rows that only the target has" },
      {
        name: "from",
        kind: "text",
        value: "json",
        text: "only from this key on, as in a job file: '[\"alice\", 5]'; with --repair a back-fill of that part",
      },
      { name: "to", kind: "text", value: "json", text: "only before this key" },
      { name: "where", kind: "text", value: "json", text: "only rows for which all comparisons hold, as `filter` in a job file" },
      { name: "report", kind: "flag", text: "show what was verified, by day, and compare nothing" },
      { name: "yes", short: "y", kind: "flag", text: "do not ask before deleting" },
    ],
    examples: [{ type: "sync verify orders-sync.yaml --continuous --every 86400", gives: "every row compared once a day" }],
    load: async () => (await import("./command/sync-verify.ts")).syncVerify,
  },
  {
    path: "sync audit",
    summary: "list who paused, resumed, retuned, drained, replayed, repaired or cut over, and when",
    arguments: [job],
    examples: [{ type: "sync audit orders-sync.yaml", gives: "a line for each" }],
    load: async () => (await import("./command/sync-audit.ts")).syncAuditList,
  },
  {
    path: "cutover check",
    summary: "tell whether writers may be moved to the other side now, and what is not in order",
    detail: ["Changes nothing. The job says how writers are kept out: `cutOver` in a job of kind sync (docs/cut-over.md)."],
    arguments: [job],
    examples: [{ type: "cutover check orders-sync.yaml", gives: "each condition, with what was found" }],
    load: async () => (await import("./command/cutover-check.ts")).cutoverCheck,
  },
  {
    path: "cutover run",
    summary: "move writers from the source to the target, so that the sync then goes the way back",
    detail: [
      "Keeps writers out, waits until everything is applied and verified, makes the way back, lets writers in on the other side. What fails or takes too long leads back: writers go on where they were.",
      "Interrupted in any way, the same command goes on.",
    ],
    arguments: [job],
    options: [{ name: "yes", short: "y", kind: "flag", text: "do not ask" }],
    examples: [{ type: "cutover run orders-sync.yaml --yes", gives: "writers go to the target; fence seconds are told" }],
    load: async () => (await import("./command/cutover-run.ts")).cutoverRun,
  },
  {
    path: "cutover back",
    summary: "move writers back to the source",
    arguments: [job],
    options: [{ name: "yes", short: "y", kind: "flag", text: "do not ask" }],
    examples: [{ type: "cutover back orders-sync.yaml --yes", gives: "writers go to the source again" }],
    load: async () => (await import("./command/cutover-run.ts")).cutoverBack,
  },
  {
    path: "sync conflicts",
    summary: "list what both sites of a two-way sync changed, and which change holds",
    detail: ["The newest 1,000; `twoWay.conflicts.values: hide` keeps values out of the list."],
    arguments: [job],
    examples: [{ type: "sync conflicts orders-sync.yaml", gives: "a line a column, the oldest first" }],
    load: async () => (await import("./command/sync-conflicts.ts")).syncConflictsList,
  },
  {
    path: "unlock",
    summary: "free a Pulumi stack whose engine was killed, after checking that it is dead",
    detail: [
      "Does `pulumi cancel` and `pulumi refresh --clear-pending-creates`. Refuses while the process that holds the lock is alive, or when it ran on another machine and nobody can tell.",
      "Run it in the folder of Pulumi.yaml, with the environment you run `pulumi` in.",
    ],
    options: [
      { name: "stack", short: "s", kind: "text", value: "name", text: "stack (default: the one selected)" },
      { name: "pulumi", kind: "text", value: "path", text: "the Pulumi CLI to use (default: the one on PATH)" },
      { name: "yes", short: "y", kind: "flag", text: "do not ask" },
    ],
    examples: [{ type: "unlock --stack dev", gives: "the next `pulumi up` goes on where the killed one was" }],
    load: async () => (await import("./command/unlock.ts")).unlock,
  },
  {
    path: "errors",
    summary: "explain an error code, or list them all",
    arguments: [{ name: "code", optional: true, text: "code as printed, e.g. TF_SPEC_INVALID or OTSAuthFailed" }],
    examples: [{ type: "errors TF_SPEC_INVALID", gives: "what happened, the way out, the exit code" }],
    load: async () => (await import("./command/errors.ts")).errors,
  },
  {
    path: "forget",
    summary: "drop a job's checkpoints and rejects, so that it starts anew",
    detail: ["Deletes no rows of source or target. Refuses while a run holds the job."],
    arguments: [job],
    options: [{ name: "yes", short: "y", kind: "flag", text: "do not ask" }],
    examples: [{ type: "forget job.yaml --yes", gives: "the next migrate starts from the beginning" }],
    load: async () => (await import("./command/forget.ts")).forget,
  },
];

/** Words that only group commands. */
export const groups: Readonly<Record<string, string>> = {
  cutover: "move writers to the other side, and back",
  sync: "keep a target in step with its source",
  rejects: "rows that a job could not carry over",
  certificate: "certificates of verified copies",
  table: "look at and change tables and rows",
};
