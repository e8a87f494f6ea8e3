import { isMap, LineCounter, parseDocument, type Document } from "yaml";
import { z } from "zod";
import { TableferryError } from "../base/error.ts";
import { migrationSpec, verificationSpec, type JobSpec } from "./job-spec.ts";
import { secretPaths, type FieldPath } from "./looks-secret.ts";
import { sameEndpoint } from "./job-hash.ts";
import { problemsOf, valueAt, type SpecProblem } from "./spec-problems.ts";
import { syncSpec, type SyncSpec } from "./sync-spec.ts";

const anyJobSpec = z.discriminatedUnion("kind", [migrationSpec, verificationSpec, syncSpec]);

/**
 * Reads a job file that has an end (migration, verification), YAML or JSON, or takes an object; fills in the defaults.
 * @param file its name, for messages
 * @throws TF_SPEC_INVALID once, with every wrong field: where it stands, what was expected, and for an unknown field the nearest known name
 */
export function parseJob(input: string | object, file = "job"): JobSpec {
  const spec = parseAnyJob(input, file);
  if (spec.kind !== "sync") return spec;
  throw new TableferryError("TF_USAGE", {
    message: `${spec.name} is a sync: it goes on until it is told to end`,
    place: file,
    wayOut: `Run a worker of it with \`tableferry sync run ${file}\`.`,
  });
}

/** Reads a job file of kind `sync`, as `parseJob` does. @throws TF_SPEC_INVALID; TF_USAGE for a job of another kind */
export function parseSync(input: string | object, file = "job"): SyncSpec {
  const spec = parseAnyJob(input, file);
  if (spec.kind === "sync") return spec;
  throw new TableferryError("TF_USAGE", {
    message: `${spec.name} is a ${spec.kind}, not a sync`,
    place: file,
    wayOut: "Write `kind: sync` in the job to keep its target in step with its source.",
  });
}

/** A job of any kind, as `parseJob` reads it. @throws TF_SPEC_INVALID */
export function parseAnyJob(input: string | object, file = "job"): JobSpec | SyncSpec {
  if (typeof input !== "string") return checked(input, () => undefined, file);
  const lines = new LineCounter();
  const document = parseDocument(input, { lineCounter: lines, prettyErrors: false });
  const broken = document.errors.map((error) => `${file}:${lines.linePos(error.pos[0]).line} ${error.message}`);
  if (broken.length > 0) throw invalid(broken, file, "The file is not valid YAML. Correct the line named.");
  return checked(document.toJS(), (path) => lineOf(document, lines, path), file);
}

function checked(input: unknown, line: (path: FieldPath) => number | undefined, file: string): JobSpec | SyncSpec {
  if (typeof input !== "object" || input === null || Array.isArray(input)) {
    throw invalid(
      [`${file}: expected fields like name, source and target`],
      file,
      "Write a job as `name: …`, `source: …`, `target: …`; see the job reference.",
    );
  }
  const value = { kind: "migration", ...input };
  const secrets = secretPaths(value).map((path): SpecProblem => ({ path, text: "looks like an access key, a private key or a password" }));
  const problems = [...secrets, ...problemsOf(anyJobSpec, value)];
  if (problems.length === 0) {
    const spec = withImplied(anyJobSpec.parse(value));
    const meaning = contradictions(spec);
    if (meaning.length === 0) return spec;
    problems.push(...meaning);
  }
  const wayOut =
    secrets.length > 0
      ? "Take the secret out of the specification, name its source instead (credentials: { env: PREFIX } or { file: PATH }), and replace the key if the file was shared."
      : undefined;
  const placed = problems
    .map(({ path, text }) => ({ line: line(path), text: `${pathText(path)}: ${text}` }))
    .toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0));
  throw invalid(
    placed.map((problem) => `${file}${problem.line === undefined ? "" : `:${problem.line}`} ${problem.text}`),
    file,
    wayOut,
  );
}

/** Two-way compares cells by their timestamps (R5). */
function withImplied(spec: JobSpec | SyncSpec): JobSpec | SyncSpec {
  return spec.kind === "sync" && spec.twoWay !== undefined ? { ...spec, versions: "keep" } : spec;
}

