import { resolve } from "node:path";
import type { SyncSpec } from "../../src/index.ts";
import {
  PartialFailure,
  type Comparison,
  type Difference,
  type Found,
  type Handlers,
  type Made,
  type Properties,
  type Subject,
} from "./handlers.ts";
import { text } from "./fields.ts";
import { secondsOf } from "./job-run.ts";
import { library } from "./library.ts";
import { count } from "./live-progress.ts";
import { sameValue } from "./same-value.ts";
import { stoppable, type StopCause } from "./stopping.ts";
import { endSync } from "./sync-end.ts";
import { anotherSync, checkSync, declaredWorkers, syncInputNames } from "./sync-inputs.ts";
import { orderOf, type SyncOrder } from "./sync-order.ts";
import { planSyncJob } from "./sync-plan.ts";
import { outputsOf, untilInStep, WaitStopped } from "./sync-standing.ts";
import { settleWorkers, stopAll } from "./sync-workers.ts";
import { livingWorkers, type WorkersPlace } from "./worker-processes.ts";

/**
 * A sync whose workers are processes of this machine. They outlive `up`; the resource starts what is missing, stops what is too many, and waits until the
 * target is in step.
 */
export const syncJobHandlers: Handlers = { check: checkSync, plan: planSyncJob, diff, create, update, read, delete: remove };

/** Where a sync rests: nothing is left to be waited for. */
const restful = ["in step", "paused"];

/** Looks at the processes themselves, so that after a crash or a reboot a plain `up` starts them again. */
async function diff({ before, now }: Comparison, subject: Subject): Promise<Difference> {
  if (!sameValue(before["jobName"], now["jobName"])) return { changes: true, replaces: ["jobName"] };
  if (!restful.includes(text(before, "phase")) || syncInputNames.some((name) => !sameValue(before[name], now[name])))
    return { changes: true };
  const [alive, declared] = [await countLiving(before, subject), declaredWorkers(now)];
  if (alive === declared) return { changes: false };
  await subject.engine.show(subject.urn, aliveLine(alive, declared));
  return { changes: true };
}

async function create(inputs: Properties, subject: Subject): Promise<Made> {
  return { id: text(inputs, "jobName"), outputs: await run(await orderOf(inputs, subject), subject) };
}

async function update({ before, now }: Comparison, subject: Subject): Promise<Properties> {
  const order = await orderOf(now, subject);
  if (anotherSync(before, now).length > 0) await beginAnew(await orderOf(before, subject), order);
  await retune(before, order);
  return run(order, subject);
}

/** Workers that run no more are drift: recorded as fewer than declared, so that the next `up` starts the others. */
async function read(_id: string, properties: Properties, subject: Subject): Promise<Found | undefined> {
  const [alive, declared] = [await countLiving(properties, subject), declaredWorkers(properties)];
  if (alive === declared) return { outputs: { workers: alive } };
  await subject.engine.warn(subject.urn, aliveLine(alive, declared));
  return { outputs: { workers: alive }, inputs: { runner: { local: { workers: alive } } } };
}

function remove(_id: string, properties: Properties, subject: Subject): Promise<void> {
  return endSync(properties, subject);
}

function placeOf(properties: Properties, { folder }: Subject): WorkersPlace {
  return { file: resolve(folder, text(properties, "jobFile")) };
}

async function countLiving(properties: Properties, subject: Subject): Promise<number> {
  return (await livingWorkers(placeOf(properties, subject))).length;
}

function aliveLine(alive: number, declared: number): string {
  const runs = alive === 1 ? "1 worker runs" : `${alive === 0 ? "no" : String(alive)} workers run`;
  return `${runs}, ${String(declared)} ${declared === 1 ? "is" : "are"} declared; \`up\` ${alive < declared ? "starts the missing" : "stops the others"}`;
}

