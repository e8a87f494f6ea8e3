/** What `pulumi stack export` prints, as far as it is looked at here. */
export interface ExportedStack {
  readonly deployment: { readonly resources?: readonly ExportedResource[] };
}

interface ExportedResource {
  readonly urn: string;
  readonly type: string;
  readonly outputs?: Readonly<Record<string, unknown>>;
}

export interface RunFacts {
  /** The engine's count of what the update did: `{ same: 12 }`, `{ create: 12 }`. */
  readonly changes: Readonly<Record<string, number>>;
  /** Of the whole `pulumi up`. */
  readonly seconds: number;
  readonly jobFile: string;
}

/** What the update did, by the last summary in the engine's log of events. */
export function changesIn(eventLines: readonly string[]): Readonly<Record<string, number>> {
  const summaries = eventLines
    .map((line) => JSON.parse(line) as { summaryEvent?: { resourceChanges: Record<string, number> } })
    .flatMap(({ summaryEvent }) => (summaryEvent === undefined ? [] : [summaryEvent.resourceChanges]));
  return summaries.at(-1) ?? {};
}

/** A screen for people: what was moved and proved, where the certificate is, and commands that work as they stand. */
export function stackSummary(stack: ExportedStack, { changes, seconds, jobFile: file }: RunFacts): string {
  const unchanged = Object.entries(changes).every(([kind, many]) => kind === "same" || many === 0);
  const first = unchanged
    ? `Nothing has changed: the store runs, and both copies were complete and proved before. Nothing was copied or compared again (${seconds.toFixed(0)} s).`
    : `Done in ${seconds.toFixed(0)} s: a Table Store runs on this machine, and both copies are complete and proved.`;
  return [
    "",
    first,
    "",
    ...copyLines("zipcodes.csv → table zipcodes of instance legacy", migration(stack, "load")),
    ...copyLines("table zipcodes of instance legacy → table places of instance modern", migration(stack, "move")),
    "",
    "Try next:",
    ...suggestions(file).flatMap(([command, gives]) => [`  ${command}`, `      ${gives}`]),
  ].join("\n");
}

/** Commands of a clone, for which nothing needs to be on PATH. */
function suggestions(file: string): (readonly [string, string])[] {
  return [
    ["npm run pulumi -- preview", "what would change, and it is nothing"],
    ["npm run tableferry -- table scan places --instance modern --limit 5", "rows as they arrived"],
    [`npm run tableferry -- table put places --instance modern '${editedRow}'`, "edit one row by hand, …"],
    [`npm run tableferry -- verify ${file}`, "… and the comparison names it; it exits with 3"],
    ["npm run tableferry -- certificate check .tableferry/certificates/move.json", "what the certificate proves"],
    ["npm run pulumi -- destroy", "stop the server; the data stays in .tableferry/store"],
  ];
}

/** Row 00501 of the file as the mapping makes it, with another town. */
const editedRow = JSON.stringify({
  state: "NY",
  county: "Suffolk",
  zip: "00501",
  latitude: 40.922326,
  longitude: -72.637078,
  town: "Elsewhere",
  label: "Holtsville, NY 00501",
});

function copyLines(title: string, { outputs = {} }: ExportedResource): string[] {
  const number = (name: string) => Number(outputs[name] ?? 0);
  const amount = `${number("rows").toLocaleString("en-US")} rows, ${(number("bytes") / 1e6).toFixed(1)} MB, ${String(number("rejectedRows"))} rejected`;
  const digest = String(outputs["digest"] ?? "");
  const proof = digest === "" ? "not asked for" : `all rows equal, digest ${digest.slice(0, 16)}…`;
  return [
    title,
    `  copied       ${amount}`,
    `  verified     ${proof}`,
    `  certificate  ${String(outputs["certificate"])}`,
    `  took         ${number("seconds").toFixed(1)} s, copying and comparing`,
  ];
}

function migration(stack: ExportedStack, name: string): ExportedResource {
  const found = stack.deployment.resources?.find(({ urn, type }) => type.endsWith(":Migration") && urn.endsWith(`::${name}`));
  if (found === undefined) throw new Error(`the stack has no migration ${name}`);
  return found;
}

/** The second migration as a job file for the `tableferry` command: the same job, with the same checkpoints. Paths resolve from the folder .tableferry. */
export function jobFile(stack: ExportedStack): string {
  const { source, target } = migration(stack, "move").outputs ?? {};
  const side = (value: unknown) => {
    const { endpoint, instance, table } = value as Readonly<Record<"endpoint" | "instance" | "table", string>>;
    return `{ type: table-store, endpoint: "${endpoint}", instance: ${instance}, table: ${table}, credentials: { file: store/keys.json } }`;
  };
  return [
    "# Written by `npm run quickstart`: the migration `move` of stacks/local as a job of the `tableferry` command.",
    "name: move",
    `source: ${side(source)}`,
    `target: ${side(target)}`,
    "mapping: ../stacks/local/mappings/zipcodes.ts",
    "# Beside the certificate of `pulumi up`, not over it.",
    "verify: { certificate: certificates/move-checked.json, signingKey: signing-key.pem }",
    "",
  ].join("\n");
}
