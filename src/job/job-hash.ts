import { createHash } from "node:crypto";
import { canonicalJson } from "../base/canonical-json.ts";
import type { EndpointSpec } from "./endpoint-spec.ts";
import type { JobSpec } from "./job-spec.ts";

/**
 * The identity of a job: what is moved from where to where and how it is changed on the way. Two specifications with one
 * hash describe the same work, so that a later run adopts what an earlier one did. Limits, policies, verification,
 * credentials and addresses (a server's port, an internal or public domain) may change without it being another job.
 * @param mappingHash `CompiledMapping.hash`
 */
export function jobHash(
  spec: Pick<JobSpec, "version" | "source" | "target" | "range" | "filter" | "versions">,
  mappingHash: string,
): string {
  const meaning = {
    version: spec.version,
    source: meaningOf(spec.source),
    target: meaningOf(spec.target),
    mapping: mappingHash,
    range: spec.range,
    filter: spec.filter,
    versions: spec.versions,
  };
  return createHash("sha256").update(canonicalJson(meaning)).digest("hex");
}

/** Whether both name one and the same thing. */
export function sameEndpoint(a: EndpointSpec, b: EndpointSpec): boolean {
  if (a.type === "table-store")
    return b.type === "table-store" && a.endpoint === b.endpoint && a.instance === b.instance && a.table === b.table;
  return b.type === "file" && a.path === b.path;
}

function meaningOf(endpoint: EndpointSpec): unknown {
  if (endpoint.type === "file") return endpoint;
  return { type: endpoint.type, instance: endpoint.instance, table: endpoint.table, primaryKey: endpoint.create?.primaryKey };
}