/** The workers as declared, and the target in step. What has been started is recorded, whatever comes of the wait. */
async function run(order: SyncOrder, subject: Subject): Promise<Properties> {
  const { systemClock: clock } = await library();
  const timeoutSeconds = secondsOf(order.inputs, "timeoutSeconds");
  return stoppable(subject, { clock, since: performance.timeOrigin, timeoutSeconds }, async (stopping) => {
    await letRun(order);
    let standing: Awaited<ReturnType<typeof untilInStep>> | undefined;
    try {
      const workers = await settleWorkers(order);
      standing = await untilInStep(order, workers, stopping, (seen) => (standing = seen));
    } catch (error) {
      const outputs = outputsOf(standing, order, await countLiving(order.inputs, subject));
      const cause = error instanceof WaitStopped ? stopped(stopping.cause(), order.spec) : toError(error);
      // Not at rest, whatever was seen last: the next `up` has something to wait for.
      throw new PartialFailure(
        order.spec.name,
        { ...outputs, phase: restful.includes(text(outputs, "phase")) ? "catching up" : outputs["phase"] },
        cause,
      );
    }
    const outputs = outputsOf(standing, order, order.workers);
    if (standing.control.paused)
      await subject.engine.warn(
        subject.urn,
        `the sync is paused: \`tableferry sync resume ${text(order.inputs, "jobFile")}\` lets it go on`,
      );
    else await subject.engine.show(subject.urn, summaryOf(outputs));
    return outputs;
  });
}

function summaryOf({ behindSeconds, changes, workers, parked, copiedRows }: Properties): string {
  const parts = [
    `in step, ${String(behindSeconds)} s behind`,
    `${count(Number(copiedRows))} rows copied`,
    `${count(Number(changes))} changes applied`,
  ];
  if (Number(parked) > 0) parts.push(`${count(Number(parked))} keys parked`);
  return `${parts.join(", ")}; ${Number(workers) === 1 ? "1 worker" : `${String(workers)} workers`}`;
}

const causeWords: Readonly<Record<StopCause, string>> = {
  asked: "it was asked to stop waiting",
  "time is up": "timeoutSeconds have passed",
  "engine gone": "the engine is gone",
  "provider told to leave": "the provider was told to leave",
};

function stopped(cause: StopCause | undefined, { name }: SyncSpec): Error {
  return new Error(
    `TF_STOPPED: ${cause === undefined ? "the wait ended" : causeWords[cause]} before ${name} was in step; its workers go on by themselves\n  way out: Run \`pulumi up\` again; it finds them and waits again.`,
  );
}

/** A sync that was drained is to run again; one that somebody paused stays paused. */
async function letRun({ spec, context }: SyncOrder): Promise<void> {
  const { controlSync, syncJobStatus } = await library();
  const { control } = await syncJobStatus(spec, context);
  if (control.draining) await controlSync(spec, context, { draining: false }, { what: "resume", detail: "declared by a resource" });
}

/** Changed rates are told to the workers as they run. A copy reads its rates once, so its workers end, at a checkpoint, and are started again with them. */
async function retune(before: Properties, order: SyncOrder): Promise<void> {
  const { spec, context, inputs } = order;
  if (sameValue(ratesOf(before), ratesOf(inputs))) return;
  const { controlSync, syncJobStatus } = await library();
  const { rowsPerSecond, bytesPerSecond } = spec.limits;
  await controlSync(spec, context, { rates: { rowsPerSecond, bytesPerSecond } }, { what: "retune", detail: "declared by a resource" });
  const { record } = await syncJobStatus(spec, context);
  if (record?.stage !== "streaming") await stopAll(order);
}

function ratesOf({ limits }: Properties): Properties {
  const { rowsPerSecond, bytesPerSecond } = typeof limits === "object" && limits !== null ? (limits as Properties) : {};
  return { rowsPerSecond, bytesPerSecond };
}

/** What was done for another source, target, part or tunnel says nothing of this one: its workers end, and its state is forgotten. */
async function beginAnew(former: SyncOrder, now: SyncOrder): Promise<void> {
  const { forgetSync, syncJobStatus } = await library();
  await stopAll(former);
  const { record } = await syncJobStatus(former.spec, former.context);
  // An `up` that was interrupted after this step has begun the new one already.
  const begun = record?.jobHash === now.settings.jobId && sameRemains(former.inputs, now.inputs);
  if (record !== undefined && !begun) await forgetSync(former.spec, former.context);
}

/** Whether nothing but what the job's hash covers tells the two apart. */
function sameRemains(before: Properties, now: Properties): boolean {
  return ["sourceIncarnation", "targetIncarnation", "initial", "start", "tunnel"].every((name) => sameValue(before[name], now[name]));
}

function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
