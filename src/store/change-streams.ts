import { assert } from "../base/assert.ts";
import type { Clock } from "../base/clock.ts";
import { INF_MAX, INF_MIN, type KeyBound } from "../model/value.ts";
import type { Catalogue } from "./catalogue.ts";
import { type ChangeLog, LogShard } from "./change-log.ts";
import { changesFrom, changesOf, lastSequenceOf } from "./change-entry.ts";
import type { CommitQueue } from "./commit-queue.ts";
import type { OrderedStore } from "./ordered-store.ts";
import { refusal } from "./refusal.ts";
import { removeGoneStream } from "./remove-dropped.ts";
import { splitBefore, splitGrown, splitLargest } from "./split-partition.ts";
import { type ChangePage, type ChangeRecord, type Shard, type Stream, type StreamOptions, type Streams, StreamTrimmed } from "./stream.ts";
import { sweepStream } from "./sweep-stream.ts";
import type { Table } from "./table.ts";

/** Entries asked of the store in one go, where the first ones do not hold enough: each has one change or hundreds. */
const STEP_ENTRIES = 256;
const FIRST_STEP_ENTRIES = 2;
/** Rows are counted again when a table has grown by this part of what was counted. */
const COUNTED_PART = 1 / 8;
const MICROS_PER_HOUR = 3_600_000_000;

export interface StreamContext {
  readonly store: OrderedStore;
  readonly queue: CommitQueue;
  readonly catalogue: Catalogue;
  readonly clock: Clock;
  /** Runs work that nobody waits for. */
  readonly inBackground: (work: () => Promise<void>) => void;
  /** True once the store is being closed. */
  readonly stopped: () => boolean;
}

/** The streams of a store: what its writers leave in the change log, read. */
export class ChangeStreams implements Streams {
  readonly #context: StreamContext;
  /** Tables whose partitions are being looked at; true: they have grown again since. */
  readonly #measured = new Map<Table, boolean>();
  #sweeping: Promise<void> = Promise.resolve();

  constructor(context: StreamContext) {
    this.#context = context;
  }

  /** Finds where each stream had got to, and goes on removing what a crash left. Once, before anything is written. */
  async load(): Promise<void> {
    const { catalogue } = this.#context;
    for (const number of catalogue.goneStreams) this.removeGone(number);
    for (const log of this.#all()) {
      for (const shard of log.open) {
        const last = await this.#lastSequence(shard);
        if (last !== undefined) log.resume(last);
      }
    }
  }

  list(instance: string, tableName?: string): readonly Stream[] {
    const { catalogue } = this.#context;
    const tables = tableName === undefined ? catalogue.tables(instance) : [catalogue.table(instance, tableName)];
    return tables.flatMap((table) => this.ofTable(table) ?? []);
  }

  find(instance: string, streamId: string): Stream | undefined {
    return this.list(instance).find(({ id }) => id === streamId);
  }

  ofTable({ stream, dropped }: Table): Stream | undefined {
    return stream?.ready === true && !dropped ? stream : undefined;
  }

  enable(table: Table, options: StreamOptions): Promise<Stream> {
    if (table.dropped) throw refusal.tableMissing();
    if (table.base !== undefined) throw refusal.indexTable("update");
    const log = table.stream;
    if (log === undefined) return this.#context.catalogue.startStream(table, options);
    if (!sameColumns(log.originColumns, options.originColumns)) {
      // Records of one stream have origin records or have none; whether the service takes other columns here is unverified.
      throw refusal.parameter("The columns of a stream cannot be changed while it is enabled.");
    }
    return this.#expireAfter(log, table, options.expirationHours);
  }

