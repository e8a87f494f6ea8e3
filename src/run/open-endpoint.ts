import { fileSource } from "../connector/file/file-source.ts";
import { fileTarget } from "../connector/file/file-target.ts";
import { tableSource } from "../connector/table-store/table-source.ts";
import { tableTarget } from "../connector/table-store/table-target.ts";
import type { Source, Target } from "../connector/connector.ts";
import type { JobContext } from "../job/context.ts";
import type { JobSpec } from "../job/job-spec.ts";
import type { Closing } from "./closing.ts";
import { openClient } from "./open-client.ts";

/** The job's source, ready to be asked. Nothing is read yet. @throws TF_CREDENTIALS_MISSING, TF_SPEC_INVALID */
export async function openSource({ source, limits }: JobSpec, context: JobContext, opened: Closing): Promise<Source> {
  if (source.type === "file") return opened.add(fileSource(source, context.folder));
  const client = await openClient({ place: source, context, concurrency: limits.workers }, opened);
  return opened.add(tableSource(client, source.table));
}

/**
 * The job's target. Nothing is read or made yet.
 * @param beforeWrite asked before each try of each write: a run passes its fence, whoever only looks passes a refusal
 * @throws TF_CREDENTIALS_MISSING, TF_SPEC_INVALID
 */
export async function openTarget(
  { target, limits }: JobSpec,
  context: JobContext,
  beforeWrite: () => void,
  opened: Closing,
): Promise<Target> {
  if (target.type === "file") return opened.add(fileTarget(target, context.folder));
  const client = await openClient({ place: target, context, concurrency: limits.workers + limits.writesInFlight, beforeWrite }, opened);
  return opened.add(tableTarget(client, target.table, { create: target.create, clock: context.clock }));
}
