import { userInfo } from "node:os";
import type { JobContext } from "../job/context.ts";
import type { SyncSpec } from "../job/sync-spec.ts";
import { peekRun } from "../migrate/run-state.ts";
import { CheckpointStore, totalsOf, type CopyTotals } from "../pipeline/checkpoint.ts";
import { thisProcess } from "../pipeline/process-owner.ts";
import type { StateStore } from "../pipeline/state-store.ts";
import { listParked } from "../sync/apply/replay-parked.ts";
import { readAudit, writeAudit, type AuditEntry } from "../sync/audit.ts";
import { peekCutOver } from "../sync/cut-over/cut-over-record.ts";
import { changeControl, type SyncControl } from "../sync/sync-control.ts";
import { peekSync } from "../sync/sync-record.ts";
import { syncStatus, type SyncStatus, type TunnelChannelFacts } from "../sync/sync-status.ts";
import { describeTunnel, type TunnelChannelState } from "../sync/tunnel/tunnel-admin.ts";
import { bothWays } from "../sync/both-ways.ts";
import { readConflicts, type ListedConflict } from "../sync/two-way/conflict-list.ts";
import { closing } from "./closing.ts";
import { openClient } from "./open-client.ts";
import type { SyncContext } from "./sync-context.ts";
import { backName } from "./two-way-name.ts";
import { wayOf } from "./sync-ways.ts";
import { lookAtState, migrationState, openState } from "./open-state.ts";
import { copyName } from "./park-rejects.ts";

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

/** A sync as it stands, asked on both ends: only the tunnel knows channels that no living worker holds. */
export interface SyncStanding extends SyncJobStatus {
  /** What the first copy has done, while it is made. */
  readonly copying?: CopyStanding | undefined;
}

export interface CopyStanding extends Pick<CopyTotals, "rowsRead" | "rowsWritten" | "rejects"> {
  readonly estimatedRows?: number | undefined;
}

/** As `syncJobStatus`, and asks the source's tunnel too: without it a sync whose channels nobody holds would seem to be in step. @throws TF_TUNNEL_MISSING */
export function syncStanding(spec: SyncSpec, context: LookContext): Promise<SyncStanding> {
  return closing(async (opened) => {
    const { clock, chance, signal } = context;
    const state = await lookAtState(migrationState(spec), spec, context, opened);
    const now = wayOf(spec, (await peekCutOver(state, spec.name)).way);
    const record = await peekSync(state, now.name);
    if (record === undefined) return await statusFrom(now, state, context);
    if (record.stage !== "streaming") return { ...(await statusFrom(now, state, context)), copying: await copyStanding(now, state) };
    const client = await openClient({ place: now.source, context, concurrency: 1 }, opened);
    const named = { tableName: now.source.table, tunnelName: record.tunnel.name };
    const { channels } = await describeTunnel({ client, clock, chance, signal }, named);
    return await statusFrom(now, state, context, channels.flatMap(channelFacts));
  });
}

/** Of a channel that is not over. */
function channelFacts({ channelId, channelStatus = "WAIT", channelRpo }: TunnelChannelState): TunnelChannelFacts[] {
  if (channelStatus === "TERMINATED") return [];
  const consumedUpTo = channelRpo === undefined || channelRpo === 0n ? undefined : Number(channelRpo / 1_000_000n);
  return [{ id: channelId, status: channelStatus, consumedUpTo }];
}

async function copyStanding(spec: SyncSpec, state: StateStore): Promise<CopyStanding | undefined> {
  const copy = copyName(spec);
  const record = await peekRun(state, copy);
  if (record === undefined) return undefined;
  const { rowsRead, rowsWritten, rejects } = totalsOf((await new CheckpointStore(state, copy, record.generation).read()).values());
  return { rowsRead, rowsWritten, rejects, estimatedRows: record.estimatedRows };
}

/** @param tunnel channels that are not over, where the service was asked; of the way there only, where a sync goes both ways */
export async function statusFrom(
  spec: SyncSpec,
  state: StateStore,
  { clock }: Pick<LookContext, "clock">,
  tunnel?: readonly TunnelChannelFacts[],
): Promise<SyncJobStatus> {
  const now = clock.now();
  const statusOf = async (job: string, channels: readonly TunnelChannelFacts[] | undefined) =>
    syncStatus({
      job,
      state,
      now,
      lagMs: spec.lagSeconds * 1000,
      parked: await countParked(state, job),
      tunnel: channels,
      retentionHours: spec.retentionHours,
    });
  const forward = await statusOf(spec.name, tunnel);
  const back = spec.twoWay === undefined ? undefined : await statusOf(backName(spec), undefined);
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
