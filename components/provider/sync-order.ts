import { createHash } from "node:crypto";
import { dirname, isAbsolute, relative, resolve } from "node:path";
import type { JobContext, SyncSpec } from "../../src/index.ts";
import { text } from "./fields.ts";
import type { Properties, Subject } from "./handlers.ts";
import { contextFor } from "./job-run.ts";
import { library } from "./library.ts";
import { declaredWorkers, syncFields, syncOf } from "./sync-inputs.ts";
import type { WorkerSettings, WorkersPlace } from "./worker-processes.ts";

/** A sync as its resource declares it, with where its workers are. */
export interface SyncOrder {
  readonly subject: Subject;
  readonly inputs: Properties;
  readonly spec: SyncSpec;
  readonly context: JobContext;
  readonly at: WorkersPlace;
  readonly workers: number;
  readonly settings: WorkerSettings;
  /** The job's file, for workers and for every `tableferry sync` command. */
  readonly fileText: string;
}

/** @param inputs checked, or the outputs that echo them */
export async function orderOf(inputs: Properties, subject: Subject): Promise<SyncOrder> {
  const { canonicalJson, jobHash } = await library();
  const spec = await syncOf(inputs);
  const at = { file: resolve(subject.folder, text(inputs, "jobFile")) };
  const fields = filed(syncFields(inputs), { from: subject.folder, to: dirname(at.file) });
  // Rates are told to workers that run; everything else they read once.
  const { rowsPerSecond: _rows, bytesPerSecond: _bytes, ...limits } = spec.limits;
  const manner = createHash("sha256")
    .update(canonicalJson({ ...fields, limits, backMapping: inputs["backMappingHash"] ?? null }))
    .digest("hex");
  return {
    subject,
    inputs,
    spec,
    context: await contextFor(subject, false),
    at,
    workers: declaredWorkers(inputs),
    settings: { jobId: jobHash(spec, text(inputs, "mappingHash")), manner },
    fileText: `${JSON.stringify(fields, null, 2)}\n`,
  };
}

/** Which variables the credentials of a sync are found in; the workers' environment holds no others of that kind. */
export function credentialVariables({ source, target, state }: SyncSpec): (name: string) => boolean {
  const references = [source.credentials, target.credentials, ...(state?.type === "table" ? [state.credentials] : [])];
  const prefixes = references.flatMap((reference) => ("env" in reference ? [reference.env] : []));
  const chain = references.some((reference) => "chain" in reference);
  const named = new Set(
    prefixes.flatMap((prefix) => ["ACCESS_KEY_ID", "ACCESS_KEY_SECRET", "SECURITY_TOKEN"].map((part) => `${prefix}_${part}`)),
  );
  return (name) => named.has(name) || (chain && name.startsWith("ALIBABA_CLOUD_"));
}

interface Folders {
  readonly from: string;
  readonly to: string;
}

/** Paths in a job file resolve from the file's own folder, a resource's from the project's. */
function filed(fields: Properties, folders: Folders): Properties {
  const moved = { ...fields };
  for (const side of ["source", "target", "state"]) moved[side] = withPaths(fields[side], folders);
  moved["verify"] = record(fields["verify"], ({ certificate, signingKey, ...rest }) => ({
    ...rest,
    ...(certificate === undefined ? {} : { certificate: movedPath(certificate, folders) }),
    ...(signingKey === undefined ? {} : { signingKey: movedPath(signingKey, folders) }),
  }));
  moved["mapping"] = movedPath(fields["mapping"], folders);
  moved["cutOver"] = record(fields["cutOver"], (cutOver) => ({
    ...cutOver,
    ...("backMapping" in cutOver ? { backMapping: movedPath(cutOver["backMapping"], folders) } : {}),
    ...("fence" in cutOver ? { fence: record(cutOver["fence"], (hooks) => mapped(hooks, (hook) => movedHook(hook, folders))) } : {}),
  }));
  return Object.fromEntries(Object.entries(moved).filter(([, value]) => value !== undefined));
}

function withPaths(side: unknown, folders: Folders): unknown {
  return record(side, (fields) => ({
    ...fields,
    ...(fields["credentials"] === undefined
      ? {}
      : {
          credentials: record(fields["credentials"], (reference) => ({
            ...reference,
            ...("file" in reference ? { file: movedPath(reference["file"], folders) } : {}),
          })),
        }),
  }));
}

/** A command by its path; one without a slash is found on PATH. */
function movedHook(hook: unknown, folders: Folders): unknown {
  if (!Array.isArray(hook)) return hook;
  const [program, ...rest]: readonly unknown[] = hook;
  return [typeof program === "string" && program.includes("/") ? movedPath(program, folders) : program, ...rest];
}

function mapped(fields: Properties, change: (value: unknown) => unknown): Properties {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, change(value)]));
}

function record(value: unknown, change: (fields: Properties) => Properties): unknown {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? change(value as Properties) : value;
}

function movedPath(path: unknown, { from, to }: Folders): unknown {
  return typeof path !== "string" || isAbsolute(path) ? path : relative(to, resolve(from, path));
}
