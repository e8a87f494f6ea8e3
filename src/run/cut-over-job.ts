import { TableferryError } from "../base/error.ts";
import type { CutOverSpec, SyncSpec } from "../job/sync-spec.ts";
import { RunLease } from "../pipeline/run-lease.ts";
import { stateKeys } from "../pipeline/state-keys.ts";
import type { StateStore } from "../pipeline/state-store.ts";
import { writeAudit } from "../sync/audit.ts";
import { canary } from "../sync/cut-over/canary.ts";
import { cutOver, type CutOverResult, type WriterFence } from "../sync/cut-over/cut-over.ts";
import { peekCutOver, type CutOverRecord, type Way } from "../sync/cut-over/cut-over-record.ts";
import { readiness, type ReadinessItem } from "../sync/cut-over/readiness.ts";
import { rollingReport } from "../verify/rolling/report.ts";
import { closing, type Closing } from "./closing.ts";
import { cutOverActs } from "./cut-over-acts.ts";
import { openClient } from "./open-client.ts";
import { lookAtState, migrationState, openState } from "./open-state.ts";
import type { SyncContext } from "./sync-context.ts";
import { statusFrom, whoAmI } from "./sync-job.ts";
import { wayOf } from "./sync-ways.ts";
import { writerFence } from "./writer-fence.ts";

/** Whether writers may be moved now, and why not. JSON-clean. */
export interface CutOverCheck {
  readonly job: string;
  readonly ready: boolean;
  readonly record: CutOverRecord;
  readonly items: readonly ReadinessItem[];
}

/** Looks at everything a cut-over asks for; changes nothing. @throws TF_SPEC_INVALID for a job without `cutOver`; errors of both sides */
export function checkCutOver(spec: SyncSpec, context: SyncContext): Promise<CutOverCheck> {
  return closing(async (opened) => checked(spec, await lookAtState(migrationState(spec), spec, context, opened), context, opened));
}

/** Where writers go, by the stored facts alone. @throws TF_STATE_CORRUPT, errors of the state's endpoint */
export function cutOverStanding(spec: SyncSpec, context: SyncContext): Promise<CutOverRecord> {
  return closing(async (opened) => peekCutOver(await lookAtState(migrationState(spec), spec, context, opened), spec.name));
}

/**
 * Moves writers to the other side (`back`: to the target, so that the sync then goes the way back), or back again. Run again after whatever interrupted it;
 * asked for the other way then, it takes back what was begun, or, past the hand-over, ends it and begins another one.
 * @throws TF_CUT_OVER_REFUSED with what is not in order, TF_CUT_OVER_RETREATED, TF_HOOK_FAILED, errors of both sides
 */
export function runCutOver(spec: SyncSpec, to: Way, context: SyncContext): Promise<CutOverResult> {
  return closing(async (opened) => {
    const state = await openState(migrationState(spec), spec, context, opened);
    const rules = cutOverOf(spec);
    const record = await peekCutOver(state, spec.name);
    if (record.step === "idle" && record.way !== to) refuseUnready(await checked(spec, state, context, opened));
    await writeAudit(state, spec.name, context, {
      who: whoAmI(),
      what: to === "back" ? "cut-over" : "cut-back",
      detail: `begun at step ${record.step}`,
    });
    const result = await holding(spec, state, context, async (lease) => {
      const { clock, chance, signal, note } = context;
      return await cutOver({
        ...{ job: spec.name, state, spec: rules, to, clock, signal, note },
        token: chance.id(),
        fence: heldFence(writerFence(spec, rules, context), lease),
        acts: await cutOverActs({ spec, way: (await peekCutOver(state, spec.name)).way, state, context, opened }),
      });
    });
    // One that was past its hand-over came to its end first; what is asked for is another one.
    return result.way === to ? result : await runCutOver(spec, to, context);
  });
}

const leaseMs = 20_000;

/** One run at a time moves writers. @throws TF_RUN_HELD */
async function holding<T>(spec: SyncSpec, state: StateStore, context: SyncContext, act: (lease: RunLease) => Promise<T>): Promise<T> {
  const { clock, chance, signal, note } = context;
  const key = stateKeys.cutOverLease(spec.name);
  const lease = await RunLease.acquire({ state, key, job: `${spec.name}, cut-over`, clock, chance, leaseMs, signal, note });
  try {
    return await act(lease);
  } finally {
    await lease.release(true);
  }
}

/** A run that was overtaken, after the machine slept say, opens and closes nothing any more. */
function heldFence(fence: WriterFence, lease: RunLease): WriterFence {
  const held = async (act: () => Promise<void>) => {
    await lease.confirm();
    await act();
  };
  return { close: (side) => held(() => fence.close(side)), open: (side) => held(() => fence.open(side)) };
}

/**
 * Before the first cut-over: only the side that the sync reads from takes writes. Idempotent; told to nobody but the fence.
 * @throws TF_HOOK_FAILED, TF_POLICY_INVALID
 */
export function closeOtherSide(spec: SyncSpec, context: SyncContext): Promise<void> {
  return closing(async (opened) => {
    const state = await lookAtState(migrationState(spec), spec, context, opened);
    const { way, step } = await peekCutOver(state, spec.name);
    if (step !== "idle") return;
    await writerFence(spec, cutOverOf(spec), context).close(way === "forward" ? "target" : "source");
  });
}

/** Lets writers go to both sides: what a job that is retired leaves behind. */
export async function openBothSides(spec: SyncSpec, context: SyncContext): Promise<void> {
  const fence = writerFence(spec, cutOverOf(spec), context);
  await fence.open("source");
  await fence.open("target");
}

function cutOverOf({ name, cutOver: rules }: SyncSpec): CutOverSpec {
  if (rules !== undefined) return rules;
  throw new TableferryError("TF_SPEC_INVALID", {
    message: `${name} does not say how writers are moved`,
    place: "cutOver",
    wayOut: "Add `cutOver: {}` to the job; docs/cut-over.md lists what it may say.",
  });
}

async function checked(spec: SyncSpec, state: StateStore, context: SyncContext, opened: Closing): Promise<CutOverCheck> {
  const rules = cutOverOf(spec);
  const record = await peekCutOver(state, spec.name);
  const active = wayOf(spec, record.way);
  const [status, verification] = await Promise.all([statusFrom(active, state, context), rollingReport(state, active.name)]);
  const items = readiness({
    ...{ status, verification, cutOver: rules },
    rejectsAllowed: spec.rejects.allowed,
    lagMs: spec.lagSeconds * 1000,
    canary: await wayBack(active, context, opened),
    verifies: spec.continuous !== undefined,
    now: context.clock.now(),
  });
  return { job: spec.name, ready: items.every(({ ready }) => ready), record, items };
}

function refuseUnready({ job, items, ready }: CutOverCheck): void {
  if (ready) return;
  const missing = items.filter((item) => !item.ready);
  throw new TableferryError("TF_CUT_OVER_REFUSED", {
    message: `${missing.length} of ${items.length} conditions are not in order\n  ${missing.map(({ what, text }) => `${what}: ${text}`).join("\n  ")}`,
    place: job,
  });
}

/** Tries the way back, from the side that is written now to the one that is read. */
async function wayBack(active: SyncSpec, context: SyncContext, opened: Closing): Promise<readonly string[]> {
  const written = await openClient({ place: active.target, context, concurrency: 2 }, opened);
  const read = await openClient({ place: active.source, context, concurrency: 2 }, opened);
  return await canary({ client: written, table: active.target.table }, { client: read, table: active.source.table }, context.signal);
}
