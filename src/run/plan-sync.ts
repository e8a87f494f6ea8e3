import { TableferryError } from "../base/error.ts";
import type { TableStoreClient } from "../client/table-store-client.ts";
import { tableSource } from "../connector/table-store/table-source.ts";
import { tableTarget } from "../connector/table-store/table-target.ts";
import type { Described, Source, Target } from "../connector/connector.ts";
import type { JobContext } from "../job/context.ts";
import { jobHash } from "../job/job-hash.ts";
import { loadMapping, type LoadedMapping } from "../job/load-mapping.ts";
import type { SyncSpec } from "../job/sync-spec.ts";
import type { MigrationPlan } from "../migrate/migration-plan.ts";
import { planMigration } from "../migrate/plan-migration.ts";
import { proofWarnings } from "../migrate/plan-warnings.ts";
import { jobSides, type JobSides } from "../pipeline/job-sides.ts";
import { MemoryStateStore } from "../pipeline/memory-state-store.ts";
import type { StateStore } from "../pipeline/state-store.ts";
import { changeProblems } from "../sync/apply/change-problems.ts";
import { decideSync, type SyncDecision } from "../sync/decide-sync.ts";
import { originColumnsOf, tunnelNameOf, tunnelTypeOf } from "../sync/prepare-sync.ts";
import { peekSync, type SyncRecord } from "../sync/sync-record.ts";
import { findTunnel } from "../sync/tunnel/tunnel-admin.ts";
import { closing, type Closing } from "./closing.ts";
import { copyOf } from "./copy-of-sync.ts";
import { lookOnly } from "./look-only.ts";
import { openClient } from "./open-client.ts";
import { lookAtState, migrationState } from "./open-state.ts";
import { syncPlanLines } from "./sync-plan-lines.ts";
import { isSyncSet } from "./sync-set.ts";

/** What workers of a sync would do first, as `plan` and a Pulumi preview show it. JSON-clean; made without writing anything. */
export interface SyncPlan {
  readonly job: string;
  readonly jobHash?: string | undefined;
  /**
   * `begin`: nothing is there. `recopy`: all is copied again. `from now`: another mapping for changes to come. `refuse`: a worker would stop with the
   * first of `problems`. `unknown`: known once the source exists.
   */
  readonly action: "begin" | "go on" | "recopy" | "from now" | "refuse" | "unknown";
  readonly source: Described["title"];
  readonly target: Described["title"];
  /** How changes are applied (R1). */
  readonly mode?: "cells" | "image" | "look-up" | undefined;
  /** Rows are carried over as they are. */
  readonly identity: boolean;
  readonly mappingHash: string;
  /** The source's stream: whether it is on, and how long it keeps changes (as declared where it is off). */
  readonly stream: { readonly enabled: boolean; readonly hours: number };
  readonly tunnel: { readonly name: string; readonly exists: boolean };
  /** What is copied before changes are applied; undefined: nothing is, or it has been. */
  readonly copy?: MigrationPlan | undefined;
  /** Errors with which a worker would stop, `TF_CODE: sentence`. */
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
  /** The same for people, a line each, summary last. */
  readonly lines: readonly string[];
}

export type UnfinishedPlan = Omit<SyncPlan, "lines">;

export interface SyncPlanOptions {
  /** As if no state of this name were there: it will be forgotten before the first worker starts. */
  readonly anew?: boolean | undefined;
}

interface Opened {
  readonly spec: SyncSpec;
  readonly context: JobContext;
  readonly loaded: LoadedMapping;
  readonly client: TableStoreClient;
  readonly source: Source;
  readonly target: Target;
  readonly state: StateStore;
}

/**
 * What `runSync` would do now. Reads only: a write that slipped in would stop it. What is wrong with the job as such stands in `problems`.
 * @throws TF_USAGE for a pattern, TF_CREDENTIALS_MISSING, TF_CONNECTION, errors of the service
 */
