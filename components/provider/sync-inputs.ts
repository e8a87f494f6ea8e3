import { join } from "node:path";
import type { SyncSpec } from "../../src/index.ts";
import { urnParts } from "../stop-request.ts";
import type { Answer, Failure, Properties, Question, Subject } from "./handlers.ts";
import { changedMeaning, hashOf, secretFailures } from "./job-inputs.ts";
import { library } from "./library.ts";
import { failuresOf } from "./problems.ts";
import { sameValue } from "./same-value.ts";
import { UNKNOWN, unknownPaths } from "./unknown.ts";

/** Fields of a sync's job file that a resource takes as they are. */
const specFields = [
  ...["version", "source", "target", "mapping", "range", "filter", "versions", "limits", "state", "verify", "rejects"],
  ...["initial", "start", "onTargetNotEmpty", "tunnel", "retentionHours", "warnHours", "sessionSeconds", "checkpointSeconds", "lagSeconds"],
  ...["onMappingChange", "drift", "continuous", "cutOver", "twoWay", "leaseSeconds"],
];

/** Inputs that are the resource's own and not the specification's. */
const own = [
  ...["jobName", "runner", "timeoutSeconds", "onChange", "deleteTunnel", "forget"],
  ...["sourceIncarnation", "targetIncarnation", "mappingHash", "backMappingHash", "jobFile"],
];

/** Every input that counts when inputs are compared. */
export const syncInputNames: readonly string[] = [...own, ...specFields];

/** Processes that a local runner may be asked for; more than channels are of no use. */
const WORKERS_MAX = 64;

/** The specification that inputs, or recorded outputs, stand for; values may still be unknown. */
export function syncFields(inputs: Properties): Properties {
  const fields = specFields.filter((name) => inputs[name] !== undefined).map((name) => [name, inputs[name]]);
  return { kind: "sync", name: inputs["jobName"], ...Object.fromEntries(fields) };
}

/** @throws TF_SPEC_INVALID */
export async function syncOf(inputs: Properties): Promise<SyncSpec> {
  const { parseSync } = await library();
  return parseSync(syncFields(inputs), "inputs");
}

/** Workers that are to run on this machine; 1 unless the program says otherwise. */
export function declaredWorkers({ runner }: Properties): number {
  const local = typeof runner === "object" && runner !== null && "local" in runner ? runner.local : undefined;
  const workers = typeof local === "object" && local !== null && "workers" in local ? local.workers : undefined;
  return typeof workers === "number" ? workers : 1;
}

/**
 * Checks a sync's inputs by the specification's own rules. The job's name and the place of its file are the first they were given and stay when
 * resource or stack are renamed, so that its workers are found again.
 */
export async function checkSync({ asked, before, name }: Question, subject: Subject): Promise<Answer> {
  const jobName = asked["jobName"] ?? name;
  const kept = sameValue(before?.["jobName"], jobName) ? before?.["jobFile"] : undefined;
  const inputs = { ...asked, jobName, jobFile: kept ?? jobFileOf(jobName, subject) };
  const failures = [...(await specFailures(inputs)), ...ownFailures(inputs)];
  if (failures.length > 0) return { inputs, failures };
  const mappingHash = await hashOf(inputs, subject);
  if (typeof mappingHash !== "string") return { inputs, failures: [mappingHash] };
  const back = backMapping(inputs);
  const backMappingHash = back === undefined ? undefined : await hashOf({ mapping: back }, subject);
  if (typeof backMappingHash === "object") return { inputs, failures: [{ ...backMappingHash, property: "cutOver.backMapping" }] };
  const chosen = { ...inputs, mappingHash, ...(backMappingHash === undefined ? {} : { backMappingHash }) };
  return { inputs: chosen, failures: before === undefined ? [] : changeFailures(before, chosen) };
}

/** The mapping of the way back; a changed module makes a changed input of it, as with the way there. */
function backMapping({ cutOver }: Properties): unknown {
  return typeof cutOver === "object" && cutOver !== null && "backMapping" in cutOver ? cutOver.backMapping : undefined;
}

/** Relative to the project's folder. */
function jobFileOf(jobName: unknown, { urn }: Subject): unknown {
  if (jobName === UNKNOWN) return UNKNOWN;
  return join(".tableferry", "sync", encodeURIComponent(urnParts(urn).stack), `${String(jobName)}.json`);
}

