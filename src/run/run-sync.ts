import { TableferryError, toError } from "../base/error.ts";
import { faultPointFrom } from "../base/fault-point.ts";
import type { SyncSpec } from "../job/sync-spec.ts";
import type { StateStore } from "../pipeline/state-store.ts";
import { peekCutOver } from "../sync/cut-over/cut-over-record.ts";
import { readControl } from "../sync/sync-control.ts";
import type { WorkerEnd } from "../sync/worker.ts";
import { closing } from "./closing.ts";
import { migrationState, openState } from "./open-state.ts";
import type { SyncContext, SyncEnd } from "./sync-context.ts";
import { statusInForce } from "./sync-job.ts";
import { isSyncSet, syncSet } from "./sync-set.ts";
import { syncTable, type Surroundings } from "./sync-table.ts";
import { syncTwoWay } from "./sync-two-way.ts";
import { wayOf } from "./sync-ways.ts";
import { verifyContinually } from "./verify-continually.ts";
import { WorkerShare } from "./worker-share.ts";

/** Milliseconds between two looks for tables that a pattern matches now, and between two looks at how the sync stands. */
const listMs = 30_000;
const statusMs = 2000;
/** Milliseconds between two looks at a cut-over that is under way. */
const turnLookMs = 200;

/**
 * Runs one worker of a sync until its signal is aborted or it was told to drain. Start it as often as wanted, anywhere: workers of one job share its
 * channels, and take over those of a dead one. Interrupted in any way, the same call goes on from the last checkpoint.
 * @throws TF_CHANGES_EXPIRED, TF_INCARNATION, TF_SYNC_OTHER, TF_MAPPING_CHANGED, TF_MAPPING_INVALID, TF_SCHEMA_DRIFT, TF_REJECTS, TF_SOURCE_MISSING,
 *   TF_TARGET_MISSING, TF_TARGET_NOT_EMPTY, TF_CREDENTIALS_MISSING, TF_CONNECTION, errors of the service
 */
export async function runSync(spec: SyncSpec, context: SyncContext): Promise<SyncEnd> {
  return (await runSyncs([spec], context))[0]!;
}

/** Several syncs in one worker, which share connections, rates and bytes in flight: those of the first. The first that fails ends all. */
export function runSyncs(specs: readonly SyncSpec[], context: SyncContext): Promise<readonly SyncEnd[]> {
  return closing(async (opened) => {
    const end = new AbortController();
    const stop = () => end.abort(context.signal.reason);
    if (context.signal.aborted) stop();
    context.signal.addEventListener("abort", stop, { once: true });
    const run = { ...context, signal: end.signal, faultPoint: context.faultPoint ?? faultPointFrom(context.env) };
    const share = new WorkerShare(specs[0]!, run, opened);
    let failure: Error | undefined;
    const ends = await Promise.all(
      specs.map((spec) =>
        runOne(spec, share, run).catch((error: unknown): SyncEnd => {
          failure ??= toError(error);
          end.abort(failure);
          return { job: spec.name, outcome: "stopped", tables: 0 };
        }),
      ),
    );
    context.signal.removeEventListener("abort", stop);
    if (failure !== undefined) throw failure;
    return ends;
  });
}

function runOne(spec: SyncSpec, share: WorkerShare, context: SyncContext): Promise<SyncEnd> {
  return closing(async (opened) => {
    const state = await openState(migrationState(spec), spec, context, opened);
    const stopTelling = tellStatus(spec, state, context);
    try {
      if (isSyncSet(spec)) return await runSet(spec, state, share, context);
      return { job: spec.name, outcome: await followWays(spec, state, share, context), tables: 1 };
    } finally {
      stopTelling();
    }
  });
}

/** Beside the sync itself, for as long as it runs. */
async function withVerification<T>(
  spec: SyncSpec,
  state: StateStore,
  context: SyncContext,
  run: (context: SyncContext) => Promise<T>,
): Promise<T> {
  if (spec.continuous === undefined) return await run(context);
  const end = new AbortController();
  const verifying = verifyContinually(spec, state, { ...context, signal: end.signal });
  try {
    return await run(context);
  } finally {
    end.abort(new TableferryError("TF_ABORTED", { message: "the sync has ended" }));
    await verifying;
  }
}

