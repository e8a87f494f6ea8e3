import { createHash } from "node:crypto";
import { basename, isAbsolute, relative, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { canonicalJson } from "../base/canonical-json.ts";
import { hasSystemCode, TableferryError, toError } from "../base/error.ts";
import { declaredDefinition } from "./declared-mapping.ts";
import type { JobSpec } from "./job-spec.ts";
import type { MappingDefinition } from "./mapping.ts";
import { moduleSources, type ModuleSources } from "./module-sources.ts";

/** A mapping before it meets the two tables. */
export interface LoadedMapping {
  /** Undefined: rows are carried over as they are. */
  readonly definition: MappingDefinition | undefined;
  /** SHA-256 over the rules, or over the module and everything it imports relatively. */
  readonly hash: string;
  /** For messages: `mappings/orders.ts`, `mapping`. */
  readonly title: string;
}

/**
 * Loads what `mapping` of a specification names.
 * @param folder absolute, from which a module's path resolves
 * @throws TF_MAPPING_INVALID when the module is missing, does not parse, throws while loading or exports no mapping; with file and line
 */
export async function loadMapping(mapping: JobSpec["mapping"], folder: string): Promise<LoadedMapping> {
  if (mapping === undefined) return { definition: undefined, hash: hashOf("identity"), title: "mapping" };
  if (typeof mapping !== "string") return loadedDefinition(declaredDefinition(mapping));
  const path = isAbsolute(mapping) ? mapping : resolve(folder, mapping);
  const sources = readSources(path, mapping);
  refuseStale(sources, path, mapping);
  return { definition: await importDefinition(path, mapping, sources, folder), hash: sources.hash, title: mapping };
}

/** A definition at hand (declared, or made in code) as a loaded mapping; functions enter the hash by their source text. */
export function loadedDefinition(definition: MappingDefinition, title = "mapping"): LoadedMapping {
  return { definition, hash: hashOf(plainRules(definition)), title };
}

function hashOf(rules: unknown): string {
  return createHash("sha256").update(canonicalJson(rules)).digest("hex");
}

function plainRules(rules: unknown): unknown {
  if (typeof rules === "function") return { function: String(rules) };
  if (typeof rules === "bigint") return { integer: rules.toString() };
  if (typeof rules === "number") return { double: Object.is(rules, -0) ? "-0" : String(rules) };
  if (rules instanceof Uint8Array) return { base64: Buffer.from(rules).toString("base64") };
  if (Array.isArray(rules)) return rules.map(plainRules);
  if (typeof rules === "object" && rules !== null)
    return Object.fromEntries(Object.entries(rules).map(([name, rule]) => [name, plainRules(rule)]));
  return rules;
}

function readSources(path: string, title: string): ModuleSources {
  try {
    return moduleSources(path);
  } catch (cause) {
    throw new TableferryError("TF_MAPPING_INVALID", {
      message: `the mapping module cannot be read: ${hasSystemCode(cause, "ENOENT") ? "there is no such file" : toError(cause).message}`,
      place: title,
      wayOut: "Correct `mapping` in the specification; its path is relative to the job file.",
      cause,
    });
  }
}

/** Imported files as this process first loaded them. Node loads a file once, so a changed one must not be claimed; the module itself is loaded by its hash. */
const loadedTexts = new Map<string, string>();

function refuseStale(sources: ModuleSources, entry: string, title: string): void {
  const imported = sources.files.filter((file) => file.path !== entry);
  const stale = imported.find((file) => (loadedTexts.get(file.path) ?? file.text) !== file.text);
  if (stale !== undefined) {
    throw new TableferryError("TF_MAPPING_INVALID", {
      message: `${basename(stale.path)} changed after this process had loaded it`,
      place: title,
      wayOut: "Start the job in a new process.",
    });
  }
  for (const file of imported) loadedTexts.set(file.path, file.text);
}

async function importDefinition(path: string, title: string, sources: ModuleSources, folder: string): Promise<MappingDefinition> {
  let loaded: unknown;
  try {
    loaded = await import(/* @vite-ignore */ `${pathToFileURL(path).href}?v=${sources.hash.slice(0, 16)}`);
  } catch (thrown) {
    const error = toError(thrown);
    throw new TableferryError("TF_MAPPING_INVALID", {
      message: `the mapping module cannot be loaded: ${error.message.split("\n")[0]}`,
      place: placeOf(error, sources, folder) ?? title,
      cause: error,
    });
  }
  const definition = typeof loaded === "object" && loaded !== null && "default" in loaded ? unwrapDefault(loaded.default) : undefined;
  if (typeof definition !== "object" || definition === null) {
    throw new TableferryError("TF_MAPPING_INVALID", {
      message: "the module has no mapping as its default export",
      place: title,
      wayOut: "Write `export default defineMapping({ … })`.",
    });
  }
  return definition as MappingDefinition;
}

/** A CommonJS module compiled from `export default` gives { default } once more. */
function unwrapDefault(exported: unknown): unknown {
  return typeof exported === "object" && exported !== null && "__esModule" in exported && "default" in exported
    ? exported.default
    : exported;
}

/** `file:line` of the first of the module's own files that an error's stack, or a failed import, names. */
function placeOf(error: Error, sources: ModuleSources, folder: string): string | undefined {
  const show = (path: string, line: number | string) => `${relative(folder, path) || path}:${line}`;
  for (const match of (error.stack ?? "").matchAll(/((?:file:\/\/)?\/[^\s()?]+?)(?:\?[^\s():]*)?:(\d+)/g)) {
    const path = match[1]!.startsWith("file:") ? fileURLToPath(match[1]!) : match[1]!;
    if (sources.files.some((file) => file.path === path)) return show(path, match[2]!);
  }
  const missing = /Cannot find (?:module|package) '([^']+)'/.exec(error.message)?.[1]?.split("/").at(-1);
  for (const { path, text } of missing === undefined ? [] : sources.files) {
    const line = text.split("\n").findIndex((one) => one.includes(missing!));
    if (line >= 0) return show(path, line + 1);
  }
  return undefined;
}
