import type { Clock } from "../base/clock.ts";
import { TableferryError } from "../base/error.ts";
import { limits } from "../model/limits.ts";
import type { TableSchema } from "../model/schema.ts";
import { ChangeLog, newStream } from "./change-log.ts";
import type { CommitQueue } from "./commit-queue.ts";
import { keySpace, numberKey, type Space, spaceRange, textKey } from "./key-space.ts";
import type { OrderedStore, StoreChange } from "./ordered-store.ts";
import { refusal } from "./refusal.ts";
import type { StreamOptions } from "./stream.ts";
import { type KeptStream, Table, type TableRecord } from "./table.ts";

/**
 * Instances and their tables. Held in memory, loaded once; a change is visible at once and its promise settles when it is committed.
 * Writes of rows enqueued after a table was dropped are refused, so the rows of a dropped table can be removed at leisure.
 */
export class Catalogue {
  readonly #queue: CommitQueue;
  readonly #clock: Clock;
  readonly #instances = new Map<string, Map<string, Table>>();
  /** Ids of tables dropped before this catalogue was loaded, whose rows may still be there. */
  readonly dropped: number[] = [];
  /** Numbers of streams switched off before, whose changes may still be there. */
  readonly goneStreams: number[] = [];
  #lastTableId = 0;
  #lastStream = 0;

  private constructor(queue: CommitQueue, clock: Clock) {
    this.#queue = queue;
    this.#clock = clock;
  }

  static async load(store: OrderedStore, queue: CommitQueue, clock: Clock): Promise<Catalogue> {
    const catalogue = new Catalogue(queue, clock);
    for await (const { key } of entriesOf(store, keySpace.instance)) catalogue.#instances.set(key.toString("utf8", 1), new Map());
    for await (const { key, value } of entriesOf(store, keySpace.table)) {
      const [instance = ""] = key.toString("utf8", 1).split("\0");
      const record: TableRecord = JSON.parse(value.toString());
      const table = new Table(instance, record);
      if (table.stream !== undefined) table.stream.ready = true;
      catalogue.#instances.get(instance)?.set(record.schema.name, table);
    }
    for await (const { key } of entriesOf(store, keySpace.dropped)) catalogue.dropped.push(key.readUInt32BE(1));
    for await (const { key } of entriesOf(store, keySpace.goneStream)) catalogue.goneStreams.push(key.readUInt32BE(1));
    catalogue.#lastTableId = lastNumber(store, keySpace.lastTableId);
    catalogue.#lastStream = lastNumber(store, keySpace.lastStream);
    return catalogue;
  }

