import { TableferryError, toError } from "../base/error.ts";
import { findTable } from "../connector/table-store/table-facts.ts";
import type { CutOverSpec, SyncSpec } from "../job/sync-spec.ts";
import type { KeySchema } from "../model/schema.ts";
import type { KeyValue } from "../model/value.ts";
import type { StateStore } from "../pipeline/state-store.ts";
import { writeAudit } from "../sync/audit.ts";
import { cutOver, type CutOverResult } from "../sync/cut-over/cut-over.ts";
import { peekCutOver, type CutOverRecord, type Way } from "../sync/cut-over/cut-over-record.ts";
import { readiness, type ReadinessItem } from "../sync/cut-over/readiness.ts";
import { rollingReport } from "../verify/rolling/report.ts";
import { deleteRow } from "../wire/operation/delete-row.ts";
import { encodeChange } from "../wire/plainbuffer/encode.ts";
import { ServiceError } from "../wire/service-error.ts";
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

/**
 * Moves writers to the other side (`back`: to the target, so that the sync then goes the way back), or back again. Run again after whatever interrupted it.
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
    const { clock, chance, signal, note } = context;
    return await cutOver({
      ...{ job: spec.name, state, spec: rules, to, clock, signal, note },
      token: chance.id(),
      fence: writerFence(spec, rules, context),
      acts: await cutOverActs({ spec, way: record.way, state, context, opened }),
    });
  });
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
    canary: await canary(active, context, opened),
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

/**
 * Tries the way back without changing anything: the stream of the side written now can be read, and the side read now can be written, shown by a delete whose
 * condition cannot hold.
 */
async function canary(active: SyncSpec, context: SyncContext, opened: Closing): Promise<readonly string[]> {
  const { signal } = context;
  const problems: string[] = [];
  const written = await openClient({ place: active.target, context, concurrency: 2 }, opened);
  const read = await openClient({ place: active.source, context, concurrency: 2 }, opened);
  const trying = async (what: string, act: () => Promise<string | undefined>) => {
    try {
      const problem = await act();
      if (problem !== undefined) problems.push(`${what}: ${problem}`);
    } catch (error) {
      problems.push(`${what}: ${error instanceof ServiceError ? error.code : toError(error).message.split("\n")[0]}`);
    }
  };
  await trying(`the stream of ${active.target.table}`, async () => {
    const found = await findTable(written, active.target.table, signal);
    return found === undefined ? "there is no such table" : found.stream?.enabled === true ? undefined : "it is not switched on";
  });
  await trying(`writing ${active.source.table}`, async () => {
    const found = await findTable(read, active.source.table, signal);
    if (found === undefined) return "there is no such table";
    const change = encodeChange({ type: "delete", key: found.meta.key.map(({ name, type }) => ({ name, value: unlikely(type) })) });
    try {
      // Should this key be there, nothing happens either: it would have to hold what no row holds.
      await read.call(deleteRow, { tableName: active.source.table, change, condition: never }, { signal });
      return "a delete that cannot hold was accepted";
    } catch (error) {
      return error instanceof ServiceError && error.code === "OTSConditionCheckFail" ? undefined : Promise.reject(toError(error));
    }
  });
  return problems;
}

const never = {
  existence: "expectExist",
  filter: {
    type: "column",
    name: "tableferry_canary",
    comparator: "equal",
    value: "tableferry canary: no row holds this",
    filterIfMissing: true,
    latestVersionOnly: true,
  },
} as const;

function unlikely(type: KeySchema["type"]): KeyValue {
  const text = "tableferry-canary";
  return type === "integer" ? -(2n ** 62n) - 4919n : type === "string" ? text : Buffer.from(text);
}
