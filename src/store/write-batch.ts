import type { Clock } from "../base/clock.ts";
import type { RowExistence, WriteCondition } from "../model/condition.ts";
import type { ByteWriter } from "../wire/plainbuffer/byte-writer.ts";
import * as tag from "../wire/plainbuffer/tag.ts";
import { RowWalker } from "../wire/plainbuffer/walk.ts";
import type { BatchMemory } from "./batch-memory.ts";
import type { ChangeLog, LogShard } from "./change-log.ts";
import { ChangeWriter, type Origin } from "./change-record.ts";
import { keyName, type CommitQueue } from "./commit-queue.ts";
import { composePut } from "./compose-put.ts";
import { composeUpdate, type UpdateRules } from "./compose-update.ts";
import { passesMissing } from "./filter.ts";
import { appendIndexChanges } from "./index-entry.ts";
import { keySpace, numberKey } from "./key-space.ts";
import type { StoreChange } from "./ordered-store.ts";
import { type PartitionLocks, refuseLocked } from "./partition-lock.ts";
import { refusal } from "./refusal.ts";
import { ROW_HEADER_BYTES, sizeOf } from "./row-header.ts";
import { writeRowKey } from "./row-key.ts";
import { expiryFloor, isAlive, RowReader } from "./row-reader.ts";
import { StoredRowWriter } from "./stored-row-writer.ts";
import type { Table } from "./table.ts";
import type { TableIndex } from "./table-index.ts";

/** Room at first for the records of each shard but the first. */
const FURTHER_SHARD_BYTES = 16 * 1024;

/** What one row's change did. */
export interface RowWritten {
  /** Bytes of names and values of the row as it is now; of a deleted row, as it was. What capacity units are counted of. */
  readonly size: number;
  /** Bytes of the row that was read to decide; undefined when nothing was read. */
  readonly readSize: number | undefined;
  /** The row as stored now, header included; undefined when there is none. Valid until the batch is committed. */
  readonly row: Uint8Array | undefined;
}

/** The changes of one request as its rows are judged, in a table or within a transaction. */
export type RowWrites = Pick<WriteBatch, "put" | "update" | "delete" | "commit" | "settled">;

/** What a batch works with. */
export interface WriteContext {
  /** What it decides on and hands its changes to. */
  readonly queue: Pick<CommitQueue, "get" | "commit" | "settled">;
  readonly clock: Clock;
  /** For keys, rows and records, until `commit` of the queue settles: nobody may have anything of a batch beyond that. */
  readonly memory: BatchMemory;
  /** Undefined for changes that are not for good yet, a transaction's: they meet no lock, are not recorded, change no index and make no table grow. */
  readonly effects: WriteEffects | undefined;
}

export interface WriteEffects {
  readonly locks: PartitionLocks;
  /** Told of a table once this many bytes were written to it since it was told of last. */
  readonly growth: { readonly bytesMax: number; readonly tell: (table: Table) => void };
}

/**
 * The changes of one request. Each method judges one row against what is stored and against the changes before it, and adds its change or
 * throws the service's refusal and adds nothing; `commit` makes all that was added durable at once. From the first call to `commit` the event loop must not
 * turn, which makes the whole atomic (see CommitQueue). Walkers stand on changes that were checked against the table's schema.
 */
export class WriteBatch {
  readonly #queue: WriteContext["queue"];
  readonly #nowMicros: number;
  #now: number;
  /** Of changes that were judged before. */
  #judgedFloor: number | undefined;
  readonly #writer: ByteWriter;
  #out: StoredRowWriter;
  readonly #changes: StoreChange[] = [];
  /** The changes by key, made when a row is first read behind another change. */
  #own: Map<string, StoreChange> | undefined;
  /** Made when an update first finds a row: it holds arrays. */
  #old: RowWalker | undefined;
  readonly #effects: WriteEffects | undefined;
  readonly #memory: BatchMemory;
  /** Undefined while there are none. */
  readonly #locks: PartitionLocks | undefined;
  readonly #bytesExpected: number;
  /** Records of the changes to tables with a stream, by shard; made when there is a first one. */
  #records: Map<LogShard, ChangeWriter> | undefined;

  /** `bytesExpected`: of the keys and rows to come; a guess too low costs a copy. */
  constructor({ queue, clock, effects, memory }: WriteContext, bytesExpected: number) {
    this.#queue = queue;
    this.#effects = effects;
    this.#locks = effects === undefined || effects.locks.size === 0 ? undefined : effects.locks;
    this.#bytesExpected = bytesExpected;
    this.#now = clock.now();
    this.#nowMicros = clock.nowMicros();
    this.#memory = memory;
    this.#writer = memory.take(bytesExpected);
    this.#out = new StoredRowWriter(this.#writer, this.#now);
  }

  /** Milliseconds: the version of what comes without one. */
  get now(): number {
    return this.#now;
  }