  instances(): string[] {
    return [...this.#instances.keys()].sort();
  }

  hasInstance(name: string): boolean {
    return this.#instances.has(name);
  }

  /** False when the instance exists already. */
  async createInstance(name: string): Promise<boolean> {
    if (this.#instances.has(name)) return false;
    this.#instances.set(name, new Map());
    const record = { createdAt: this.#clock.nowMicros() };
    await this.#queue.commit([{ type: "put", key: textKey(keySpace.instance, name), value: jsonBytes(record) }]);
    return true;
  }

  /**
   * Removes an instance, and with `force` its tables, whose rows the caller removes then. Undefined when there is none of this name.
   * @throws TF_INSTANCE_NOT_EMPTY
   */
  async dropInstance(name: string, options: { readonly force: boolean }): Promise<readonly Table[] | undefined> {
    const tables = this.#instances.get(name);
    if (tables === undefined) return undefined;
    if (tables.size > 0 && !options.force) {
      throw new TableferryError("TF_INSTANCE_NOT_EMPTY", { message: `instance ${name} has ${tables.size} table(s)`, place: name });
    }
    const changes = [...tables.values()].flatMap((table) => this.#drop(table));
    this.#instances.delete(name);
    await this.#queue.commit([...changes, { type: "del", key: textKey(keySpace.instance, name) }]);
    return [...tables.values()];
  }

  /** The tables of an instance by name. @throws OTSAuthFailed for an unknown instance */
  tables(instance: string): Table[] {
    return [...this.#tablesOf(instance).values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** @throws OTSObjectNotExist */
  table(instance: string, name: string): Table {
    const table = this.#tablesOf(instance).get(name);
    if (table === undefined) throw refusal.tableMissing();
    return table;
  }

  /** Makes a table, cut into partitions (see `cutsAt`) and with the stream its schema asks for. @throws OTSObjectAlreadyExist, OTSQuotaExhausted */
  async createTable(instance: string, schema: TableSchema, cuts: readonly string[] = []): Promise<Table> {
    const tables = this.#tablesOf(instance);
    if (tables.has(schema.name)) throw refusal.tableExists();
    if (tables.size >= limits.tablesPerInstanceMax) throw refusal.tableQuota(limits.tablesPerInstanceMax);
    const createdAt = this.#clock.nowMicros();
    const stream = schema.stream.enabled ? this.#newStream(cuts.length + 1) : undefined;
    const table = new Table(instance, {
      id: ++this.#lastTableId,
      createdAt,
      schema,
      reservedRaisedAt: Math.floor(createdAt / 1e6),
      ...(cuts.length > 0 ? { cuts } : {}),
      stream,
    });
    const log = table.stream;
    tables.set(schema.name, table);
    await this.#queue.commit([putTable(table), ...this.#lastNumbers()]);
    if (log !== undefined) log.ready = true;
    return table;
  }

  /** Replaces what is kept of a table. @throws OTSObjectNotExist for a table that was dropped */
  async updateTable(table: Table, record: TableRecord): Promise<void> {
    if (table.dropped) throw refusal.tableMissing();
    table.record = record;
    await this.#queue.commit([putTable(table)]);
  }

  /** Switches on a stream, where none is: changes are recorded from here on. */
  async startStream(table: Table, options: StreamOptions): Promise<ChangeLog> {
    const stream = this.#newStream(table.cuts.length + 1);
    table.record = { ...table.record, schema: { ...table.schema, stream: { enabled: true, ...options } }, stream };
    const log = (table.stream = new ChangeLog(table, stream));
    await this.#queue.commit([putTable(table), ...this.#lastNumbers()]);
    log.ready = true;
    return log;
  }

  /** Switches a stream off; the caller removes its changes then. Undefined where none is on. */
  async stopStream(table: Table): Promise<ChangeLog | undefined> {
    const log = table.stream;
    if (log === undefined || table.dropped) return undefined;
    table.stream = undefined;
    table.record = { ...table.record, schema: { ...table.schema, stream: { enabled: false } }, stream: undefined };
    await this.#queue.commit([putTable(table), markGone(log)]);
    return log;
  }

  /** The name is free at once; the caller removes the rows then. @throws OTSObjectNotExist */
  async deleteTable(instance: string, name: string): Promise<Table> {
    const table = this.table(instance, name);
    this.#tablesOf(instance).delete(name);
    await this.#queue.commit(this.#drop(table));
    return table;
  }

  #drop(table: Table): StoreChange[] {
    table.dropped = true;
    return [
      { type: "del", key: recordKey(table) },
      { type: "put", key: numberKey(keySpace.dropped, table.id), value: Buffer.alloc(0) },
      ...(table.stream === undefined ? [] : [markGone(table.stream)]),
    ];
  }

  #newStream(partitions: number): KeptStream {
    return newStream(++this.#lastStream, this.#clock.nowMicros(), partitions);
  }

  #lastNumbers(): StoreChange[] {
    return [putNumber(keySpace.lastTableId, this.#lastTableId), putNumber(keySpace.lastStream, this.#lastStream)];
  }

  #tablesOf(instance: string): Map<string, Table> {
    const tables = this.#instances.get(instance);
    if (tables === undefined) throw refusal.instanceMissing();
    return tables;
  }
}

/** Copies of all entries of a space, in order. */
export async function* entriesOf(store: OrderedStore, space: Space) {
  const cursor = store.entries(spaceRange(space));
  try {
    for (let page = await cursor.next(1000); page.length > 0; page = await cursor.next(1000)) {
      for (const { key, value } of page) yield { key: Buffer.from(key), value: Buffer.from(value) };
    }
  } finally {
    await cursor.close();
  }
}

function recordKey(table: Table): Buffer {
  return textKey(keySpace.table, `${table.instance}\0${table.name}`);
}

function putTable(table: Table): StoreChange {
  return { type: "put", key: recordKey(table), value: jsonBytes(table.record) };
}

function markGone(log: ChangeLog): StoreChange {
  return { type: "put", key: numberKey(keySpace.goneStream, log.number), value: Buffer.alloc(0) };
}

function lastNumber(store: OrderedStore, space: Space): number {
  const last = store.get(Buffer.of(space));
  return last === undefined ? 0 : Buffer.from(last).readUInt32BE(0);
}

function putNumber(space: Space, number: number): StoreChange {
  const value = Buffer.alloc(4);
  value.writeUInt32BE(number);
  return { type: "put", key: Buffer.of(space), value };
}

function jsonBytes(value: object): Buffer {
  return Buffer.from(JSON.stringify(value));
}
