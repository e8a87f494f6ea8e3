import { userInfo } from "node:os";
import type { JobContext } from "../job/context.ts";
import type { SyncSpec } from "../job/sync-spec.ts";
import type { StateStore } from "../pipeline/state-store.ts";
import { thisProcess } from "../pipeline/process-owner.ts";
import { listParked } from "../sync/apply/replay-parked.ts";
import { readAudit, writeAudit, type AuditEntry } from "../sync/audit.ts";
import { peekCutOver } from "../sync/cut-over/cut-over-record.ts";
import { changeControl, type SyncControl } from "../sync/sync-control.ts";
import { syncStatus, type SyncStatus } from "../sync/sync-status.ts";
import { closing } from "./closing.ts";
import { wayOf } from "./sync-ways.ts";
import { lookAtState, migrationState, openState } from "./open-state.ts";

/** What is known of a sync: its own state, and where it lies. JSON-clean. */
export interface SyncJobStatus extends SyncStatus {
  readonly source: string;
  readonly target: string;
  /** Where the state is kept. */
  readonly stateTitle: string;
}

type LookContext = Pick<JobContext, "clock" | "chance" | "folder" | "env" | "signal">;

/** What its workers tell, without touching either side. @throws TF_STATE_CORRUPT, TF_CREDENTIALS_MISSING, errors of the state's endpoint */
export function syncJobStatus(spec: SyncSpec, context: LookContext): Promise<SyncJobStatus> {
  return closing(async (opened) => {
    const state = await lookAtState(migrationState(spec), spec, context, opened);
    return await statusInForce(spec, state, context);
  });
}

/** The sync as it goes now, by its state. */
export function inForce(spec: SyncSpec, context: LookContext): Promise<SyncSpec> {
  if (spec.cutOver === undefined) return Promise.resolve(spec);
  return closing(async (opened) => {
    const state = await lookAtState(migrationState(spec), spec, context, opened);
    return wayOf(spec, (await peekCutOver(state, spec.name)).way);
  });
}

/** Of the way that is in force; a sync without a cut-over has one way. */
export async function statusInForce(spec: SyncSpec, state: StateStore, context: Pick<LookContext, "clock">): Promise<SyncJobStatus> {
  const { way } = await peekCutOver(state, spec.name);
  return await statusFrom(wayOf(spec, way), state, context);
}

export async function statusFrom(spec: SyncSpec, state: StateStore, { clock }: Pick<LookContext, "clock">): Promise<SyncJobStatus> {
  const status = await syncStatus({
    job: spec.name,
    state,
    now: clock.now(),
    lagMs: spec.lagSeconds * 1000,
    parked: await countParked(state, spec.name),
    retentionHours: spec.retentionHours,
  });
  return { ...status, source: sideTitle(spec.source), target: sideTitle(spec.target), stateTitle: state.title };
}

/**
 * Tells all workers of a sync something, and keeps who did.
 * @throws TF_STATE_CORRUPT, errors of the state's endpoint
 */
export function controlSync(
  spec: SyncSpec,
  context: LookContext,
  change: Partial<SyncControl>,
  audit: Pick<AuditEntry, "what" | "detail">,
): Promise<SyncControl> {
  return closing(async (opened) => {
    const state = await openState(migrationState(spec), spec, context, opened);
    const { way } = await peekCutOver(state, spec.name);
    const control = await changeControl(state, wayOf(spec, way).name, context.chance.id(), change);
    await writeAudit(state, spec.name, context, { who: whoAmI(), ...audit });
    return control;
  });
}

/** Who did what to a sync, in the order of time. */
export function syncAudit(spec: SyncSpec, context: LookContext): Promise<readonly AuditEntry[]> {
  return closing(async (opened) => readAudit(await lookAtState(migrationState(spec), spec, context, opened), spec.name));
}

/** For audit lines: `dana on laptop`. */
export function whoAmI(): string {
  const { host } = thisProcess();
  try {
    return `${userInfo().username} on ${host}`;
  } catch {
    // A container's user may have no name.
    return `user ${process.getuid?.() ?? "unknown"} on ${host}`;
  }
}

function sideTitle({ table, instance }: { readonly table: string; readonly instance: string }): string {
  return `table ${table} of instance ${instance}`;
}

async function countParked(state: StateStore, job: string): Promise<number> {
  let count = 0;
  for await (const _parked of listParked(state, job)) count++;
  return count;
}