export function planSync(spec: SyncSpec, context: JobContext, { anew = false }: SyncPlanOptions = {}): Promise<SyncPlan> {
  return closing(async (closer) => {
    if (isSyncSet(spec)) {
      throw new TableferryError("TF_USAGE", {
        message: `${spec.source.table} is a pattern, and a plan is of one table`,
        place: spec.name,
        wayOut: "Name one of the tables to see how its changes would be applied.",
      });
    }
    const opened = await open(spec, context, closer, anew);
    const { source, target, client, state, loaded } = opened;
    const { signal } = context;
    const record = await peekSync(state, spec.name);
    const [sourceNow, targetNow] = await Promise.all([source.describe(signal), target.describe(signal)]);
    const outline = { ...outlineOf(spec, loaded), source: sourceNow.title, target: targetNow.title };
    if (!sourceNow.exists) return finished(outline);
    const { stream } = await client.describeTable(spec.source.table, { signal });
    const on = stream?.enabled === true;
    const hours = on ? (stream.expirationHours ?? spec.retentionHours) : spec.retentionHours;
    const found = await findTunnel({ client, ...context }, { tableName: spec.source.table, tunnelName: outline.tunnel.name });
    const facts = { ...outline, stream: { enabled: on, hours }, tunnel: { ...outline.tunnel, exists: found !== undefined } };
    try {
      const sides = sidesOf(opened, sourceNow, targetNow, on ? (stream.originColumns ?? []) : undefined);
      const decision = decided(opened, sides, record);
      const copy = await copyPlan(opened, decision, record);
      const otherTunnel = found !== undefined && found.tunnel.tunnelType !== tunnelTypeOf(spec) && record === undefined;
      const problems = [
        ...changeProblems(sides.mapping, { sourceKey: sourceNow.key, originColumns: sides.originColumns, target: targetNow }).map(
          (problem) => `TF_MAPPING_INVALID: ${problem}`,
        ),
        ...(otherTunnel ? [`TF_TUNNEL_THERE: ${outline.tunnel.name} is of type ${found.tunnel.tunnelType}`] : []),
        ...(copy?.problems ?? []),
      ];
      return finished({
        ...facts,
        jobHash: sides.jobHash,
        mode: sides.mapping.mode,
        action: problems.length > 0 ? "refuse" : decision,
        copy,
        problems,
        warnings: warningsOf(spec, facts, copy),
      });
    } catch (error) {
      if (!(error instanceof TableferryError) || signal.aborted) throw error;
      return finished({ ...facts, action: "refuse", problems: [`${error.code}: ${error.sentence}`] });
    }
  });
}

async function open(spec: SyncSpec, context: JobContext, closer: Closing, anew: boolean): Promise<Opened> {
  const loaded = await loadMapping(spec.mapping, context.folder);
  const looking = { context, concurrency: spec.limits.workers, beforeWrite: lookOnly };
  const client = await openClient({ place: spec.source, ...looking }, closer);
  const targetClient = await openClient({ place: spec.target, ...looking }, closer);
  const source = closer.add(tableSource(client, spec.source.table));
  const target = closer.add(tableTarget(targetClient, spec.target.table, { create: spec.target.create, clock: context.clock }));
  const state = anew ? new MemoryStateStore() : await lookAtState(migrationState(spec), spec, context, closer);
  return { spec, context, loaded, client, source, target, state };
}

function outlineOf(spec: SyncSpec, loaded: LoadedMapping): UnfinishedPlan {
  return {
    job: spec.name,
    action: "unknown",
    source: spec.source.table,
    target: spec.target.table,
    identity: loaded.definition === undefined,
    mappingHash: loaded.hash,
    stream: { enabled: false, hours: spec.retentionHours },
    tunnel: { name: tunnelNameOf(spec), exists: false },
    problems: [],
    warnings: [],
  };
}

function finished(plan: UnfinishedPlan): SyncPlan {
  return { ...plan, lines: syncPlanLines(plan) };
}

/** @param streamed origin columns of the stream that is on; undefined: it is off, and will be switched on with those that the mapping reads */
function sidesOf(
  { spec, loaded }: Opened,
  source: Described,
  target: Described,
  streamed: readonly string[] | undefined,
): JobSides & { readonly originColumns: readonly string[] } {
  const originColumns = streamed ?? originColumnsOf(jobSides(spec, loaded, source, target).mapping, source);
  return { ...jobSides(spec, loaded, source, target, originColumns), originColumns };
}

function decided(
  { spec, context }: Opened,
  { source, target, mapping, jobHash: hash }: JobSides,
  record: SyncRecord | undefined,
): SyncDecision {
  return decideSync(record, {
    job: spec.name,
    jobHash: hash,
    jobHashWith: (mappingHash) => jobHash(spec, mappingHash),
    mappingHash: mapping.hash,
    source,
    target: target.exists ? target : undefined,
    onMappingChange: spec.onMappingChange,
    again: context.again ?? false,
  });
}

async function copyPlan(
  { spec, source, target, state, loaded, context }: Opened,
  decision: SyncDecision,
  record: SyncRecord | undefined,
): Promise<MigrationPlan | undefined> {
  const copies = decision === "recopy" || (decision === "begin" && spec.initial === "copy") || record?.stage === "copying";
  if (!copies || decision === "from now") return undefined;
  const again = decision === "recopy" || record?.again === true;
  return await planMigration({ spec: copyOf(spec), source, target, state, mapping: loaded, context: { ...context, again } });
}

function warningsOf(spec: SyncSpec, { stream }: UnfinishedPlan, copy: MigrationPlan | undefined): string[] {
  const alone = proofWarnings({ spec: copyOf(spec) });
  const short =
    stream.enabled && stream.hours < spec.retentionHours
      ? [
          `the source's stream is on already and keeps changes ${stream.hours} hours, not the ${spec.retentionHours} declared; it is left as it is`,
        ]
      : [];
  return [...short, ...(copy?.warnings ?? []).filter((warning) => !alone.includes(warning))];
}
