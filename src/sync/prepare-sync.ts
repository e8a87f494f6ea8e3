import { TableferryError } from "../base/error.ts";
import type { TableStoreClient } from "../client/table-store-client.ts";
import type { Described, Source, Target } from "../connector/connector.ts";
import type { JobContext } from "../job/context.ts";
import { jobHash } from "../job/job-hash.ts";
import type { LoadedMapping } from "../job/load-mapping.ts";
import type { CompiledMapping } from "../job/mapping.ts";
import type { SyncSpec } from "../job/sync-spec.ts";
import { changeEntry } from "../pipeline/change-entry.ts";
import { jobSides, type JobSides } from "../pipeline/job-sides.ts";
import { stateKeys } from "../pipeline/state-keys.ts";
import type { StateStore } from "../pipeline/state-store.ts";
import { changeProblems } from "./apply/change-problems.ts";
import { decideSync } from "./decide-sync.ts";
import { peekSync, type SyncRecord } from "./sync-record.ts";
import { ensureStream, type TableStream } from "./tunnel/ensure-stream.ts";
import { firstCheckpoints } from "./tunnel/first-checkpoints.ts";
import { ensureTunnel } from "./tunnel/tunnel-admin.ts";

export interface SyncInput {
  readonly spec: SyncSpec;
  readonly source: Source;
  readonly target: Target;
  /** Of the source's instance: the tunnel is there. */
  readonly client: TableStoreClient;
  readonly state: StateStore;
  readonly loaded: LoadedMapping;
  readonly context: JobContext;
  /** Names this worker in the state store. */
  readonly worker: string;
  /** Columns whose old values must stand in the source's records whatever the mapping reads. */
  readonly originColumns?: readonly string[] | undefined;
}

/** A sync whose tunnel gathers changes. */
export interface PreparedSync {
  readonly record: SyncRecord;
  readonly sides: JobSides;
  readonly stream: TableStream;
}

/**
 * The first steps of a sync (R3): the stream is on and active, the tunnel is there and hands out channels, and every channel's first checkpoint is
 * known. Only after that may the first row be read. Each step may be repeated, and several workers may do them at once.
 * @throws what `decideSync` throws; TF_SOURCE_MISSING, TF_MAPPING_INVALID, TF_CHANGES_EXPIRED, errors of the service
 */
export async function prepareSync(input: SyncInput): Promise<PreparedSync> {
  const { spec, state, context, loaded, source, target, client, worker } = input;
  const { signal } = context;
  const described = await source.describe(signal);
  if (!described.exists) throw new TableferryError("TF_SOURCE_MISSING", { message: `there is no ${described.title}`, place: "source" });
  const admin = { client, clock: context.clock, chance: context.chance, signal };
  const originColumns = [...new Set([...(input.originColumns ?? []), ...(await originColumnsFor(spec, loaded, input, described))])];
  const stream = await ensureStream(admin, spec.source.table, { expirationHours: spec.retentionHours, originColumns });
  refuseWithoutOrigins(input, stream, described.title);
  const [sourceNow, targetNow] = await Promise.all([source.describe(signal), target.describe(signal)]);
  const sides = jobSides(spec, loaded, sourceNow, targetNow, stream.originColumns);
  refuseUnfit(changeProblems(sides.mapping, { sourceKey: sourceNow.key, originColumns: stream.originColumns, target: targetNow }), loaded);
  const found = await peekSync(state, spec.name);
  const decision = decideSync(found, {
    job: spec.name,
    jobHash: sides.jobHash,
    jobHashWith: (hash) => jobHash(spec, hash),
    mappingHash: sides.mapping.hash,
    source: sourceNow,
    target: targetNow.exists ? targetNow : undefined,
    onMappingChange: spec.onMappingChange,
    again: context.again ?? false,
  });
  if (decision === "go on") return { record: found!, sides, stream };
  const name = tunnelNameOf(spec);
  const named = { tableName: spec.source.table, tunnelName: name };
  const start = startOf(spec);
  const tunnel = await ensureTunnel(admin, {
    ...named,
    type: tunnelTypeOf(spec),
    ...(start === undefined ? {} : { config: { startOffset: start } }),
  });
  const channels = await firstCheckpoints(admin, { ...named, tunnelId: tunnel.tunnelId });
  const now = context.clock.now();
  const record = await changeEntry<SyncRecord>(state, stateKeys.sync(spec.name), worker, (stored) => {
    // Another worker was faster: what it wrote holds.
    if (JSON.stringify(stored) !== JSON.stringify(found)) return undefined;
    if (decision === "from now") return { ...stored!, jobHash: sides.jobHash, mappingHash: sides.mapping.hash, mappingSince: now };
    return {
      format: 1,
      kind: "sync",
      jobHash: sides.jobHash,
      mappingHash: sides.mapping.hash,
      stage: spec.initial === "copy" || decision === "recopy" ? "copying" : "streaming",
      again: decision === "recopy",
      tunnel: { name, id: tunnel.tunnelId },
      source: { title: sourceNow.title, incarnation: sourceNow.incarnation },
      target: { title: targetNow.title, incarnation: "" },
      firstCheckpoints: channels.length,
      begun: now,
    };
  });
  return { record: record!, sides, stream };
}

