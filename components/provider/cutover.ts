import type { CutOverRecord, JobContext, SyncSpec } from "../../src/index.ts";
import { checkCutover, cutoverInputs, jobOf, knowsSync, standingOf, syncOfCutover } from "./cutover-inputs.ts";
import { readinessLines, refuseUnready, untilReady } from "./cutover-readiness.ts";
import { flag, text } from "./fields.ts";
import type { Comparison, Difference, Found, Handlers, Made, Properties, Subject } from "./handlers.ts";
import { changedMeaning } from "./job-inputs.ts";
import { contextFor, secondsOf } from "./job-run.ts";
import { knownLater } from "./known-later.ts";
import { library } from "./library.ts";
import { unreachable } from "./reachable.ts";
import { retire } from "./retire.ts";
import { sameValue } from "./same-value.ts";
import { stoppable, type StopCause } from "./stopping.ts";

/** Where the writers of a synchronised table write (R12). What is recorded is compared with the stored facts, so a cut-over by hand is seen. */
export const cutoverHandlers: Handlers = { check: checkCutover, plan, diff, create, update, read, delete: remove };

type Side = "source" | "target";

const WAIT_SECONDS = 60;

const sideOf = ({ way }: CutOverRecord): Side => (way === "forward" ? "source" : "target");
const wantedOf = (inputs: Properties): Side => (inputs["writers"] === "target" ? "target" : "source");
const otherThan = (side: Side): Side => (side === "source" ? "target" : "source");
const waitOf = (inputs: Properties) => secondsOf(inputs, "waitSeconds") ?? WAIT_SECONDS;

/** What preview says, summary last. @throws TF_CUT_OVER_REFUSED as the update would */
async function plan(inputs: Properties, before: Properties | undefined, subject: Subject): Promise<readonly string[]> {
  const wanted = wantedOf(inputs);
  if (inputs["phase"] === "retired") return before?.["phase"] === "retired" ? [] : [retireLine(inputs)];
  if (before === undefined && wanted === "source" && !knowsSync(inputs)) return [closedLine(wanted)];
  if (before?.["writers"] === wanted) return [];
  if (!knowsSync(inputs)) return ["whether writers may be moved is known once the sync is"];
  const spec = await syncOfCutover(inputs);
  const absent = await unreachable(spec);
  if (absent.length > 0) return [`whether writers may be moved is known once ${absent.join(" and ")} can be reached`];
  const context = await contextFor(subject, false);
  try {
    return await moveLines({ inputs, spec, context }, subject);
  } catch (error) {
    return knownLater(error);
  }
}

function closedLine(open: Side): string {
  return `writers write to the ${open}, the ${otherThan(open)} takes writes of the sync only`;
}

function retireLine(inputs: Properties): string {
  const sides = flag(inputs, "keepClosed") ? "the source stays closed to writers" : "both sides take writes again";
  return `the sync is drained and its workers end, then ${sides}; rows, tunnels and state stay`;
}

interface Planned {
  readonly inputs: Properties;
  readonly spec: SyncSpec;
  readonly context: JobContext;
}

async function moveLines({ inputs, spec, context }: Planned, subject: Subject): Promise<readonly string[]> {
  const { cutOverStanding, syncJobStatus } = await library();
  const wanted = wantedOf(inputs);
  const standing = await cutOverStanding(spec, context);
  if (standing.step !== "idle") return [`a move of writers is under way (${standing.step}); it is brought to its end`];
  if (sideOf(standing) === wanted) return [closedLine(wanted)];
  const { record } = await syncJobStatus(spec, context);
  if (record?.stage !== "streaming") return ["whether writers may be moved is known once the sync streams"];
  const check = await untilReady({ spec, context, subject, waitSeconds: waitOf(inputs) });
  await refuseUnready(check, wanted);
  const most = spec.cutOver?.maxFenceSeconds;
  return [
    ...readinessLines(check),
    `writers are moved from the ${otherThan(wanted)} to the ${wanted}; for at most ${String(most)} s neither side takes writes`,
  ];
}

/** Asks the stored facts, so that whoever moved writers by hand is seen. */
async function diff({ before, now }: Comparison, subject: Subject): Promise<Difference> {
  const [former, job] = [jobOf(before), jobOf(now)];
  const others = knowsSync(now) ? changedMeaning(former, job).filter((name) => name === "source" || name === "target") : [];
  if (!sameValue(former["jobName"], job["jobName"]) || others.length > 0) return { changes: true, replaces: ["job"] };
  if (cutoverInputs.some((name) => !sameValue(before[name], now[name]))) return { changes: true };
  if (now["phase"] === "retired") return { changes: false };
  const standing = await standingOf(before, subject);
  if (standing === undefined || (sideOf(standing) === wantedOf(now) && standing.step === "idle")) return { changes: false };
  await subject.engine.show(subject.urn, driftLine(standing, wantedOf(now)));
  return { changes: true };
}

function driftLine(standing: CutOverRecord, wanted: Side): string {
  if (standing.step !== "idle") return `a move of writers is under way (${standing.step}); \`up\` goes on with it`;
  return `writers write to the ${sideOf(standing)}; \`up\` moves them to the ${wanted}`;
}

