import { mkdir, open, readdir, rm, stat, type FileHandle } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { assert } from "../../base/assert.ts";
import { TableferryError } from "../../base/error.ts";
import type { Batch, Position } from "../connector.ts";
import type { CsvColumns } from "./csv-writer.ts";
import type { FileParcel } from "./file-encoder.ts";
import { fileError, systemCode } from "./file-error.ts";
import { WorkJournal, note, syncFolder, type JournalLine, type Segment, type WorkState } from "./work-journal.ts";

/** Rows of one split, appended in order from a batch on. */
export class Appender {
  readonly split: string;
  /** Where the batches encoded so far end: the next one must begin there. */
  encodedTo: Position | undefined;
  /** What the split held where this appender began. */
  readonly base: readonly Segment[];
  readonly begin: Position | undefined;
  written = 0;
  length = 0;
  file: FileHandle | undefined;
  name = "";
  #sequence = 0;

  constructor(split: string, begin: Position | undefined, base: readonly Segment[]) {
    this.split = split;
    this.begin = begin;
    this.encodedTo = begin;
    this.base = base;
  }

  nextSequence(): number {
    return this.#sequence++;
  }

  segments(): readonly Segment[] {
    return this.length === 0 ? this.base : [...this.base, { name: this.name, length: this.length }];
  }
}

interface Waiting {
  readonly parcel: FileParcel;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Bytes appended under one flush to disk. */
const groupBytesMax = 32 * 1024 * 1024;
/** Segments open at once; there may be more splits than the system lets a process have files. */
const openSegmentsMax = 64;

/**
 * The folder beside a target file in which it is made: rows of each split in segments, the journal that says how much of
 * them counts, and `whole`, which becomes the file. Deleting the folder forgets an unfinished run.
 */
export class WorkFolder {
  readonly path: string;
  readonly #title: string;
  readonly #columns: CsvColumns;
  readonly #appenders = new Map<string, Appender>();
  readonly #queue: Waiting[] = [];
  #flushing = false;
  #broken: Error | undefined;
  #opened: { journal: WorkJournal; state: WorkState } | undefined;
  #files = 0;

  /** `columns` are taken from an earlier run where it fixed them, and kept before the first row that relies on them. */
  constructor(target: string, title: string, columns: CsvColumns) {
    this.path = join(dirname(target), `.${basename(target)}.tableferry`);
    this.#title = title;
    this.#columns = columns;
  }

  /** The file that will be the target: it keeps its identity when it is renamed. */
  get whole(): string {
    return join(this.path, "whole");
  }

