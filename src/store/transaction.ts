import type { Clock } from "../base/clock.ts";
import type { WriteCondition } from "../model/condition.ts";
import { compareKeyValue } from "../model/key.ts";
import { limits } from "../model/limits.ts";
import type { KeyBound, KeyValue } from "../model/value.ts";
import { realKeyOf } from "../wire/plainbuffer/decode.ts";
import { RowWalker } from "../wire/plainbuffer/walk.ts";
import { BatchMemory } from "./batch-memory.ts";
import { keyName } from "./commit-queue.ts";
import { MergedRows } from "./merged-rows.ts";
import type { Cursor, KeyRange, OrderedStore, RowSource, StoreChange } from "./ordered-store.ts";
import { lockName } from "./partition-lock.ts";
import { refusal } from "./refusal.ts";
import { expiryFloor } from "./row-reader.ts";
import { fieldSize } from "./stored-row-writer.ts";
import type { Table } from "./table.ts";
import { type RowWrites, type RowWritten, WriteBatch } from "./write-batch.ts";

/** Of changes and of the rows and index entries they make, each counted anew: what the replay at the commit takes, which is one turn of the event loop. Of our own. */
const HELD_BYTES_MAX = 32 * 1024 * 1024;
/** Of memory that keeping a change takes beside its bytes. */
const WRITE_OVERHEAD_BYTES = 256;
const unconditional: WriteCondition = { existence: "ignore" };

/** Scratch: a replay begins and ends within one call. */
const replayed = new RowWalker("none");
/** What a request writes is copied when it is kept, before its batch gives this back. */
const memory = new BatchMemory();

/** Bytes that all open transactions hold together. */
export interface HeldBytes {
  sum: number;
  readonly max: number;
}

/** A change that was judged and waits for the commit. */
interface KeptWrite {
  readonly type: "put" | "update" | "delete";
  /** The row as it came, without stream header. */
  readonly change: Uint8Array;
  /** Bytes of names and values. */
  readonly size: number;
  /** Milliseconds. */
  readonly at: number;
  /** What was older had expired then: an increment that was told of a sum must come to it again. */
  readonly floor: number;
}

export interface TransactionParts {
  readonly id: string;
  readonly table: Table;
  /** Stands on the partition key, which is locked: its rows change no more but by this transaction. */
  readonly key: RowWalker;
  readonly store: OrderedStore;
  readonly clock: Clock;
  readonly held: HeldBytes;
}

/**
 * A local transaction: what the rows of its partition key will be, for its own reads and conditions, and the changes that lead there. Nobody else writes
 * that key meanwhile, and no sweep takes from it what expires, so the same changes have the same outcome when they are made once more at the commit. Only
 * then do they get their places in the table's stream and indexes, whichever there are by then. Their versions are of the time they were written at (unverified:
 * it may be that of the commit).
 */
export class Transaction implements RowSource {
  readonly id: string;
  readonly table: Table;
  readonly lock: string;
  readonly #partition: KeyValue;
  readonly #store: OrderedStore;
  readonly #clock: Clock;
  readonly #heldByAll: HeldBytes;
  /** The rows it wrote, by key. */
  readonly #rows = new Map<string, StoreChange>();
  readonly #writes: KeptWrite[] = [];
  #written = 0;
  #held = 0;

  constructor({ id, table, key, store, clock, held }: TransactionParts) {
    this.id = id;
    this.table = table;
    this.lock = lockName(table, key);
    this.#partition = realKeyOf(key)[0]!.value;
    this.#store = store;
    this.#clock = clock;
    this.#heldByAll = held;
  }

