import type { JobContext, JobSpec, MigrationResult, Progress, VerificationResult } from "../../src/index.ts";
import type { Properties, Subject } from "./handlers.ts";
import { library } from "./library.ts";
import { liveProgress, progressLine } from "./live-progress.ts";
import { stoppable, type StopCause, type Stopping } from "./stopping.ts";
import { Turns } from "./turns.ts";

/** All dynamic resources share one process and one event loop: more jobs at once would only slow each other down. */
const JOBS_AT_ONCE = 2;

const turns = new Turns(JOBS_AT_ONCE);

/** A job that did not come to its end, or came to a bad one, with what is known of it. */
export class JobUnfinished extends Error {
  /** Undefined when it had not begun to write or to compare. */
  readonly progress: Progress | undefined;
  /** What the comparison found, when it came that far. */
  readonly verification: VerificationResult | undefined;

  constructor(
    message: string,
    cause: unknown,
    { progress, verification }: { progress?: Progress | undefined; verification?: VerificationResult | undefined },
  ) {
    super(message, { cause });
    this.name = "JobUnfinished";
    this.progress = progress;
    this.verification = verification;
  }

  get begun(): boolean {
    return this.progress !== undefined || this.verification !== undefined;
  }

  get outcome(): "stopped" | "different" {
    return this.verification === undefined ? "stopped" : "different";
  }
}

export type JobResult = MigrationResult | VerificationResult;

export interface JobOrder {
  readonly spec: JobSpec;
  /** Runs a job that is complete once more, over what is there; one that is not goes on from its checkpoints either way. */
  readonly again: boolean;
  readonly timeoutSeconds: number | undefined;
}

/**
 * Runs a job inside `pulumi up`: in its turn, shown live on the resource's row, stopped at a checkpoint when it is asked to.
 * @throws JobUnfinished
 */
export async function runJobFor(subject: Subject, { spec, again, timeoutSeconds }: JobOrder): Promise<JobResult> {
  const { runJob, systemClock: clock } = await library();
  return stoppable(subject, { clock, since: performance.timeOrigin, timeoutSeconds }, (stopping) => {
    const waits = () => void subject.engine.show(subject.urn, "waits for another job to finish");
    return turns.take(async () => {
      const live = liveProgress(subject, clock);
      let last: Progress | undefined;
      const onProgress = (progress: Progress) => {
        last = progress;
        live.report(progress);
      };
      try {
        return await runJob(spec, { ...(await contextFor(subject, again)), signal: stopping.signal, onProgress });
      } catch (error) {
        throw unfinished(error, stopping, last);
      } finally {
        live.stop();
      }
    }, waits);
  });
}

/** What the library needs of its surroundings, inside a provider. */
export async function contextFor(subject: Subject, again: boolean): Promise<JobContext> {
  const { systemChance, systemClock } = await library();
  return {
    clock: systemClock,
    chance: systemChance,
    signal: new AbortController().signal,
    onProgress: () => undefined,
    folder: subject.folder,
    env: subject.env,
    note: (line) => void subject.engine.say(subject.urn, line.replaceAll(`${subject.folder}/`, "")),
    // The program says `mirror` by name, and the preview what it deletes: whoever lets the update run has been asked.
    confirm: () => Promise.resolve(true),
    again,
  };
}

function unfinished(error: unknown, stopping: Stopping, last: Progress | undefined): JobUnfinished {
  const progress = last === undefined || last.phase === "plan" || last.phase === "prepare" ? undefined : last;
  const verification = error instanceof Error && "verification" in error ? (error.verification as VerificationResult) : undefined;
  return new JobUnfinished(messageOf(error, stopping.cause(), progress), error, { progress, verification });
}

function messageOf(error: unknown, cause: StopCause | undefined, progress: Progress | undefined): string {
  if (cause === undefined) return inPulumi(error instanceof Error ? error.message : String(error));
  const where = progress === undefined ? "before it had begun" : `at a checkpoint: ${progressLine(progress)}`;
  return `TF_STOPPED: ${causeWords[cause]}; the job stopped ${where}\n  way out: Run \`pulumi up\` again; it goes on from there.`;
}

/** The library knows the command's way to run a job once more; programs have their own. */
function inPulumi(message: string): string {
  return message.includes("--again")
    ? `${message}\n  in Pulumi: change \`triggers\`, or run \`pulumi up --replace\` with the URN of this resource, to copy once more.`
    : message;
}

const causeWords: Readonly<Record<StopCause, string>> = {
  asked: "it was asked to stop",
  "time is up": "timeoutSeconds have passed",
  "engine gone": "the engine is gone",
  "provider told to leave": "the provider was told to leave",
};

/** A field that may hold a number of seconds. */
export function secondsOf(inputs: Properties, name: string): number | undefined {
  const value = inputs[name];
  return typeof value === "number" ? value : undefined;
}