/** Columns whose old values the mapping reads, where it cannot be applied without them (R1); asked for where the stream is switched on. */
async function originColumnsFor(
  spec: SyncSpec,
  loaded: LoadedMapping,
  { target, context }: SyncInput,
  described: Described,
): Promise<readonly string[]> {
  const targetNow = await target.describe(context.signal);
  const { mapping } = jobSides(spec, loaded, described, targetNow);
  return originColumnsOf(mapping, described);
}

/** Columns whose old values the mapping reads; none where each change tells enough (`cells`) or any column may be read. */
export function originColumnsOf({ mode, plan }: CompiledMapping, { key }: Pick<Described, "key">): readonly string[] {
  if (mode === "cells" || plan === undefined) return [];
  const keys = new Set(key.map(({ name }) => name));
  const origins = [...plan.targetKey.map(({ from }) => from), ...plan.columns.map(({ from }) => from)];
  const read = origins.flatMap((origin) => (origin.kind === "column" ? [origin.name] : []));
  return [...new Set([...read, ...plan.computed.flatMap(({ inputs }) => inputs)])].filter((name) => !keys.has(name));
}

/** The tunnel that a sync takes its changes from. */
export function tunnelNameOf({ tunnel, name }: Pick<SyncSpec, "tunnel" | "name">): string {
  return tunnel ?? `tableferry_${name}`;
}

export function tunnelTypeOf({ initial }: Pick<SyncSpec, "initial">): "Stream" | "BaseAndStream" {
  return initial === "base-data" ? "BaseAndStream" : "Stream";
}

/** R4: without old images of the marker, the engine's own deletions could not be told from those of applications. */
function refuseWithoutOrigins({ originColumns = [] }: SyncInput, stream: TableStream, title: string): void {
  const lacking = originColumns.filter((name) => !stream.originColumns.includes(name));
  if (lacking.length === 0) return;
  throw new TableferryError("TF_TWO_WAY", {
    message: `the stream of ${title} is on already, without ${lacking.join(", ")} among its origin columns`,
    place: title,
    wayOut: `Switch the stream off, so that the sync switches it on as it needs it; or switch it on with origin columns that name ${lacking.join(", ")}. Whoever else reads it must begin anew.`,
  });
}

/** Nanoseconds since 1970. */
function startOf({ initial, start }: SyncSpec): bigint | undefined {
  return initial === "none" && start !== undefined ? BigInt(Date.parse(start)) * 1_000_000n : undefined;
}

function refuseUnfit(problems: readonly string[], { title }: LoadedMapping): void {
  if (problems.length === 0) return;
  throw new TableferryError("TF_MAPPING_INVALID", {
    message: `changes cannot be replayed through this mapping\n  ${problems.join("\n  ")}`,
    place: title,
  });
}