  /** Begins the changes of one request, which are seen by this transaction when they are committed to it. */
  beginWrite(bytesExpected = 4096): RowWrites {
    return new TransactionWrites(this, this.#clock, bytesExpected);
  }

  get(key: Uint8Array): Uint8Array | undefined {
    const own = this.#rows.get(keyName(key));
    if (own === undefined) return this.#store.get(key);
    return own.type === "put" ? own.value : undefined;
  }

  values(range: KeyRange): Cursor<Uint8Array> {
    const inside = ({ key }: StoreChange) => Buffer.compare(key, range.from) >= 0 && Buffer.compare(key, range.to) < 0;
    return new MergedRows(this.#store.entries(range), [...this.#rows.values()].filter(inside), range.reverse === true);
  }

  /** Whether the row the walker stands on is of this transaction. @throws OTSDataOutOfRange, OTSParameterInvalid */
  checkScope(table: Table, row: RowWalker): void {
    this.#checkTable(table);
    if (lockName(table, row) !== this.lock)
      throw refusal.outOfTransaction("PartKey", String(this.#partition), String(realKeyOf(row)[0]!.value));
  }

  /** Whether a range lies within the partition key: both its bounds must name it (unverified for tables with no other key column). @throws as `checkScope` */
  checkRange(table: Table, ...bounds: readonly (readonly KeyBound[])[]): void {
    this.#checkTable(table);
    for (const [first] of bounds) {
      if (compareKeyValue(first!, this.#partition) === 0) continue;
      throw refusal.outOfTransaction("PartKey", String(this.#partition), typeof first === "symbol" ? first.description! : String(first));
    }
  }

  /** Takes over what a request wrote: all of it or nothing. @throws OTSParameterInvalid beyond 4 MB in all, OTSServerBusy */
  keep(writes: readonly KeptWrite[], changes: readonly StoreChange[]): void {
    const written = writes.reduce((sum, { size }) => sum + size, this.#written);
    if (written > limits.transactionBytesMax) throw tooLarge(limits.transactionBytesMax, written);
    let added = 0;
    for (const { change } of writes) added += change.length + WRITE_OVERHEAD_BYTES;
    // An index takes no more of a row than all of it.
    const copies = 1 + (this.table.indexes?.length ?? 0);
    for (const change of changes) added += copies * (change.key.length + (change.type === "put" ? change.value.length : 0));
    if (this.#held + added > HELD_BYTES_MAX) throw tooLarge(HELD_BYTES_MAX, this.#held + added);
    if (this.#heldByAll.sum + added > this.#heldByAll.max) throw refusal.busy();
    this.#written = written;
    this.#held += added;
    this.#heldByAll.sum += added;
    for (const write of writes) this.#writes.push(write);
    for (const change of changes) this.#rows.set(keyName(change.key), copyOf(change));
  }

  /** Makes its changes once more. @throws OTSObjectNotExist for a table that was deleted meanwhile */
  replay(batch: WriteBatch): void {
    for (const { type, change, at, floor } of this.#writes) {
      batch.setTime(at, floor);
      replayed.openRows(change, 0, change.length).next();
      batch[type](this.table, replayed, unconditional);
    }
  }

  /** Bytes that its changes and the rows they make come to. */
  get held(): number {
    return this.#held;
  }

  #checkTable(table: Table): void {
    if (!table.schema.localTransactions) throw refusal.transactionsOff();
    if (table !== this.table) throw refusal.outOfTransaction("Table", this.table.name, table.name);
  }
}

/** The changes of one request within a transaction. */
class TransactionWrites implements RowWrites {
  readonly #transaction: Transaction;
  readonly #batch: WriteBatch;
  readonly #writes: KeptWrite[] = [];

  constructor(transaction: Transaction, clock: Clock, bytesExpected: number) {
    this.#transaction = transaction;
    const queue = {
      get: (key: Uint8Array) => transaction.get(key),
      commit: async (changes: readonly StoreChange[]) => transaction.keep(this.#writes, changes),
      // What was committed before the key was locked is durable since, and no refusal rests on anything else.
      settled: () => Promise.resolve(),
    };
    this.#batch = new WriteBatch({ queue, clock, memory, effects: undefined }, bytesExpected);
  }

  put(table: Table, walker: RowWalker, condition: WriteCondition): RowWritten {
    return this.#write("put", table, walker, condition);
  }

  update(table: Table, walker: RowWalker, condition: WriteCondition): RowWritten {
    return this.#write("update", table, walker, condition);
  }

  delete(table: Table, walker: RowWalker, condition: WriteCondition): RowWritten {
    return this.#write("delete", table, walker, condition);
  }

  commit(): Promise<void> {
    return this.#batch.commit();
  }

  settled(): Promise<void> {
    return this.#batch.settled();
  }

  #write(type: KeptWrite["type"], table: Table, walker: RowWalker, condition: WriteCondition): RowWritten {
    this.#transaction.checkScope(table, walker);
    const written = this.#batch[type](table, walker, condition);
    let size = 0;
    for (let field = 0; field < walker.count; field++) size += fieldSize(walker, field);
    const change = new Uint8Array(walker.bytes.subarray(walker.rowStart, walker.rowEnd));
    const at = this.#batch.now;
    this.#writes.push({ type, change, size, at, floor: expiryFloor(table, at) });
    return written;
  }
}

/** The bound of what is written is that of one request, and so is the text (both unverified). */
function tooLarge(most: number, size: number): Error {
  return refusal.parameter(`The total data size of transaction exceeds the limit, limit size: ${most}, data size: ${size}.`);
}

/** A copy of no more than the change: what a batch hands over lies in a buffer made for all of them. */
function copyOf(change: StoreChange): StoreChange {
  const key = new Uint8Array(change.key);
  return change.type === "put" ? { type: "put", key, value: new Uint8Array(change.value) } : { type: "del", key };
}