async function specFailures(inputs: Properties): Promise<Failure[]> {
  const { parseSync, problemsOf, syncSpec } = await library();
  const fields = syncFields(inputs);
  const unknown = Object.keys(inputs).filter((name) => !syncInputNames.includes(name) && inputs[name] !== undefined);
  const strangers = problemsOf(syncSpec, { ...fields, ...Object.fromEntries(unknown.map((name) => [name, inputs[name]])) });
  const failures = [...(await secretFailures(fields)), ...failuresOf(strangers, { ...fields, ...inputs })];
  if (failures.length > 0 || unknownPaths(fields).length > 0) return failures;
  try {
    return unfit(parseSync(fields, "inputs"));
  } catch (error) {
    return [{ property: "", reason: error instanceof Error ? error.message : String(error) }];
  }
}

/** What a job file may say and a resource cannot keep. */
function unfit({ source, state }: SyncSpec): Failure[] {
  const failures: Failure[] = [];
  if (source.table.includes("*")) {
    const reason = "source.table: a resource synchronises one table; declare one for each, or give the pattern to `tableferry sync run`";
    failures.push({ property: "source.table", reason });
  }
  if (state?.type === "file") {
    const reason = "state.type: a file is one process's alone, and workers share their state; name a table, or leave it out";
    failures.push({ property: "state.type", reason });
  }
  return failures;
}

function ownFailures(inputs: Properties): Failure[] {
  const { timeoutSeconds, onChange, runner } = inputs;
  const failures: Failure[] = [];
  const open = (value: unknown) => value === undefined || unknownPaths(value).length > 0;
  const wrong = (property: string, expected: string) => failures.push({ property, reason: `${property}: expected ${expected}` });
  if (!open(timeoutSeconds) && !(typeof timeoutSeconds === "number" && timeoutSeconds > 0)) wrong("timeoutSeconds", "a number above 0");
  if (!open(onChange) && onChange !== "refuse" && onChange !== "recopy") wrong("onChange", '"refuse" or "recopy"');
  if (!open(runner) && !isRunner(runner)) wrong("runner", `{ local: { workers: 1 to ${String(WORKERS_MAX)} } }`);
  for (const name of ["deleteTunnel", "forget"]) if (!open(inputs[name]) && typeof inputs[name] !== "boolean") wrong(name, "true or false");
  return failures;
}

function isRunner(runner: unknown): boolean {
  if (typeof runner !== "object" || runner === null || !("local" in runner) || Object.keys(runner).length !== 1) return false;
  const { local } = runner;
  if (typeof local !== "object" || local === null || Object.keys(local).some((name) => name !== "workers")) return false;
  const workers = "workers" in local ? local.workers : 1;
  return typeof workers === "number" && Number.isInteger(workers) && workers >= 1 && workers <= WORKERS_MAX;
}

/** A mapping is for `onMappingChange` to decide (R13), everything else that makes it another sync for `onChange`. */
function changeFailures(before: Properties, now: Properties): Failure[] {
  const others = anotherSync(before, now);
  const failures: Failure[] = [];
  if (now["onChange"] !== "recopy") {
    const reason = 'changed after the sync began; set onChange: "recopy" to begin anew, or take the change back';
    failures.push(...others.map((property) => ({ property, reason: `${property}: ${reason}` })));
  }
  const policy = now["onMappingChange"] ?? "refuse";
  if (others.length === 0 && policy === "refuse" && changedMapping(before, now)) {
    const reason =
      'changed after the sync began; set onMappingChange: "recopy" to copy again over what is there, "fromNow" to apply it to changes to come, or take the change back';
    failures.push({ property: "mapping", reason: `mapping: ${reason}` });
  }
  return failures;
}

export function changedMapping(before: Properties, now: Properties): boolean {
  return changedMeaning(before, now).includes("mapping");
}

/** The inputs, other than the mapping, that make it another sync when they change: what is there of it says nothing of the new one. */
export function anotherSync(before: Properties, now: Properties): string[] {
  const begun = ["initial", "start", "tunnel"].filter((name) => !sameValue(before[name], now[name]));
  return [...changedMeaning(before, now).filter((name) => name !== "mapping"), ...begun];
}
