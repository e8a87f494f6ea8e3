import type { CutOverRecord, SyncSpec } from "../../src/index.ts";
import { flagField, optional, wrongFields, type FieldRule } from "./fields.ts";
import type { Answer, Failure, Properties, Question, Subject } from "./handlers.ts";
import { contextFor } from "./job-run.ts";
import { library } from "./library.ts";
import { isPhase, phaseProblem, phases } from "./phase-order.ts";
import { reachable } from "./reachable.ts";
import { stateEndpoint } from "./sync-drain.ts";
import { syncFields, syncOf } from "./sync-inputs.ts";
import { unknownPaths } from "./unknown.ts";

const seconds = (least: string, holds: (value: number) => boolean): FieldRule => ({
  expected: `a number of seconds, ${least}`,
  optional: true,
  holds: (value) => typeof value === "number" && holds(value),
});

const rules = {
  job: { expected: "a SyncJob", holds: (value: unknown) => typeof value === "object" && value !== null },
  writers: { expected: '"source" or "target"', holds: (value: unknown) => value === "source" || value === "target" },
  waitSeconds: seconds("0 or more", (value) => value >= 0),
  timeoutSeconds: seconds("above 0", (value) => value > 0),
  keepClosed: flagField,
  phase: optional({ expected: phases.map((phase) => `"${phase}"`).join(", "), holds: isPhase }),
};

export const cutoverInputs: readonly string[] = Object.keys(rules);

/** Whether the specification of the sync is known in full. */
export function knowsSync(inputs: Properties): boolean {
  return unknownPaths(inputs["job"]).length === 0;
}

/** @throws TF_SPEC_INVALID */
export function syncOfCutover(inputs: Properties): Promise<SyncSpec> {
  return syncOf(jobOf(inputs));
}

export function jobOf({ job }: Properties): Properties {
  return typeof job === "object" && job !== null ? (job as Properties) : {};
}

export async function checkCutover({ asked: inputs, before }: Question, subject: Subject): Promise<Answer> {
  const failures = wrongFields(rules, inputs);
  if (failures.length > 0) return { inputs, failures };
  return { inputs, failures: [...(await syncFailures(inputs)), ...(await phaseFailures(before, inputs, subject))] };
}

/** Undefined: nobody can tell now, such as before the store is started. */
export async function standingOf(properties: Properties, subject: Subject): Promise<CutOverRecord | undefined> {
  const spec = await syncOfCutover(properties);
  if (!(await reachable(stateEndpoint(spec)))) return undefined;
  const { cutOverStanding } = await library();
  return await cutOverStanding(spec, await contextFor(subject, false));
}

async function syncFailures(inputs: Properties): Promise<Failure[]> {
  if (!knowsSync(inputs)) return [];
  // What else is wrong with it, the sync's own check says.
  if (syncFields(jobOf(inputs))["cutOver"] !== undefined) return [];
  const reason = "sync: it does not say that writers are moved; give the SyncJob `cutOver: {}` (docs/cut-over.md lists what it may say)";
  return [{ property: "sync", reason }];
}

async function phaseFailures(before: Properties | undefined, now: Properties, subject: Subject): Promise<Failure[]> {
  if (!isPhase(now["phase"])) return [];
  const problem = phaseProblem(isPhase(before?.["phase"]) ? before["phase"] : undefined, now["phase"]);
  if (problem === undefined) return [];
  // Declared again after it was taken out of the program: where writers are, the sync's state still says.
  if (before === undefined && now["writers"] === "target" && knowsSync(now) && (await standingOf(now, subject))?.way === "back") return [];
  return [{ property: "phase", reason: `phase: ${problem}` }];
}
