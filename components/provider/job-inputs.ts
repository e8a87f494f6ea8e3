import type { JobSpec } from "../../src/index.ts";
import type { Answer, Failure, Properties, Question, Subject } from "./handlers.ts";
import { library } from "./library.ts";
import { failuresOf } from "./problems.ts";
import { remade, sameValue } from "./same-value.ts";
import { UNKNOWN, unknownPaths } from "./unknown.ts";

export type JobKind = JobSpec["kind"];

/** Inputs that are the resource's own and not the specification's. */
const own = ["jobName", "triggers", "timeoutSeconds", "onChange", "sourceIncarnation", "targetIncarnation", "mappingHash"];

/** Every input that counts when inputs are compared. */
export const jobInputNames: readonly string[] = [
  ...own,
  ...["version", "source", "target", "mapping", "range", "filter", "versions", "limits", "state", "verify", "rejects", "quiescent"],
  ...["onTargetNotEmpty", "leaseSeconds"],
];

/** The specification that inputs stand for; values may still be unknown. */
export function jobFields(kind: JobKind, inputs: Properties): Properties {
  const fields = Object.entries(inputs).filter(([name]) => !own.includes(name));
  return { kind, name: inputs["jobName"], ...Object.fromEntries(fields) };
}

/** @throws TF_SPEC_INVALID */
export async function jobOf(kind: JobKind, inputs: Properties): Promise<JobSpec> {
  const { parseJob } = await library();
  return parseJob(jobFields(kind, inputs), "inputs");
}

/**
 * Checks a job's inputs by the specification's own rules. The job's name is the first it was given and stays when the resource is
 * renamed; the mapping's hash covers the module and what it imports, and so makes a changed mapping a changed input.
 */
export async function checkJob(kind: JobKind, { asked, name }: Question, subject: Subject): Promise<Answer> {
  const jobName = asked["jobName"] ?? name;
  const inputs = { ...asked, jobName };
  const failures = [...(await specFailures(kind, inputs)), ...ownFailures(inputs)];
  if (failures.length > 0) return { inputs, failures };
  const mappingHash = await hashOf(inputs, subject);
  if (typeof mappingHash !== "string") return { inputs, failures: [mappingHash] };
  return { inputs: { ...inputs, mappingHash }, failures: [] };
}

async function specFailures(kind: JobKind, inputs: Properties): Promise<Failure[]> {
  const { jobSpec, parseJob, problemsOf } = await library();
  const fields = jobFields(kind, inputs);
  const failures = [...(await secretFailures(fields)), ...failuresOf(problemsOf(jobSpec, fields), fields)];
  if (failures.length > 0 || unknownPaths(fields).length > 0) return failures;
  try {
    parseJob(fields, "inputs");
    return [];
  } catch (error) {
    return [{ property: "", reason: error instanceof Error ? error.message : String(error) }];
  }
}

/** Access keys and the like that stand in a specification themselves. */
export async function secretFailures(fields: Properties): Promise<Failure[]> {
  const { secretPaths } = await library();
  const text = "looks like a secret; name where it is instead: { env: PREFIX }, { file: PATH } or { chain: true }";
  return failuresOf(
    secretPaths(fields).map((path) => ({ path, text })),
    fields,
  );
}

function ownFailures({ triggers, timeoutSeconds, onChange }: Properties): Failure[] {
  const failures: Failure[] = [];
  const wrong = (property: string, expected: string) => failures.push({ property, reason: `${property}: expected ${expected}` });
  if (timeoutSeconds !== undefined && timeoutSeconds !== UNKNOWN && !(typeof timeoutSeconds === "number" && timeoutSeconds > 0))
    wrong("timeoutSeconds", "a number above 0");
  if (onChange !== undefined && onChange !== UNKNOWN && onChange !== "refuse" && onChange !== "recopy")
    wrong("onChange", '"refuse" or "recopy"');
  if (triggers !== undefined && triggers !== UNKNOWN && !Array.isArray(triggers)) wrong("triggers", "a list of values");
  return failures;
}

/** The hash of a mapping, `UNKNOWN` while it is not known, or what is wrong with it. */
export async function hashOf({ mapping }: Properties, { folder }: Subject): Promise<string | Failure> {
  if (unknownPaths(mapping).length > 0) return UNKNOWN;
  const { loadMapping } = await library();
  try {
    // Checked by the specification just before.
    return (await loadMapping(mapping as JobSpec["mapping"], folder)).hash;
  } catch (error) {
    return { property: "mapping", reason: error instanceof Error ? error.message : String(error) };
  }
}

/** The inputs that make it another job when they change. A side's address and credentials do not. */
export function changedMeaning(before: Properties, now: Properties): string[] {
  const differs = (name: string, of: (value: unknown) => unknown = (value) => value) => !sameValue(of(before[name]), of(now[name]));
  const changed = ["source", "target"].filter((name) => differs(name, identityOf));
  if (!changed.includes("source") && remade(before["sourceIncarnation"], now["sourceIncarnation"])) changed.push("source");
  if (differs("mappingHash")) changed.push("mapping");
  return [...changed, ...["range", "filter", "versions"].filter((name) => differs(name))];
}

function identityOf(side: unknown): unknown {
  if (typeof side !== "object" || side === null) return side;
  const { endpoint: _address, credentials: _credentials, ...identity } = side as Record<string, unknown>;
  return identity;
}