  /** Gives the changes from here on another time, at which they were judged before, and what had expired then (see `expiryFloor`). */
  setTime(now: number, floor: number): void {
    this.#judgedFloor = floor;
    if (now === this.#now) return;
    this.#now = now;
    this.#out = new StoredRowWriter(this.#writer, now);
    for (const records of this.#records?.values() ?? []) records.setTime(now);
  }

  /** Replaces the whole row. @throws OTSConditionCheckFail, OTSObjectNotExist, OTSRowOperationConflict */
  put(table: Table, walker: RowWalker, condition: WriteCondition): RowWritten {
    this.#admit(table, walker);
    const automatic = this.#chooseKey(table, walker);
    const key = writeRowKey(this.#writer, table, walker, automatic);
    const read = this.#check(table, key, condition);
    const row = composePut(this.#out, walker, this.#now, table.schema.options.maxVersions, automatic);
    const log = this.#logOf(table);
    if (log !== undefined) {
      const { shard, sequence } = log.place(key, this.#nowMicros);
      this.#recordsOf(shard).put(sequence, row, this.#origin(log, this.#before(log, key)));
    }
    const indexes = this.#indexesOf(table);
    if (indexes !== undefined) this.#index(indexes, this.#lookUp(key), row);
    this.#add({ type: "put", key, value: row });
    this.#grow(table, row.length);
    return { size: sizeOf(row), readSize: read, row };
  }

  /** Changes single columns, making the row if it is missing and anything is put. @throws OTSParameterInvalid, and as `put` */
  update(table: Table, walker: RowWalker, condition: WriteCondition): RowWritten {
    this.#admit(table, walker);
    const automatic = this.#chooseKey(table, walker);
    const key = writeRowKey(this.#writer, table, walker, automatic);
    const read = this.#check(table, key, condition);
    const log = this.#logOf(table);
    const rules: UpdateRules = {
      now: this.#now,
      maxVersions: table.schema.options.maxVersions,
      floor: this.#floorOf(table),
      sums: log === undefined ? undefined : [],
    };
    const kept = this.#lookUp(key);
    const stored = kept !== undefined && isAlive(kept, rules.floor) ? kept : undefined;
    const row = composeUpdate(this.#out, walker, stored === undefined ? undefined : this.#standOn(stored), rules, automatic);
    // What changes nothing leaves no record (unverified): who makes rows of records would make one that is not there.
    if (row === undefined) return { size: 0, readSize: read, row: undefined };
    if (log !== undefined) {
      const { shard, sequence } = log.place(key, this.#nowMicros);
      this.#recordsOf(shard).update(sequence, walker, automatic, rules.sums, this.#origin(log, stored));
    }
    const indexes = this.#indexesOf(table);
    if (indexes !== undefined) this.#index(indexes, kept, row);
    this.#add({ type: "put", key, value: row });
    this.#grow(table, row.length);
    return { size: walker.rowEnd - walker.rowStart, readSize: read, row };
  }

  /** Removes the row, if there is one. @throws as `put` */
  delete(table: Table, walker: RowWalker, condition: WriteCondition): RowWritten {
    this.#admit(table, walker);
    const key = writeRowKey(this.#writer, table, walker);
    const read = this.#check(table, key, condition);
    const log = this.#logOf(table);
    // Recorded whether or not there was a row (unverified): it is not read for that, and to delete it once more does no harm.
    if (log !== undefined) {
      const { shard, sequence } = log.place(key, this.#nowMicros);
      this.#recordsOf(shard).delete(sequence, walker, this.#origin(log, this.#before(log, key)));
    }
    const indexes = this.#indexesOf(table);
    if (indexes !== undefined) this.#index(indexes, this.#lookUp(key), undefined);
    this.#add({ type: "del", key });
    return { size: walker.rowEnd - walker.rowStart, readSize: read, row: undefined };
  }

  /** Settles when all that was added is durable. */
  async commit(): Promise<void> {
    if (this.#changes.length === 0) return this.settled();
    await (this.#records === undefined ? this.#queue.commit(this.#changes) : this.#commitRecorded(this.#records));
    this.#memory.give(this.#writer);
  }

  /** Drops what was added; settles when everything the refusals rest on is durable, which must not be told before. */
  settled(): Promise<void> {
    return this.#queue.settled();
  }

  /** Rows and the records that speak of them, at once. */
  async #commitRecorded(records: ReadonlyMap<LogShard, ChangeWriter>): Promise<void> {
    const given = [...new Set(Array.from(records.keys(), ({ log }) => log))].map((log) => [log, log.last] as const);
    for (const shard of records.values()) for (const entry of shard.finish()) this.#changes.push(entry);
    await this.#queue.commit(this.#changes);
    for (const [log, last] of given) log.settle(last);
    for (const { writer } of records.values()) this.#memory.give(writer);
  }

  #standOn(row: Uint8Array): RowWalker {
    this.#old ??= new RowWalker("none");
    this.#old.openRows(row, ROW_HEADER_BYTES, row.length).next();
    return this.#old;
  }

  #recordsOf(shard: LogShard): ChangeWriter {
    let records = this.#records?.get(shard);
    if (records === undefined) {
      // Most batches have one shard; of more, no one may have all the rows.
      const bytes = this.#records === undefined ? this.#bytesExpected : Math.min(this.#bytesExpected, FURTHER_SHARD_BYTES);
      records = new ChangeWriter(shard, this.#now, this.#memory.take(bytes));
      (this.#records ??= new Map()).set(shard, records);
    }
    return records;
  }

  /** The row before its change, read only where records tell of it. */
  #before(log: ChangeLog, key: Uint8Array): Uint8Array | undefined {
    return log.origins === undefined ? undefined : this.#aliveRow(log.table, key);
  }

  #origin({ origins, table }: ChangeLog, row: Uint8Array | undefined): Origin | undefined {
    return origins === undefined ? undefined : { columns: origins, floor: this.#floorOf(table), row };
  }

  /** Milliseconds: what is older has expired. */
  #floorOf(table: Table): number {
    return this.#judgedFloor ?? expiryFloor(table, this.#now);
  }

  /** Adds what the indexes change with a row, which was `old` in storage, expired or not. */
  #index(indexes: readonly TableIndex[], old: Uint8Array | undefined, row: Uint8Array | undefined): void {
    appendIndexChanges({ writer: this.#writer, out: this.#out }, indexes, old, row, this.#changes);
  }

  #grow(table: Table, bytes: number): void {
    if (this.#effects === undefined) return;
    const { growth } = this.#effects;
    table.growth += bytes;
    if (table.growth < growth.bytesMax) return;
    table.growth = 0;
    growth.tell(table);
  }

  #admit(table: Table, walker: RowWalker): void {
    if (table.dropped) throw refusal.tableMissing();
    if (this.#locks !== undefined) refuseLocked(this.#locks, table, walker);
  }

  #logOf(table: Table): ChangeLog | undefined {
    return this.#effects === undefined ? undefined : table.stream;
  }

  #indexesOf(table: Table): readonly TableIndex[] | undefined {
    return this.#effects === undefined ? undefined : table.indexes;
  }

  #add(change: StoreChange): void {
    this.#own?.set(keyName(change.key), change);
    this.#changes.push(change);
  }

  /**
   * The value the server chooses, where the key asks for it: microseconds as the service's, above 0 and above every value given in this table
   * before. The last one is kept in the same commit as the row, for clocks that go back.
   */
  #chooseKey(table: Table, walker: RowWalker): bigint | undefined {
    for (let field = 1; field < walker.keyCount; field++) {
      if (walker.typeOf(field) !== tag.TYPE_AUTO_INCREMENT) continue;
      const key = numberKey(keySpace.autoIncrement, table.id);
      const kept = this.#lookUp(key);
      const last = kept === undefined ? 0n : Buffer.from(kept).readBigInt64BE(0);
      const now = BigInt(this.#nowMicros);
      const value = now > last ? now : last + 1n;
      const bytes = Buffer.alloc(8);
      bytes.writeBigInt64BE(value);
      this.#add({ type: "put", key, value: bytes });
      return value;
    }
    return undefined;
  }

  /** Judges a write's condition; the bytes read for that, or undefined when the condition asks for nothing. */
  #check(table: Table, key: Uint8Array, condition: WriteCondition): number | undefined {
    const { existence, filter } = condition;
    if (existence === "ignore" && filter === undefined) return undefined;
    const stored = this.#aliveRow(table, key);
    if (!existenceHolds(existence, stored !== undefined)) throw refusal.condition();
    if (filter !== undefined) {
      const passes = stored === undefined ? passesMissing(filter) : new RowReader(table, { filter }, this.#now).accepts(stored);
      if (!passes) throw refusal.condition();
    }
    return stored === undefined ? 0 : sizeOf(stored);
  }

  #aliveRow(table: Table, key: Uint8Array): Uint8Array | undefined {
    const stored = this.#lookUp(key);
    return stored !== undefined && isAlive(stored, this.#floorOf(table)) ? stored : undefined;
  }

  #lookUp(key: Uint8Array): Uint8Array | undefined {
    const name = keyName(key);
    if (this.#changes.length > 0) {
      this.#own ??= new Map(this.#changes.map((change) => [keyName(change.key), change]));
      const own = this.#own.get(name);
      if (own !== undefined) return own.type === "put" ? own.value : undefined;
    }
    return this.#queue.get(key, name);
  }
}

function existenceHolds(existence: RowExistence, exists: boolean): boolean {
  return existence === "ignore" || (existence === "expectExist") === exists;
}
