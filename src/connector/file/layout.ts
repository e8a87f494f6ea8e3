import { basename, resolve } from "node:path";
import { TableferryError } from "../../base/error.ts";
import type { FileEndpoint } from "../../job/endpoint-spec.ts";
import type { KeySchema } from "../../model/schema.ts";
import type { ValueType } from "../../model/value.ts";

/** TSV is CSV with another delimiter. */
export type FileFormat = "csv" | "json" | "jsonl";

/** A file endpoint with every default filled in and checked. */
export interface FileLayout {
  /** Absolute. */
  readonly path: string;
  /** As the specification names it; what messages show. */
  readonly title: string;
  readonly format: FileFormat;
  readonly compressed: boolean;
  /** One ASCII byte. */
  readonly delimiter: number;
  readonly header: boolean;
  /** Names given by the specification; where the file has a header line too, they replace it. */
  readonly columns: readonly string[] | undefined;
  readonly latin1: boolean;
  /** Declared types by column, key columns included. */
  readonly types: ReadonlyMap<string, ValueType>;
  readonly key: readonly KeySchema[];
  readonly emptyIsAbsent: boolean;
}

const formatOfExtension: Readonly<Record<string, "csv" | "tsv" | "json" | "jsonl">> = {
  csv: "csv",
  tsv: "tsv",
  tab: "tsv",
  json: "json",
  jsonl: "jsonl",
  ndjson: "jsonl",
};

/** @throws TF_SPEC_INVALID where the name does not tell the format, or fields contradict each other. */
export function layoutOf(spec: FileEndpoint, folder: string): FileLayout {
  const compressed = spec.path.toLowerCase().endsWith(".gz");
  const bare = basename(compressed ? spec.path.slice(0, -3) : spec.path).toLowerCase();
  const format = spec.format ?? formatOfExtension[bare.slice(bare.lastIndexOf(".") + 1)];
  if (format === undefined) {
    throw invalid("path", `the name ${spec.path} does not tell the format`, "Add `format: csv`, `tsv`, `json` or `jsonl` to the endpoint.");
  }
  const delimiter = spec.delimiter ?? (format === "tsv" ? "\t" : ",");
  if (delimiter.charCodeAt(0) > 126 || delimiter === '"' || delimiter === "\n" || delimiter === "\r") {
    throw invalid(
      "delimiter",
      `${JSON.stringify(delimiter)} cannot delimit columns`,
      "Use one ASCII character other than a quote or a line end.",
    );
  }
  const types = new Map<string, ValueType>(Object.entries(spec.types ?? {}));
  for (const { name, type } of spec.key ?? []) {
    const declared = types.get(name);
    if (declared !== undefined && declared !== type) {
      throw invalid(`types.${name}`, `${name} is a key column of type ${type} and declared ${declared}`, "Give it one type.");
    }
    types.set(name, type);
  }
  const twice = (spec.columns ?? []).find((name, at, all) => all.indexOf(name) !== at);
  if (twice !== undefined) throw invalid("columns", `column ${twice} is named twice`, "Give every column a name of its own.");
  if ((format === "csv" || format === "tsv") && !spec.header && spec.columns === undefined) {
    throw invalid("columns", "a file without a header line needs the names of its columns", "List them in order under `columns`.");
  }
  return {
    path: resolve(folder, spec.path),
    title: spec.path,
    format: format === "tsv" ? "csv" : format,
    compressed,
    delimiter: delimiter.charCodeAt(0),
    header: spec.header,
    columns: spec.columns,
    latin1: spec.encoding === "latin1",
    types,
    key: spec.key ?? [],
    emptyIsAbsent: spec.empty === "absent",
  };
}

/** The same file seen with a key of somebody else's: how a target is read back under the mapping's key. */
export function withKey(layout: FileLayout, key: readonly KeySchema[]): FileLayout {
  const types = new Map(layout.types);
  for (const column of key) types.set(column.name, column.type);
  return { ...layout, key, types };
}

function invalid(place: string, message: string, wayOut: string): TableferryError {
  return new TableferryError("TF_SPEC_INVALID", { message, place, wayOut });
}
