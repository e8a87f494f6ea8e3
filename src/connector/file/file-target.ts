import { createWriteStream } from "node:fs";
import { mkdir, open, rename, truncate } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { assert } from "../../base/assert.ts";
import { TableferryError } from "../../base/error.ts";
import type { FileEndpoint } from "../../job/endpoint-spec.ts";
import type { CompiledMapping } from "../../job/mapping.ts";
import type { KeySchema } from "../../model/schema.ts";
import type { Described, Encoder, NotEmptyPolicy, Parcel, PrepareOptions, RowOutcome, Source, Target } from "../connector.ts";
import { CsvWriter, type CsvColumns } from "./csv-writer.ts";
import { FileEncoder, FileParcel } from "./file-encoder.ts";
import { fileError } from "./file-error.ts";
import { findFile } from "./find-file.ts";
import { FileSource } from "./file-source.ts";
import { JsonWriter } from "./json-writer.ts";
import { layoutOf, withKey, type FileLayout } from "./layout.ts";
import type { RowWriter } from "./row-writer.ts";
import { WorkFolder } from "./work-folder.ts";
import { syncFolder } from "./work-journal.ts";

/** Opens nothing yet. @throws TF_SPEC_INVALID */
export function fileTarget(spec: FileEndpoint, folder: string): Target {
  return new FileTarget(layoutOf(spec, folder));
}

/**
 * A file as a target. Rows are gathered in a folder beside it and become the file in one step, by `complete`: nobody sees
 * half a file, and a file that is there stays whole until then. Rows of one split keep their order; splits follow each
 * other by id. A file keeps no index, so it takes rows with equal keys as they come.
 */
class FileTarget implements Target {
  readonly #layout: FileLayout;
  readonly #columns: CsvColumns;
  readonly #work: WorkFolder;
  #prepared = false;

  constructor(layout: FileLayout) {
    this.#layout = layout;
    this.#columns = { names: layout.columns };
    this.#work = new WorkFolder(layout.path, layout.title, this.#columns);
  }