/** What is well formed field by field and makes no sense together. */
function contradictions(spec: JobSpec | SyncSpec): SpecProblem[] {
  const problems: SpecProblem[] = [];
  for (const [i, comparison] of (spec.filter ?? []).entries()) {
    const alone = comparison.is === "exists" || comparison.is === "absent";
    if (!alone && comparison.value === undefined)
      problems.push({ path: ["filter", i, "value"], text: `missing; \`${comparison.is}\` compares with a value` });
    if (alone && comparison.value !== undefined)
      problems.push({ path: ["filter", i, "value"], text: `\`${comparison.is}\` takes no value` });
  }
  if (sameEndpoint(spec.source, spec.target)) problems.push({ path: ["target"], text: "is the source itself" });
  if ("create" in spec.source && spec.source.create !== undefined)
    problems.push({ path: ["source", "create"], text: "only a target is created" });
  if (spec.kind === "sync") problems.push(...syncContradictions(spec));
  if (spec.kind === "migration" && spec.verify.coverage === "none" && spec.verify.certificate) {
    problems.push({ path: ["verify", "certificate"], text: "there is no certificate without verification (coverage: none)" });
  }
  return problems;
}

function syncContradictions(spec: SyncSpec): SpecProblem[] {
  const { source, target, initial, start, cutOver, range, filter, mapping, twoWay } = spec;
  const problems: SpecProblem[] = [];
  if (cutOver !== undefined && (range !== undefined || filter !== undefined))
    problems.push({ path: ["cutOver"], text: "moves writers of the whole table; leave out range and filter" });
  if (cutOver !== undefined && twoWay !== undefined)
    problems.push({ path: ["cutOver"], text: "writers of a two-way sync write to both sides already" });
  if (cutOver !== undefined && source.table.includes("*"))
    problems.push({ path: ["cutOver"], text: "moves the writers of one table; write a job for each" });
  if (cutOver !== undefined && mapping !== undefined && cutOver.backMapping === undefined)
    problems.push({ path: ["cutOver", "backMapping"], text: "missing; say how rows come back through the mapping" });
  const stars = [source.table, target.table].map((name) => name.split("*").length - 1);
  if (stars[0]! > 1) problems.push({ path: ["source", "table"], text: "holds more than one `*`" });
  if (stars[1] !== stars[0] && stars[0]! <= 1)
    problems.push({
      path: ["target", "table"],
      text: stars[0] === 0 ? "holds a `*`, and the source's does not" : "needs a `*` that stands for what the source's matches",
    });
  if (twoWay !== undefined) problems.push(...twoWayContradictions(spec, twoWay));
  if (start !== undefined && initial !== "none") problems.push({ path: ["start"], text: "makes sense with `initial: none` only" });
  return problems;
}

function twoWayContradictions(spec: SyncSpec, { site, otherSite }: NonNullable<SyncSpec["twoWay"]>): SpecProblem[] {
  const problems: SpecProblem[] = [];
  if (site === otherSite) problems.push({ path: ["twoWay", "otherSite"], text: "is the id of the source's site" });
  if (spec.range !== undefined) problems.push({ path: ["range"], text: "both ways, whole tables are synchronised" });
  if (spec.filter !== undefined) problems.push({ path: ["filter"], text: "both ways, whole tables are synchronised" });
  if (spec.onMappingChange === "recopy")
    problems.push({ path: ["onMappingChange"], text: "both ways, nothing is copied once more: neither side is the one that is right" });
  if (spec.onTargetNotEmpty === "mirror")
    problems.push({ path: ["onTargetNotEmpty"], text: "both ways, rows that only the target has are carried to the source: `merge`" });
  return problems;
}

function invalid(problems: readonly string[], file: string, wayOut: string | undefined): TableferryError {
  const many = problems.length === 1 ? "1 field is wrong" : `${problems.length} fields are wrong`;
  const place = problems[0]?.split(" ")[0]?.replace(/:$/, "") ?? file;
  return new TableferryError("TF_SPEC_INVALID", { message: `${many}\n  ${problems.join("\n  ")}`, place, wayOut });
}

function pathText(path: FieldPath): string {
  return path.map((step, i) => (typeof step === "number" ? `[${step}]` : i === 0 ? step : `.${step}`)).join("") || "the job";
}

/** The line of the innermost part of a path that stands in the document; of a field, the line of its name. */
function lineOf(document: Document, lines: LineCounter, path: FieldPath): number {
  for (let depth = path.length; depth > 0; depth--) {
    const parent: unknown = depth === 1 ? document.contents : document.getIn(path.slice(0, depth - 1), true);
    const step = path[depth - 1];
    const key: unknown = isMap(parent)
      ? parent.items.find((pair) => keyText(pair.key) === String(step))?.key
      : document.getIn(path.slice(0, depth), true);
    const start = rangeStart(key);
    if (start !== undefined) return lines.linePos(start).line;
  }
  return 1;
}

function keyText(key: unknown): string {
  return typeof key === "object" && key !== null && "value" in key ? String(key.value) : String(key);
}

function rangeStart(node: unknown): number | undefined {
  const range = valueAt(node, ["range"]);
  return Array.isArray(range) && typeof range[0] === "number" ? range[0] : undefined;
}