  async #expireAfter(log: ChangeLog, table: Table, expirationHours: number): Promise<Stream> {
    const { catalogue, queue } = this.#context;
    if (log.expirationHours === expirationHours) {
      await queue.settled();
      return log;
    }
    log.expirationHours = expirationHours;
    const stream = { ...table.schema.stream, expirationHours };
    await catalogue.updateTable(table, { ...table.record, schema: { ...table.schema, stream } });
    return log;
  }

  async disable(table: Table): Promise<void> {
    const { catalogue, queue } = this.#context;
    const log = await catalogue.stopStream(table);
    if (log === undefined) await queue.settled();
    else this.removeGone(log.number);
  }

  async read(
    shard: Shard,
    from: number,
    { limit, bytes: bytesMax }: { readonly limit: number; readonly bytes: number },
  ): Promise<ChangePage> {
    const own = live(shard);
    const { log, closed, trimmedTo } = own;
    const floor = this.#floor(log);
    const start = from === 0 ? Math.max(trimmedTo, floor) : from;
    if (start < trimmedTo || log.table.stream !== log || log.table.dropped) throw new StreamTrimmed();
    const records: ChangeRecord[] = [];
    let size = 0;
    let more = false;
    const cursor = this.#context.store.entries(changesFrom(own, start));
    try {
      const step = () => cursor.next(records.length === 0 ? FIRST_STEP_ENTRIES : Math.min(limit - records.length + 1, STEP_ENTRIES));
      reading: for (let page = await step(); page.length > 0; page = await step()) {
        for (const { key, value } of page) {
          for (const record of changesOf(key, value, start)) {
            const bytes = record.record.length + (record.originRecord?.length ?? 0);
            more = records.length > 0 && (records.length === limit || size + bytes > bytesMax);
            if (more) break reading;
            if (record.sequence < floor) throw new StreamTrimmed();
            records.push(record);
            size += bytes;
          }
        }
      }
    } finally {
      await cursor.close();
    }
    const last = records.at(-1);
    // Whether it is closed was seen before the cursor was made: all it will ever hold was committed then.
    return { records, next: last === undefined ? from : last.sequence + 1, more, ended: closed && !more };
  }

  oldest(shard: Shard): number {
    const { log, createdAt, trimmedTo } = live(shard);
    // Never ahead of what was given already: under a clock that went back the next sequence may lie below what expires now.
    return Math.max(createdAt, trimmedTo, Math.min(this.#floor(log), this.end(shard)));
  }

  async at(shard: Shard, micros: number): Promise<number> {
    const own = live(shard);
    const end = this.end(own);
    return (await this.#firstSequence(own, Math.max(micros, this.oldest(own)))) ?? end;
  }

  watch(shard: Shard, from: number, wake: () => void): () => void {
    const own = live(shard);
    return own.log.watch(own, from, wake);
  }

  end(shard: Shard): number {
    return live(shard).log.committed + 1;
  }

  async splitPartition(table: Table, key?: readonly KeyBound[]): Promise<void> {
    const value = key?.[0];
    if (value === INF_MIN || value === INF_MAX) throw refusal.parameter("A partition is split before a key that has a value.");
    await (value === undefined ? splitLargest(this.#context, table) : splitBefore(this.#context, table, value));
  }

  /** Looks, in the background, whether partitions of a table have grown past so many bytes, and splits those that have. */
  measure(table: Table, bytesMax: number): void {
    if (this.#measured.has(table)) return void this.#measured.set(table, true);
    this.#measured.set(table, false);
    const { inBackground, stopped } = this.#context;
    inBackground(async () => {
      const measured = splitGrown(this.#context, table, bytesMax, stopped).then((counted) => {
        // So that counting costs no more than a few times what is written, however small partitions are.
        table.growth -= counted * COUNTED_PART;
      });
      await measured.finally(() => {
        const again = this.#measured.get(table) === true;
        this.#measured.delete(table);
        if (again && !stopped()) this.measure(table, bytesMax);
      });
    });
  }

  /** Removes, in the background, the changes of a stream that is off. */
  removeGone(number: number): void {
    const { store, inBackground, stopped } = this.#context;
    inBackground(() => removeGoneStream(store, number, stopped));
  }

  /** Removes what has expired, once the sweeps begun before are over. */
  sweep(): Promise<void> {
    const before = this.#sweeping.catch(() => undefined);
    this.#sweeping = before.then(async () => {
      for (const log of this.#all()) await sweepStream(this.#context, log, this.#floor(log));
    });
    return this.#sweeping;
  }

  #all(): ChangeLog[] {
    const { catalogue } = this.#context;
    return catalogue.instances().flatMap((instance) => catalogue.tables(instance).flatMap(({ stream }) => stream ?? []));
  }

  /** Records of a lower sequence have expired. */
  #floor({ expirationHours }: ChangeLog): number {
    return this.#context.clock.nowMicros() - expirationHours * MICROS_PER_HOUR;
  }

  /** The sequence of the first record from `from` on. */
  async #firstSequence(shard: LogShard, from: number): Promise<number | undefined> {
    const cursor = this.#context.store.entries(changesFrom(shard, from));
    try {
      const [entry] = await cursor.next(1);
      if (entry === undefined) return undefined;
      for (const { sequence } of changesOf(entry.key, entry.value, from)) return sequence;
    } finally {
      await cursor.close();
    }
  }

  /** The sequence of the last record. */
  async #lastSequence(shard: LogShard): Promise<number | undefined> {
    const cursor = this.#context.store.keys({ ...changesFrom(shard, shard.createdAt), reverse: true });
    try {
      const [key] = await cursor.next(1);
      return key === undefined ? undefined : lastSequenceOf(key);
    } finally {
      await cursor.close();
    }
  }
}

function live(shard: Shard): LogShard {
  assert(shard instanceof LogShard, "a shard of this store");
  return shard;
}

function sameColumns(a: readonly string[], b: readonly string[]): boolean {
  return new Set(a).size === new Set(b).size && a.every((column) => b.includes(column));
}