/** The way that is in force, and after a cut-over the other one. */
async function followWays(spec: SyncSpec, state: StateStore, share: WorkerShare, context: SyncContext): Promise<"stopped" | "drained"> {
  for (;;) {
    const { way, turns } = await peekCutOver(state, spec.name);
    const active = wayOf(spec, way);
    const end = await withVerification(active, state, context, (own) =>
      syncOne(active, { state, share, controlledBy: [active.name] }, own),
    );
    if (end !== "handed over") return end;
    while (!context.signal.aborted) {
      const now = await peekCutOver(state, spec.name);
      if (now.turns !== turns || (await readControl(state, active.name)).handingOver !== true) break;
      await context.clock.sleep(turnLookMs, context.signal).catch(() => undefined);
    }
    if (context.signal.aborted) return "stopped";
  }
}

/** One table, in one direction or both. */
function syncOne(spec: SyncSpec, surroundings: Surroundings, context: SyncContext): Promise<WorkerEnd> {
  return (spec.twoWay === undefined ? syncTable : syncTwoWay)(spec, surroundings, context);
}

/** Every table that matches, and those that come to match; the first that fails ends all. */
async function runSet(spec: SyncSpec, state: StateStore, share: WorkerShare, context: SyncContext): Promise<SyncEnd> {
  const client = await share.client(spec.source);
  const end = new AbortController();
  const stop = () => end.abort(context.signal.reason);
  if (context.signal.aborted) stop();
  context.signal.addEventListener("abort", stop, { once: true });
  const running = new Map<string, Promise<WorkerEnd>>();
  let failure: Error | undefined;
  try {
    while (!end.signal.aborted) {
      for (const one of await syncSet(spec, client, end.signal)) {
        if (running.has(one.name)) continue;
        const work = syncOne(one, { state, share, controlledBy: [one.name, spec.name] }, { ...context, signal: end.signal }).catch(
          (error: unknown) => {
            if (!end.signal.aborted) failure ??= placed(error, one.source.table);
            end.abort(failure);
            return "stopped" as const;
          },
        );
        running.set(one.name, work);
      }
      const over = await Promise.race([
        context.clock.sleep(listMs, end.signal).then(
          () => false,
          () => true,
        ),
        Promise.all(running.values()).then(() => running.size > 0),
      ]);
      if (over) break;
    }
  } catch (error) {
    if (!end.signal.aborted) failure = toError(error);
  } finally {
    context.signal.removeEventListener("abort", stop);
    if (failure !== undefined) end.abort(failure);
  }
  const outcomes = await Promise.all(running.values());
  if (failure !== undefined) throw failure;
  const drained = outcomes.length > 0 && outcomes.every((outcome) => outcome === "drained");
  return { job: spec.name, outcome: drained ? "drained" : "stopped", tables: running.size };
}

function placed(error: unknown, table: string): Error {
  const { message } = toError(error);
  if (!(error instanceof TableferryError)) return toError(error);
  return new TableferryError(error.code, {
    message: error.sentence,
    place: error.place ?? `table ${table}`,
    wayOut: error.wayOut,
    cause: message,
  });
}

/** Returns what ends it. */
function tellStatus(spec: SyncSpec, state: StateStore, context: SyncContext): () => void {
  const { onStatus, clock, note } = context;
  if (onStatus === undefined || isSyncSet(spec)) return () => undefined;
  const end = new AbortController();
  const tell = async () => {
    while (!end.signal.aborted) {
      await clock.sleep(statusMs, end.signal).catch(() => undefined);
      if (end.signal.aborted) return;
      try {
        onStatus(await statusInForce(spec, state, context));
      } catch (error) {
        note(`The state could not be read (${toError(error).message.split("\n")[0]}).`);
      }
    }
  };
  void tell();
  return () => end.abort();
}
