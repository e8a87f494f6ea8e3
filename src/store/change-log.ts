import { limits } from "../model/limits.ts";
import { partitionOf } from "./partitions.ts";
import type { Shard, Stream } from "./stream.ts";
import type { KeptShard, KeptStream, Table } from "./table.ts";

/** Where a change goes. */
export interface ChangePlace {
  readonly shard: LogShard;
  /** Microseconds. */
  readonly sequence: number;
}

/** A shard, live. */
export class LogShard implements Shard {
  readonly log: ChangeLog;
  readonly number: number;
  readonly id: string;
  readonly parentId: string | undefined;
  readonly createdAt: number;
  readonly parent: number | undefined;
  /** The sequence at which it was closed, known before that is durable. */
  closedAt: number | undefined;
  closed: boolean;
  /** Records of lower sequences have expired and may be removed; there was one just below. 0: none ever was. */
  trimmedTo: number;
  /** The sequence given last to a change of it, committed or not; 0 while none was since the store was opened. */
  last = 0;
  /** Records of lower sequences are removed, as far as this process knows. */
  removedTo = 0;

  constructor(log: ChangeLog, { number, createdAt, parent, closedAt, trimmedTo = 0 }: KeptShard) {
    this.log = log;
    this.number = number;
    this.id = shardId(log, number);
    this.parentId = parent === undefined ? undefined : shardId(log, parent);
    this.createdAt = createdAt;
    this.parent = parent;
    this.closedAt = closedAt;
    this.closed = closedAt !== undefined;
    this.trimmedTo = trimmedTo;
  }

  /** Says that its end is durable. */
  close(): void {
    this.closed = true;
    this.log.settle(this.closedAt ?? 0);
  }

  kept(): KeptShard {
    const { number, createdAt, parent, closedAt, trimmedTo } = this;
    return { number, createdAt, parent, closedAt, trimmedTo: trimmedTo === 0 ? undefined : trimmedTo };
  }
}

/** Somebody who waits for changes of a shard from a position on. */
interface Watcher {
  readonly shard: LogShard;
  readonly from: number;
  readonly wake: () => void;
}

/**
 * A stream, live: gives every change its shard and its sequence. Changes of one turn of the event loop are enqueued in the order in which they took their
 * sequences, so the order of sequences is the order of commits, within a shard and from a parent to its children.
 */
export class ChangeLog implements Stream {
  readonly table: Table;
  readonly number: number;
  readonly id: string;
  readonly createdAt: number;
  readonly originColumns: readonly string[];
  /** The origin columns, where there are any. */
  readonly origins: ReadonlySet<string> | undefined;
  expirationHours: number;
  /** True once its beginning is durable: only then is it told of. */
  ready = false;
  /** Everything up to this sequence is committed. */
  committed: number;
  #shards: LogShard[];
  /** Those that are written, by partition. */
  #open: LogShard[];
  #last: number;
  readonly #watchers = new Set<Watcher>();

  constructor(table: Table, { number, createdAt, shards, open }: KeptStream) {
    const { expirationHours = limits.streamHoursMax, originColumns = [] } = table.schema.stream;
    this.table = table;
    this.number = number;
    this.id = `${table.name}_${createdAt}_${number}`;
    this.createdAt = createdAt;
    this.expirationHours = expirationHours;
    this.originColumns = originColumns;
    this.origins = originColumns.length === 0 ? undefined : new Set(originColumns);
    this.#shards = shards.map((shard) => new LogShard(this, shard));
    this.#open = open.map((wanted) => this.#shards.find((shard) => shard.number === wanted)!);
    this.#last = Math.max(...this.#shards.map((shard) => Math.max(shard.createdAt, shard.trimmedTo - 1)));
    this.committed = this.#last;
  }

  get shards(): readonly LogShard[] {
    return this.#shards;
  }

  get open(): readonly LogShard[] {
    return this.#open;
  }

  /** Where the next change of this row goes: after everything before it, also under a clock that went back. */
  place(rowKey: Uint8Array, nowMicros: number): ChangePlace {
    const shard = this.#open[partitionOf(this.table.cuts, rowKey)]!;
    shard.last = this.#next(nowMicros);
    return { shard, sequence: shard.last };
  }

  /** The sequence given last; not before it is committed may a reader be told of it. */
  get last(): number {
    return this.#last;
  }

  /** Goes on behind a sequence found in storage. */
  resume(sequence: number): void {
    this.#last = Math.max(this.#last, sequence);
    this.committed = this.#last;
  }

  /** Says that everything up to a sequence is committed. */
  settle(sequence: number): void {
    if (sequence > this.committed) this.committed = sequence;
    // Whether what was committed is theirs is not looked up: whoever is woken too early watches on.
    for (const { shard, from, wake } of this.#watchers) if (shard.closed || shard.last >= from) wake();
  }

  /** See `Streams.watch`. */
  watch(shard: LogShard, from: number, wake: () => void): () => void {
    const watcher = { shard, from, wake };
    this.#watchers.add(watcher);
    if (shard.closed || (shard.last >= from && shard.last <= this.committed)) wake();
    return () => void this.#watchers.delete(watcher);
  }

  /** Closes the shard of a partition for two children and returns it; nothing is read as closed before that is durable. */
  split(partition: number, nowMicros: number): LogShard {
    const parent = this.#open[partition]!;
    const createdAt = this.#next(nowMicros);
    const number = Math.max(...this.#open.map((shard) => shard.number)) + 1;
    const [left, right] = [number, number + 1].map((child) => new LogShard(this, { number: child, createdAt, parent: parent.number }));
    parent.closedAt = createdAt;
    this.#shards = [...this.#shards, left!, right!];
    this.#open = this.#open.toSpliced(partition, 1, left!, right!);
    return parent;
  }

  /** Forgets closed shards. */
  forget(gone: ReadonlySet<LogShard>): void {
    this.#shards = this.#shards.filter((shard) => !gone.has(shard));
  }

  kept(): KeptStream {
    const { number, createdAt } = this;
    const shards = this.#shards.map((shard) => shard.kept());
    return { number, createdAt, shards, open: this.#open.map((shard) => shard.number) };
  }

  #next(nowMicros: number): number {
    this.#last = Math.max(nowMicros, this.#last + 1);
    return this.#last;
  }
}

/** What is kept of a stream that begins, with a shard for each of so many partitions. */
export function newStream(number: number, createdAt: number, partitions: number): KeptStream {
  const open = Array.from({ length: partitions }, (_, at) => at + 1);
  return { number, createdAt, shards: open.map((shard) => ({ number: shard, createdAt })), open };
}

function shardId({ number, createdAt }: ChangeLog, shard: number): string {
  return `${createdAt.toString(16)}-${number.toString(16)}-${shard.toString(16)}`;
}