  async describe(): Promise<Described> {
    const layout = this.#layout;
    const found = (await findFile(this.#work.whole, layout.title)) ?? (await findFile(layout.path, layout.title));
    const isKey = (name: string) => layout.key.some((column) => column.name === name);
    const csv = layout.format === "csv";
    return {
      exists: found !== undefined,
      title: layout.title,
      key: layout.key,
      columns: (layout.columns ?? [...layout.types.keys()])
        .filter((name) => !isKey(name))
        .map((name) => ({ name, type: layout.types.get(name) ?? "string" })),
      header: csv ? layout.columns : undefined,
      open: !csv || layout.columns === undefined,
      uniqueKeys: false,
      // The same before and after the rename; another one when somebody else makes the file anew.
      incarnation: found === undefined ? "" : `${found.ino}-${found.birthtimeNs}`,
      estimatedBytes: found === undefined ? undefined : Number(found.size),
      maxVersions: 1,
      timeToLiveSeconds: -1,
      allowUpdate: true,
    };
  }

  async prepare(options: PrepareOptions): Promise<void> {
    if (options.versions === "keep") {
      throw new TableferryError("TF_SPEC_INVALID", {
        message: `${this.#layout.title} is a file, which holds no versions`,
        place: "versions",
        wayOut: "Leave `versions` out, or use a table as the target.",
      });
    }
    const present = await findFile(this.#layout.path, this.#layout.title);
    const begun = await this.#work.exists();
    const anew = !options.resuming || options.over === true;
    // An earlier run has come to its end, and only its engine does not know: nothing is left to write, at most to tidy up.
    if (!anew && !begun && present !== undefined) return this.#work.remove();
    if (anew || !begun) {
      if (!options.resuming && present !== undefined && present.size > 0n) this.#checkPolicy(options.notEmpty);
      await mkdir(dirname(this.#layout.path), { recursive: true }).catch((error: unknown) => {
        throw fileError(error, "written", this.#layout.title);
      });
      await this.#work.remove();
    }
    await this.#work.open();
    this.#prepared = true;
  }

  #checkPolicy(policy: NotEmptyPolicy): void {
    if (policy === "mirror") return;
    throw new TableferryError("TF_TARGET_NOT_EMPTY", {
      message:
        policy === "merge"
          ? `rows cannot be merged into a file, and ${this.#layout.title} is there already`
          : `${this.#layout.title} is there already`,
      place: this.#layout.title,
      wayOut: "Move the file away, or set `onTargetNotEmpty: mirror` to replace it as a whole.",
    });
  }

  async settle(): Promise<void> {}

  encoder(mapping: CompiledMapping): Encoder {
    const layout = withKey(this.#layout, mapping.targetKey.length > 0 ? mapping.targetKey : this.#layout.key);
    if (layout.format === "csv" && mapping.plan?.rest === "drop") {
      this.#columns.names ??= [...mapping.targetKey.map(({ name }) => name), ...mapping.plan.columns.map(({ name }) => name)];
    }
    return new FileEncoder(layout, mapping, this.#writer(layout), (batch) => {
      if (!this.#prepared) {
        throw new TableferryError("TF_TARGET_CHANGED", {
          message: `${this.#layout.title} was completed, or what was written of it removed, and now rows are to be written again`,
          place: this.#layout.title,
          wayOut: "Move the file away and run the job from the beginning, with `--again`.",
        });
      }
      return this.#work.appenderFor(batch);
    });
  }

  #writer(layout: FileLayout): RowWriter {
    return layout.format === "csv" ? new CsvWriter(layout, this.#columns) : new JsonWriter(layout);
  }

  async write(parcel: Parcel, signal?: AbortSignal): Promise<readonly RowOutcome[]> {
    assert(parcel instanceof FileParcel, "a parcel of a file target");
    signal?.throwIfAborted();
    await this.#work.append(parcel);
    return [];
  }

  async complete(signal?: AbortSignal): Promise<void> {
    if (!this.#prepared) return;
    const { path, title, compressed, latin1 } = this.#layout;
    const { whole } = this.#work;
    try {
      await truncate(whole, 0);
      const out = createWriteStream(whole, { flags: "r+" });
      const rows = Readable.from(this.#content(latin1 ? "latin1" : "utf8"), { objectMode: false });
      await (compressed ? pipeline(rows, createGzip(), out, { signal }) : pipeline(rows, out, { signal }));
      const file = await open(whole, "r+");
      await file.sync();
      await file.close();
      await rename(whole, path);
      await syncFolder(dirname(path));
      this.#prepared = false;
      await this.#work.remove();
    } catch (error) {
      throw fileError(error, "written", title);
    }
  }

  async *#content(encoding: "latin1" | "utf8"): AsyncGenerator<Uint8Array> {
    const writer = this.#writer(this.#layout);
    yield Buffer.from(writer.head(), encoding);
    let leave = writer.separatorLength;
    for (const { name, length } of this.#work.segments()) {
      const file = await open(join(this.#work.path, name), "r");
      try {
        for (let at = leave; at < length;) {
          const { buffer, bytesRead } = await file.read(Buffer.allocUnsafeSlow(Math.min(1024 * 1024, length - at)), 0, undefined, at);
          if (bytesRead === 0)
            throw new TableferryError("TF_TARGET_CHANGED", {
              message: `${name} is shorter than what was written to it`,
              place: this.#work.path,
            });
          yield buffer.subarray(0, bytesRead);
          at += bytesRead;
        }
      } finally {
        await file.close();
      }
      leave = 0;
    }
    yield Buffer.from(writer.tail(), encoding);
  }

  reader(key: readonly KeySchema[] = []): Source {
    return new FileSource(key.length > 0 ? withKey(this.#layout, key) : this.#layout, { absentIsEmpty: true });
  }

  async close(): Promise<void> {
    this.#prepared = false;
    await this.#work.close();
  }
}
