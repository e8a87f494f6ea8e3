import type { Clock } from "../base/clock.ts";
import { briefMemory } from "../base/slab.ts";
import type { CellSelection } from "../model/condition.ts";
import type { IndexSchema } from "../model/schema.ts";
import { ByteWriter } from "../wire/plainbuffer/byte-writer.ts";
import { writeHeader } from "../wire/plainbuffer/encode.ts";
import type { RowWalker } from "../wire/plainbuffer/walk.ts";
import { BatchMemory } from "./batch-memory.ts";
import { Catalogue } from "./catalogue.ts";
import { ChangeStreams } from "./change-streams.ts";
import { CommitQueue } from "./commit-queue.ts";
import { fillIndex } from "./fill-index.ts";
import { LocalTransactions } from "./local-transactions.ts";
import type { OrderedStore, RowSource } from "./ordered-store.ts";
import { readRange, type RangePage, type RangeQuery } from "./read-range.ts";
import { sizeOf } from "./row-header.ts";
import { writeRowKey } from "./row-key.ts";
import { removeDroppedRows } from "./remove-dropped.ts";
import { RowReader } from "./row-reader.ts";
import { writeSnapshot, type SnapshotSize } from "./snapshot-file.ts";
import { splitPoints } from "./split-points.ts";
import type { Streams } from "./stream.ts";
import { sweepTable } from "./sweep.ts";
import type { Table } from "./table.ts";
import type { TableIndex } from "./table-index.ts";
import type { Transaction } from "./transaction.ts";
import { TunnelRecords } from "./tunnel-records.ts";
import { WriteBatch, type WriteContext } from "./write-batch.ts";

const SWEEP_INTERVAL_MS = 60 * 60 * 1000;
/** What the service's is, is not documented (unverified). */
const PARTITION_BYTES_MAX = 10 * 1024 * 1024 * 1024;
/** Sizes are looked at when a table may have grown by this part of what a partition may have. */
const GROWTH_PART = 1 / 8;

export interface TableStoreOptions {
  readonly clock: Clock;
  /** True (the default): a write settles when a power cut can no longer lose it. */
  readonly sync?: boolean | undefined;
  /** Stored bytes beyond which a partition is split; 10 GB unless told otherwise. */
  readonly partitionBytesMax?: number | undefined;
  /** Told what went wrong in the background, where nobody waits for it. */
  readonly onError?: ((error: unknown) => void) | undefined;
}

/** What a read of one row found. */
export interface RowRead {
  /** PlainBuffer with its header; empty when there is no row, or nothing of it was selected. */
  readonly row: Uint8Array;
  /** Bytes of names and values looked at. */
  readonly size: number;
}

/**
 * Tables and their rows over an ordered store: all of an embedded Table Store but its protocol. Reads see what is committed; writes of one
 * batch are atomic and, in a synced store, durable when they settle. Walkers handed in stand on keys and changes that were checked against the schema.
 */
export class TableStore {
  readonly catalogue: Catalogue;
  readonly tunnelRecords: TunnelRecords;
  readonly transactions: LocalTransactions;
  readonly #streams: ChangeStreams;
  readonly #write: WriteContext;
  readonly #store: OrderedStore;
  readonly #queue: CommitQueue;
  readonly #clock: Clock;
  readonly #onError: (error: unknown) => void;
  /** Keys of point reads are used within the call that writes them. */
  readonly #keyScratch = new ByteWriter(256);
  readonly #background = new Set<Promise<void>>();
  #cancelSweep: () => void = () => undefined;
  #closed = false;