  async exists(): Promise<boolean> {
    return stat(this.whole).then(
      () => true,
      (error: unknown) => {
        if (systemCode(error) === "ENOENT") return false;
        throw fileError(error, "written", this.#title);
      },
    );
  }

  /** Makes the folder, or takes over what an earlier run left. @throws TF_IO, TF_TARGET_CHANGED */
  async open(): Promise<void> {
    try {
      await mkdir(this.path, { recursive: true });
      await (await open(this.whole, "a")).close();
      this.#opened = await WorkJournal.next(this.path);
      await this.#removeForgotten();
      this.#columns.names = this.#opened.state.columns ?? this.#columns.names;
    } catch (error) {
      throw fileError(error, "written", this.#title);
    }
  }

  /** Takes away older journals, and segments of which nothing counts any more. */
  async #removeForgotten(): Promise<void> {
    const { journal, state } = this.#opened!;
    const kept = new Set(["whole", `journal-${journal.generation}`]);
    for (const marks of state.splits.values()) for (const segments of marks.values()) for (const { name } of segments) kept.add(name);
    for (const name of await readdir(this.path)) if (!kept.has(name)) await rm(join(this.path, name), { force: true, recursive: true });
  }

  async remove(): Promise<void> {
    await this.close();
    await rm(this.path, { recursive: true, force: true }).catch((error: unknown) => {
      throw fileError(error, "written", this.#title);
    });
  }

  /** The appender that a batch belongs to: the one that goes on from where the batch begins, or a new one from there. */
  appenderFor(batch: Batch): Appender {
    const known = this.#appenders.get(batch.split);
    if (known !== undefined && known.encodedTo === batch.from) return known;
    const base = batch.from === undefined ? [] : this.#state().splits.get(batch.split)?.get(batch.from);
    if (base === undefined) {
      throw new TableferryError("TF_TARGET_CHANGED", {
        message: `what an earlier run wrote to ${this.#title} is gone or incomplete: nothing is known of split ${batch.split} at its checkpoint`,
        place: this.path,
      });
    }
    const appender = new Appender(batch.split, batch.from, base);
    this.#appenders.set(batch.split, appender);
    return appender;
  }

  /** The rows of all splits, acknowledged ones only, splits in order of their ids. */
  segments(): readonly Segment[] {
    const { splits } = this.#state();
    return [...splits.keys()].sort().flatMap((split) => [...splits.get(split)!.values()].at(-1) ?? []);
  }

  /** Appends a parcel; resolves when it is on disk together with the position it ends at. */
  append(parcel: FileParcel): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ parcel, resolve, reject });
      if (!this.#flushing) void this.#flush();
    });
  }

  /** One group at a time: everything that waits shares one flush to disk. */
  async #flush(): Promise<void> {
    this.#flushing = true;
    while (this.#queue.length > 0) {
      let bytes = 0;
      let count = 0;
      while (count < this.#queue.length && (count === 0 || bytes + this.#queue[count]!.parcel.bytes <= groupBytesMax))
        bytes += this.#queue[count++]!.parcel.bytes;
      const group = this.#queue.splice(0, count);
      try {
        if (this.#broken !== undefined) throw this.#broken;
        await this.#writeGroup(group.map(({ parcel }) => parcel));
        for (const { resolve } of group) resolve();
      } catch (error) {
        // How much arrived is unknown now; what was acknowledged before stands in the journal.
        this.#broken = fileError(error, "written", this.#title);
        for (const { reject } of group) reject(this.#broken);
      }
    }
    this.#flushing = false;
  }

  async #writeGroup(parcels: readonly FileParcel[]): Promise<void> {
    const state = this.#state();
    const lines: JournalLine[] = state.columns === undefined && this.#columns.names !== undefined ? [{ columns: this.#columns.names }] : [];
    const touched = new Set<Appender>();
    for (const { appender, sequence, content, position } of parcels) {
      if (sequence < appender.written) continue; // sent again although it arrived
      assert(
        this.#appenders.get(appender.split) === appender && sequence === appender.written,
        `parcel ${appender.written} of split ${appender.split}, got ${sequence}`,
      );
      if (appender.written === 0) lines.push({ split: appender.split, restart: appender.begin ?? null });
      appender.written++;
      if (content.length > 0) {
        appender.file ??= await this.#openSegment(appender);
        await writeFully(appender.file, content, appender.length);
        appender.length += content.length;
        touched.add(appender);
      }
      if (position !== undefined) lines.push({ split: appender.split, position, segments: appender.segments() });
    }
    await Promise.all([...touched].map(async (appender) => appender.file?.datasync()));
    await this.#opened!.journal.append(lines);
    for (const line of lines) note(state, line);
  }

  /** A new segment of this generation, or the appender's own again after its handle was given to others. */
  async #openSegment(appender: Appender): Promise<FileHandle> {
    const opened = [...this.#appenders.values()].filter(({ file }) => file !== undefined);
    const oldest = opened.length < openSegmentsMax ? undefined : opened[0];
    await oldest?.file?.datasync();
    await oldest?.file?.close();
    if (oldest !== undefined) oldest.file = undefined;
    if (appender.name !== "") return open(join(this.path, appender.name), "r+");
    appender.name = `rows-${this.#opened!.journal.generation}-${this.#files++}`;
    const file = await open(join(this.path, appender.name), "wx");
    await syncFolder(this.path);
    return file;
  }

  #state(): WorkState {
    assert(this.#opened !== undefined, "a prepared target");
    return this.#opened.state;
  }

  async close(): Promise<void> {
    const opened = this.#opened;
    this.#opened = undefined;
    for (const appender of this.#appenders.values()) await appender.file?.close();
    this.#appenders.clear();
    await opened?.journal.close();
  }
}

async function writeFully(file: FileHandle, content: Uint8Array, at: number): Promise<void> {
  let done = 0;
  while (done < content.length) done += (await file.write(content, done, content.length - done, at + done)).bytesWritten;
}
