import type { JobContext, JobSpec } from "../../src/index.ts";
import { text } from "./fields.ts";
import {
  PartialFailure,
  type Answer,
  type Comparison,
  type Difference,
  type Handlers,
  type Properties,
  type Question,
  type Subject,
} from "./handlers.ts";
import { changedMeaning, checkJob, jobFields, jobInputNames, jobOf, type JobKind } from "./job-inputs.ts";
import { contextFor, JobUnfinished, runJobFor, secondsOf, type JobResult } from "./job-run.ts";
import { knownLater } from "./known-later.ts";
import { library } from "./library.ts";
import { byteText, count } from "./live-progress.ts";
import { unreachable } from "./reachable.ts";
import { remade, sameValue } from "./same-value.ts";
import { unknownPaths } from "./unknown.ts";

/** What tells the kinds of jobs apart: what is recorded of them. */
export interface JobRecords {
  outputsOf(result: JobResult, subject: Subject): Promise<Properties>;
  /** The last line on the resource's row. */
  summaryOf(outputs: Properties): string;
  /** Of a job that did not come to its end, or whose sides differ. */
  unfinishedOf(error: JobUnfinished, subject: Subject): Promise<Properties>;
}

/** Jobs whose resource was deleted in this very `up`: made anew now, they are to run again instead of being found complete (`--replace`). */
const deleted = new Set<string>();

/**
 * A job as a resource. Running `up` again is the whole recovery story: what was interrupted goes on, what is complete and unchanged is left
 * alone, and only what the change concerns is done.
 */
export function jobHandlers(kind: JobKind, records: JobRecords): Handlers {
  const run = async (inputs: Properties, again: boolean, subject: Subject): Promise<Properties> => {
    const spec = await jobOf(kind, inputs);
    const jobId = await jobIdOf(spec, inputs);
    try {
      const result = await runJobFor(subject, { spec, again, timeoutSeconds: secondsOf(inputs, "timeoutSeconds") });
      const outputs = await records.outputsOf(result, subject);
      await subject.engine.show(subject.urn, records.summaryOf(outputs));
      return { jobId, outcome: "complete", ...outputs };
    } catch (error) {
      // What had not begun has changed nothing: Pulumi may forget it, and the next `up` starts with a clean slate.
      if (!(error instanceof JobUnfinished) || !error.begun) throw error;
      throw new PartialFailure(spec.name, { jobId, outcome: error.outcome, ...(await records.unfinishedOf(error, subject)) }, error);
    }
  };
  return {
    check: (question, subject) => check(kind, question, subject),
    plan: (inputs, before, subject) => plan(kind, inputs, before, subject),
    diff,
    create: async (inputs, subject) => {
      const jobName = text(inputs, "jobName");
      return { id: jobName, outputs: await run(inputs, deleted.delete(jobName), subject) };
    },
    update: async ({ before, now }, subject) => {
      if (needed(before, now)) return run(now, runsAgain(before, now), subject);
      return Object.fromEntries(Object.entries(before).filter(([name]) => !jobInputNames.includes(name)));
    },
    read: () => Promise.resolve({ outputs: {} }),
    delete: async (_id, properties, subject) => {
      deleted.add(text(properties, "jobName"));
      await subject.engine.say(subject.urn, "rows, checkpoints, rejects and certificate stay where they are");
    },
  };
}

async function jobIdOf(spec: JobSpec, inputs: Properties): Promise<string> {
  const { jobHash } = await library();
  return jobHash(spec, text(inputs, "mappingHash"));
}

async function check(kind: JobKind, question: Question, subject: Subject): Promise<Answer> {
  const answer = await checkJob(kind, question, subject);
  const { before } = question;
  // A verification writes nothing, so there is nothing to refuse.
  if (kind === "verification" || answer.failures.length > 0 || before === undefined || answer.inputs["onChange"] === "recopy")
    return answer;
  const reason = 'changed after the migration was made; set onChange: "recopy" to copy again over what is there, or take the change back';
  return { ...answer, failures: changedMeaning(before, answer.inputs).map((property) => ({ property, reason: `${property}: ${reason}` })) };
}

async function plan(kind: JobKind, inputs: Properties, before: Properties | undefined, subject: Subject): Promise<readonly string[]> {
  if (unknownPaths(jobFields(kind, inputs)).length > 0) return ["the plan is known once its source and target are"];
  if (before !== undefined && !needed({ ...before, outcome: "complete" }, inputs))
    return ["nothing runs now; the change takes effect in the next run"];
  const { planJob } = await library();
  const spec = await jobOf(kind, inputs);
  const context = await contextFor(subject, before !== undefined && runsAgain(before, inputs));
  const absent = await unreachable(spec);
  if (absent.length > 0) return [...(await sourceLines(spec, context)), `the plan is known once ${absent.join(" and ")} can be reached`];
  try {
    return (await planJob(spec, context)).lines;
  } catch (error) {
    return knownLater(error);
  }
}

/** What can be said already of a source that does not wait for anything. */
async function sourceLines(spec: JobSpec, context: JobContext): Promise<string[]> {
  if (spec.source.type !== "file") return [];
  const { closing, openSource } = await library();
  const {
    exists,
    title,
    estimatedRows: rows,
    estimatedBytes,
  } = await closing(async (opened) => (await openSource(spec, context, opened)).describe());
  if (!exists) return [`${title} is known once it exists`];
  const amounts = [
    rows === undefined ? [] : [`about ${count(rows)} rows`],
    estimatedBytes === undefined ? [] : [byteText(estimatedBytes)],
  ].flat();
  return [`reads ${[title, ...amounts].join(", ")}`];
}

/** Equal by meaning; the provider's text, the URN and what check was told beside the inputs are not among them. */
function diff({ before, now }: Comparison): Promise<Difference> {
  return Promise.resolve({
    changes: before["outcome"] !== "complete" || jobInputNames.some((name) => !sameValue(before[name], now[name])),
  });
}

/** Whether the change, or what an interruption left, calls for a run; the engine then finds out how much there is to do. */
function needed(before: Properties, now: Properties): boolean {
  const judged = ["verify", "rejects"].some((name) => !sameValue(before[name], now[name]));
  return before["outcome"] !== "complete" || judged || runsAgain(before, now);
}

/** Whether what was complete is to be done once more. What was interrupted goes on where it was, whatever this says. */
function runsAgain(before: Properties, now: Properties): boolean {
  return (
    changedMeaning(before, now).length > 0 ||
    !sameValue(before["triggers"], now["triggers"]) ||
    remade(before["targetIncarnation"], now["targetIncarnation"])
  );
}
