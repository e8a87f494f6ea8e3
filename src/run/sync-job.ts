import { userInfo } from "node:os";
import type { JobContext } from "../job/context.ts";
import type { SyncSpec } from "../job/sync-spec.ts";
import type { StateStore } from "../pipeline/state-store.ts";
import { thisProcess } from "../pipeline/process-owner.ts";
import { listParked } from "../sync/apply/replay-parked.ts";
import { readAudit, writeAudit, type AuditEntry } from "../sync/audit.ts";
import { changeControl, type SyncControl } from "../sync/sync-control.ts";
import { syncStatus, type SyncStatus } from "../sync/sync-status.ts";
import { bothWays } from "../sync/both-ways.ts";
import { readConflicts, type ListedConflict } from "../sync/two-way/conflict-list.ts";
import { closing } from "./closing.ts";
import type { SyncContext } from "./sync-context.ts";
import { backName } from "./two-way-name.ts";
import { lookAtState, migrationState, openState } from "./open-state.ts";

/** What is known of a sync: its own state, and where it lies. JSON-clean. */
export interface SyncJobStatus extends SyncStatus {
  readonly source: string;
  readonly target: string;
  /** Where the state is kept. */
  readonly stateTitle: string;
}

type LookContext = Pick<JobContext, "clock" | "chance" | "folder" | "env" | "signal"> & Pick<SyncContext, "openTransport">;

/** What its workers tell, without touching either side. @throws TF_STATE_CORRUPT, TF_CREDENTIALS_MISSING, errors of the state's endpoint */
export function syncJobStatus(spec: SyncSpec, context: LookContext): Promise<SyncJobStatus> {
  return closing(async (opened) => {
    const state = await lookAtState(migrationState(spec), spec, context, opened);
    return await statusFrom(spec, state, context);
  });
}

export async function statusFrom(spec: SyncSpec, state: StateStore, { clock }: Pick<LookContext, "clock">): Promise<SyncJobStatus> {
  const now = clock.now();
  const statusOf = async (job: string) =>
    syncStatus({
      job,
      state,
      now,
      lagMs: spec.lagSeconds * 1000,
      parked: await countParked(state, job),
      retentionHours: spec.retentionHours,
    });
  const forward = await statusOf(spec.name);
  const back = spec.twoWay === undefined ? undefined : await statusOf(backName(spec));
  const status = back === undefined ? forward : bothWays(forward, { ...back, control: forward.control });
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
    const control = await changeControl(state, spec.name, context.chance.id(), change);
    await writeAudit(state, spec.name, context, { who: whoAmI(), ...audit });
    return control;
  });
}

/** Who did what to a sync, in the order of time. */
export function syncAudit(spec: SyncSpec, context: LookContext): Promise<readonly AuditEntry[]> {
  return closing(async (opened) => readAudit(await lookAtState(migrationState(spec), spec, context, opened), spec.name));
}

/** Columns that both sites of a two-way sync changed, the newest 1,000 in the order of time. */
export function syncConflicts(spec: SyncSpec, context: LookContext): Promise<readonly ListedConflict[]> {
  return closing(async (opened) => readConflicts(await lookAtState(migrationState(spec), spec, context, opened), spec.name));
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