async function create(inputs: Properties, subject: Subject): Promise<Made> {
  return { id: text(jobOf(inputs), "jobName"), outputs: await settle(inputs, subject) };
}

async function update({ before, now }: Comparison, subject: Subject): Promise<Properties> {
  if (now["phase"] !== "retired") return settle(now, subject);
  const { fenceSeconds, turns, turnedAt } = before;
  const spec = await syncOfCutover(now);
  if (before["phase"] !== "retired") await retire({ spec, inputs: now, context: await contextFor(subject, false), subject });
  return { fenceSeconds, turns, turnedAt };
}

/** Writers where they are declared, and the other side closed to them. Whatever was interrupted is gone on with. */
async function settle(inputs: Properties, subject: Subject): Promise<Properties> {
  const { closeOtherSide, cutOverStanding, systemClock: clock } = await library();
  const spec = await syncOfCutover(inputs);
  const wanted = wantedOf(inputs);
  return stoppable(
    subject,
    { clock, since: performance.timeOrigin, timeoutSeconds: secondsOf(inputs, "timeoutSeconds") },
    async (stopping) => {
      const context = { ...(await contextFor(subject, false)), signal: stopping.signal };
      try {
        const found = await cutOverStanding(spec, context);
        if (found.step !== "idle" || sideOf(found) !== wanted) await move({ inputs, spec, context }, subject);
        await closeOtherSide(spec, context);
        const standing = await cutOverStanding(spec, context);
        await subject.engine.show(subject.urn, summaryOf(standing));
        return outputsOf(standing);
      } catch (error) {
        throw stopping.cause() === undefined ? error : stopped(stopping.cause(), error);
      }
    },
  );
}

/** What was seen in order a moment ago may not be when it begins: that is no reason to refuse before the time to wait is up. */
async function move({ inputs, spec, context }: Planned, subject: Subject): Promise<void> {
  const { cutOverStanding, hasCode, runCutOver } = await library();
  const { clock } = context;
  const wanted = wantedOf(inputs);
  const end = clock.monotonic() + waitOf(inputs) * 1000;
  for (;;) {
    const { step, way } = await cutOverStanding(spec, context);
    if (step === "idle" && sideOf({ step, way, turns: 0 }) !== wanted) {
      const waitSeconds = Math.max(0, end - clock.monotonic()) / 1000;
      await refuseUnready(await untilReady({ spec, context, subject, waitSeconds }), wanted);
    }
    try {
      await subject.engine.show(subject.urn, `moves writers to the ${wanted}`);
      return void (await runCutOver(spec, wanted === "target" ? "back" : "forward", context));
    } catch (error) {
      if (!hasCode(error, "TF_CUT_OVER_REFUSED") || clock.monotonic() >= end) throw error;
    }
  }
}

function outputsOf({ fenceSeconds, turns, turnedAt }: CutOverRecord): Properties {
  return { fenceSeconds: fenceSeconds ?? null, turns, turnedAt: turnedAt === undefined ? "" : new Date(turnedAt).toISOString() };
}

function summaryOf(standing: CutOverRecord): string {
  const { turns, fenceSeconds } = standing;
  const moved = turns === 0 || fenceSeconds === undefined ? "" : `; for ${fenceSeconds.toFixed(1)} s neither side took writes`;
  return `${closedLine(sideOf(standing))}${moved}`;
}

const causeWords: Readonly<Record<StopCause, string>> = {
  asked: "it was asked to stop",
  "time is up": "timeoutSeconds have passed",
  "engine gone": "the engine is gone",
  "provider told to leave": "the provider was told to leave",
};

function stopped(cause: StopCause | undefined, error: unknown): Error {
  const why = cause === undefined ? "it ended" : causeWords[cause];
  const where = error instanceof Error ? error.message : String(error);
  return new Error(
    `TF_STOPPED: ${why} before writers were where they are declared: ${where}\n  way out: Run \`pulumi up\` again; it goes on from there.`,
  );
}

/** A cut-over by hand is drift: recorded as the side that it is, so that the next `up` says what it would do. */
async function read(_id: string, properties: Properties, subject: Subject): Promise<Found | undefined> {
  const standing = properties["phase"] === "retired" ? undefined : await standingOf(properties, subject);
  if (standing === undefined) return { outputs: {} };
  const writers = sideOf(standing);
  if (writers === properties["writers"]) return { outputs: outputsOf(standing) };
  await subject.engine.warn(subject.urn, driftLine(standing, wantedOf(properties)));
  return { outputs: outputsOf(standing), inputs: { writers } };
}

async function remove(_id: string, properties: Properties, subject: Subject): Promise<void> {
  const { urn, engine } = subject;
  if (flag(properties, "keepClosed")) return engine.say(urn, `the ${otherThan(wantedOf(properties))} stays closed to writers`);
  const spec = await syncOfCutover(properties);
  const absent = await unreachable(spec);
  if (absent.length > 0) return engine.warn(urn, `${absent.join(" and ")} cannot be reached: whoever is kept from writing stays so`);
  const { openBothSides } = await library();
  await openBothSides(spec, await contextFor(subject, false));
  await engine.say(urn, "both sides take writes again");
}
