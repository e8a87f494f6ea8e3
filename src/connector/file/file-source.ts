import type { FileEndpoint } from "../../job/endpoint-spec.ts";
import type { CompiledMapping, FlowRow } from "../../job/mapping.ts";
import type { Batch, Canonicalizer, Described, Position, ScanScope, Source, Split } from "../connector.ts";
import { DecodedCanonicalizer } from "../decoded-canonicalizer.ts";
import { fileError } from "./file-error.ts";
import { findFile } from "./find-file.ts";
import { scanFile } from "./file-scan.ts";
import { planSplits } from "./file-splits.ts";
import { layoutOf, type FileLayout } from "./layout.ts";
import { contentMark, estimateRows, openFile, type OpenedFile } from "./opened-file.ts";
import { hasCode } from "../../base/error.ts";

/** Opens nothing yet. @throws TF_SPEC_INVALID */
export function fileSource(spec: FileEndpoint, folder: string): Source {
  return new FileSource(layoutOf(spec, folder));
}

export interface FileSourceOptions {
  /** A file that is not there, or has no bytes, holds no rows: how a target is read that is not written yet. */
  readonly absentIsEmpty?: boolean | undefined;
}

/** A CSV, TSV, JSON or JSON Lines file, plain or gzipped, as a source. Its incarnation is its content: a changed file is another. */
export class FileSource implements Source {
  readonly #layout: FileLayout;
  readonly #absentIsEmpty: boolean;
  #opened: Promise<OpenedFile> | undefined;

  constructor(layout: FileLayout, options: FileSourceOptions = {}) {
    this.#layout = layout;
    this.#absentIsEmpty = options.absentIsEmpty ?? false;
  }

  async describe(signal?: AbortSignal): Promise<Described> {
    this.#opened = undefined;
    const layout = this.#layout;
    const opened = await this.#open(signal).catch((error: unknown) => {
      if (hasCode(error, "TF_SOURCE_MISSING")) return undefined;
      throw error;
    });
    const estimate = opened === undefined ? undefined : await estimateRows(layout, opened, signal);
    const csv = layout.format === "csv";
    const names = csv ? (opened?.columns ?? []) : [...layout.types.keys()];
    const isKey = (name: string) => layout.key.some((column) => column.name === name);
    return {
      exists: opened !== undefined,
      title: layout.title,
      key: layout.key,
      columns: names.filter((name) => !isKey(name)).map((name) => ({ name, type: layout.types.get(name) ?? "string" })),
      header: csv && opened !== undefined ? names : undefined,
      open: !csv,
      uniqueKeys: false,
      incarnation: opened === undefined ? "" : await this.#contentMark(),
      estimatedRows: estimate?.rows,
      estimatedBytes: estimate?.bytes ?? opened?.size,
      maxVersions: 1,
      timeToLiveSeconds: -1,
      allowUpdate: true,
    };
  }

  async sample(count: number, scope: ScanScope, signal?: AbortSignal): Promise<readonly FlowRow[]> {
    if (await this.#holdsNothing()) return [];
    const opened = await this.#open(signal);
    const split: Split = { id: "sample", title: this.#layout.title, spec: { ...opened.start, until: null } };
    const rows: FlowRow[] = [];
    if (count <= 0) return rows;
    for await (const batch of this.scan(split, undefined, scope, signal)) {
      rows.push(...batch.decoded().slice(0, count - rows.length));
      if (rows.length >= count) break;
    }
    return rows;
  }

  async split(wanted: number, _scope: ScanScope, signal?: AbortSignal): Promise<readonly Split[]> {
    if (await this.#holdsNothing()) return [];
    return planSplits(this.#layout, await this.#open(signal), wanted, signal);
  }

  async *scan(split: Split, from: Position | undefined, scope: ScanScope, signal?: AbortSignal): AsyncIterable<Batch> {
    const { columns } = await this.#open(signal);
    yield* scanFile({ layout: this.#layout, columns, split, from, scope }, signal);
  }

  canonicalizer(mapping: CompiledMapping | undefined, scope: ScanScope): Canonicalizer {
    return new DecodedCanonicalizer(mapping, scope);
  }

  async close(): Promise<void> {}

  /** The header is read once; a failed attempt is not remembered. */
  #open(signal?: AbortSignal): Promise<OpenedFile> {
    this.#opened ??= openFile(this.#layout, signal).catch((error: unknown) => {
      this.#opened = undefined;
      throw error;
    });
    return this.#opened;
  }

  async #holdsNothing(): Promise<boolean> {
    return this.#absentIsEmpty && ((await findFile(this.#layout.path, this.#layout.title))?.size ?? 0n) === 0n;
  }

  async #contentMark(): Promise<string> {
    try {
      return await contentMark(this.#layout);
    } catch (error) {
      throw fileError(error, "read", this.#layout.title);
    }
  }
}