  private constructor(store: OrderedStore, queue: CommitQueue, catalogue: Catalogue, options: TableStoreOptions) {
    this.#store = store;
    this.#queue = queue;
    this.catalogue = catalogue;
    this.tunnelRecords = new TunnelRecords(store, queue);
    this.#clock = options.clock;
    this.#onError = options.onError ?? (() => undefined);
    const { clock, partitionBytesMax = PARTITION_BYTES_MAX } = options;
    const inBackground = (work: () => Promise<void>) => this.#inBackground(work);
    this.#streams = new ChangeStreams({ store, queue, catalogue, clock, inBackground, stopped: () => this.#closed });
    const growth = {
      bytesMax: partitionBytesMax * GROWTH_PART,
      tell: (table: Table) => this.#streams.measure(table, partitionBytesMax),
    };
    const locks = new Map<string, Transaction>();
    this.#write = { queue, clock, memory: new BatchMemory(), effects: { locks, growth } };
    this.transactions = new LocalTransactions({ store, queue, clock, write: this.#write, locks });
  }

  /** Takes over the ordered store: closing this closes it. */
  static async open(store: OrderedStore, options: TableStoreOptions): Promise<TableStore> {
    const queue = new CommitQueue(store, { sync: options.sync ?? true });
    const catalogue = await Catalogue.load(store, queue, options.clock);
    const tables = new TableStore(store, queue, catalogue, options);
    for (const id of catalogue.dropped) tables.#removeRows(id);
    for (const table of tables.#everyTable()) for (const index of table.indexes ?? []) tables.#fill(table, index);
    await tables.#streams.load();
    tables.#scheduleSweep();
    return tables;
  }

  /** Begins the changes of one request, which must be committed within the same turn of the event loop. */
  beginWrite(bytesExpected = 4096): WriteBatch {
    return new WriteBatch(this.#write, bytesExpected);
  }

  /** What has changed, for who follows it; and partitions, by which the changes are divided. */
  get streams(): Streams {
    return this.#streams;
  }

  /** Reads the row whose key the walker stands on, as the store has it or as a transaction sees it. */
  getRow(table: Table, key: RowWalker, reader: RowReader, source: RowSource = this.#store): RowRead {
    this.#keyScratch.reset();
    const stored = source.get(writeRowKey(this.#keyScratch, table, key));
    return stored === undefined ? { row: new Uint8Array(0), size: 0 } : rowRead(stored, reader);
  }

  /** A reader for rows of the table by this selection, at this moment. @throws OTSParameterInvalid for a filter that cannot be */
  reader(table: Table, selection: CellSelection): RowReader {
    return new RowReader(table, selection, this.#clock.now());
  }

  readRange(table: Table, query: RangeQuery, source: RowSource = this.#store): Promise<RangePage> {
    return readRange(source, table, query, this.#clock.now());
  }

  /** Encoded keys that cut the table into parts of about `splitBytes` stored bytes, `limit` keys at most. */
  splitPoints(table: Table, splitBytes: number, limit: number): Promise<Uint8Array[]> {
    return splitPoints(this.#store, table, splitBytes, limit);
  }

  /** Deletes a table; its rows are removed in the background. @throws OTSObjectNotExist */
  async deleteTable(instance: string, name: string): Promise<void> {
    const table = await this.catalogue.deleteTable(instance, name);
    this.#removeDropped(table);
  }

  /**
   * Makes an index of a table, of the rows written from here on; with `includeBase` those that are there already are added in the background.
   * @throws OTSObjectAlreadyExist, OTSQuotaExhausted, OTSObjectNotExist
   */
  async createIndex(table: Table, schema: IndexSchema, { includeBase }: { readonly includeBase: boolean }): Promise<void> {
    this.#fill(table, await this.catalogue.createIndex(table, schema, includeBase));
  }

  /** Drops an index; its rows are removed in the background. @throws OTSObjectNotExist */
  async dropIndex(table: Table, name: string): Promise<void> {
    this.#removeDropped((await this.catalogue.dropIndex(table, name)).table);
  }

  /** Drops an instance and its tables; false when there is none. Rows are removed in the background. @throws TF_INSTANCE_NOT_EMPTY unless forced */
  async dropInstance(name: string, options: { readonly force: boolean }): Promise<boolean> {
    const tables = await this.catalogue.dropInstance(name, options);
    for (const table of tables ?? []) this.#removeDropped(table);
    return tables !== undefined;
  }

  /** Removes expired cells from the storage of tables with a time to live now, instead of within the hour. Returns the rows changed. */
  async sweep(): Promise<number> {
    let changed = 0;
    for (const table of this.#everyTable()) {
      if (table.schema.options.timeToLive < 0) continue;
      const { locks } = this.#write.effects!;
      changed += await sweepTable(this.#store, this.#queue, table, { now: () => this.#clock.now(), stopped: () => this.#closed, locks });
    }
    return changed;
  }

  /** Writes everything that is committed now to a file, which an empty store can be filled from. @throws TF_IO */
  async snapshot(path: string): Promise<SnapshotSize> {
    await this.#queue.settled();
    return writeSnapshot(this.#store, path);
  }

  /** Waits for writes and background work, then closes the ordered store. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#cancelSweep();
    this.transactions.close();
    await Promise.all(this.#background);
    await this.#queue.settled().catch(() => undefined);
    await this.#store.close();
  }

  #everyTable(): Table[] {
    return this.catalogue.instances().flatMap((instance) => this.catalogue.tables(instance));
  }

  #fill(table: Table, index: TableIndex): void {
    if (index.fillFrom === undefined) return;
    this.#inBackground(() => fillIndex({ store: this.#store, queue: this.#queue, stopped: () => this.#closed }, table, index));
  }

  #removeDropped({ id, stream, indexes = [] }: Table): void {
    this.#removeRows(id);
    for (const { table } of indexes) this.#removeRows(table.id);
    if (stream !== undefined) this.#streams.removeGone(stream.number);
  }

  #removeRows(tableId: number): void {
    this.#inBackground(() => removeDroppedRows(this.#store, tableId, () => this.#closed));
  }

  #scheduleSweep(): void {
    this.#cancelSweep = this.#clock.after(SWEEP_INTERVAL_MS, () => {
      this.#inBackground(async () => {
        await this.sweep();
        await this.#streams.sweep();
      });
      this.#scheduleSweep();
    });
  }

  #inBackground(work: () => Promise<void>): void {
    const running = work()
      .catch(this.#onError)
      .finally(() => this.#background.delete(running));
    this.#background.add(running);
  }
}

/** What a reader makes of one stored row, as a reply of one row. */
export function rowRead(stored: Uint8Array, reader: RowReader): RowRead {
  const out = new ByteWriter(stored.length, briefMemory);
  writeHeader(out);
  const found = reader.append(stored, out);
  return { row: found ? out.bytes.subarray(0, out.at) : new Uint8Array(0), size: sizeOf(stored) };
}
