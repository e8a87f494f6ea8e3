import type { Clock } from "../base/clock.ts";
import type { RowExistence, WriteCondition } from "../model/condition.ts";
import { ByteWriter } from "../wire/plainbuffer/byte-writer.ts";
import * as tag from "../wire/plainbuffer/tag.ts";
import { RowWalker } from "../wire/plainbuffer/walk.ts";
import { keyName, type CommitQueue } from "./commit-queue.ts";
import { composePut } from "./compose-put.ts";
import { composeUpdate, type VersionRules } from "./compose-update.ts";
import { passesMissing } from "./filter.ts";
import { keySpace, tableKey } from "./key-space.ts";
import type { StoreChange } from "./ordered-store.ts";
import { refusal } from "./refusal.ts";
import { ROW_HEADER_BYTES, sizeOf } from "./row-header.ts";
import { writeRowKey } from "./row-key.ts";
import { expiryFloor, isAlive, RowReader } from "./row-reader.ts";
import { StoredRowWriter } from "./stored-row-writer.ts";
import type { Table } from "./table.ts";

/** What one row's change did. */
export interface RowWritten {
  /** Bytes of names and values of the row as it is now; of a deleted row, as it was. What capacity units are counted of. */
  readonly size: number;
  /** Bytes of the row that was read to decide; undefined when nothing was read. */
  readonly readSize: number | undefined;
  /** The row as stored now, header included; undefined when there is none. Valid until the batch is committed. */
  readonly row: Uint8Array | undefined;
}

/**
 * The changes of one request. Each method judges one row against what is stored and against the changes before it, and adds its change or
 * throws the service's refusal and adds nothing; `commit` makes all that was added durable at once. From the first call to `commit` the event loop must not
 * turn, which makes the whole atomic (see CommitQueue). Walkers stand on changes that were checked against the table's schema.
 */
export class WriteBatch {
  readonly #queue: CommitQueue;
  readonly #nowMicros: number;
  readonly #now: number;
  readonly #writer: ByteWriter;
  readonly #out: StoredRowWriter;
  readonly #changes: StoreChange[] = [];
  /** The changes by key, made when a row is first read behind another change. */
  #own: Map<string, StoreChange> | undefined;
  readonly #old = new RowWalker("none");

  /** `bytesExpected`: of the keys and rows to come; a guess too low costs a copy. */
  constructor(queue: CommitQueue, clock: Clock, bytesExpected: number) {
    this.#queue = queue;
    this.#now = clock.now();
    this.#nowMicros = clock.nowMicros();
    this.#writer = new ByteWriter(bytesExpected);
    this.#out = new StoredRowWriter(this.#writer, this.#now);
  }

  /** Replaces the whole row. @throws OTSConditionCheckFail, OTSObjectNotExist */
  put(table: Table, walker: RowWalker, condition: WriteCondition): RowWritten {
    refuseDropped(table);
    const automatic = this.#chooseKey(table, walker);
    const key = writeRowKey(this.#writer, table, walker, automatic);
    const read = this.#check(table, key, condition);
    const row = composePut(this.#out, walker, this.#now, table.schema.options.maxVersions, automatic);
    this.#add({ type: "put", key, value: row });
    return { size: sizeOf(row), readSize: read, row };
  }

  /** Changes single columns, making the row if it is missing and anything is put. @throws OTSConditionCheckFail, OTSParameterInvalid, OTSObjectNotExist */
  update(table: Table, walker: RowWalker, condition: WriteCondition): RowWritten {
    refuseDropped(table);
    const automatic = this.#chooseKey(table, walker);
    const key = writeRowKey(this.#writer, table, walker, automatic);
    const read = this.#check(table, key, condition);
    const rules: VersionRules = { now: this.#now, maxVersions: table.schema.options.maxVersions, floor: expiryFloor(table, this.#now) };
    const stored = this.#aliveRow(table, key);
    if (stored !== undefined) this.#old.openRows(stored, ROW_HEADER_BYTES, stored.length).next();
    const row = composeUpdate(this.#out, walker, stored === undefined ? undefined : this.#old, rules, automatic);
    if (row === undefined) return { size: 0, readSize: read, row: undefined };
    this.#add({ type: "put", key, value: row });
    return { size: walker.rowEnd - walker.rowStart, readSize: read, row };
  }

  /** Removes the row, if there is one. @throws OTSConditionCheckFail, OTSObjectNotExist */
  delete(table: Table, walker: RowWalker, condition: WriteCondition): RowWritten {
    refuseDropped(table);
    const key = writeRowKey(this.#writer, table, walker);
    const read = this.#check(table, key, condition);
    this.#add({ type: "del", key });
    return { size: walker.rowEnd - walker.rowStart, readSize: read, row: undefined };
  }

  /** Settles when all that was added is durable. */
  commit(): Promise<void> {
    return this.#changes.length === 0 ? this.settled() : this.#queue.commit(this.#changes);
  }

  /** Drops what was added; settles when everything the refusals rest on is durable, which must not be told before. */
  settled(): Promise<void> {
    return this.#queue.settled();
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
      const key = tableKey(keySpace.autoIncrement, table.id);
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
    return stored !== undefined && isAlive(stored, expiryFloor(table, this.#now)) ? stored : undefined;
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

function refuseDropped(table: Table): void {
  if (table.dropped) throw refusal.tableMissing();
}
