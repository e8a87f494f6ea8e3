import type { Clock } from "../base/clock.ts";
import { TableferryError } from "../base/error.ts";
import { limits } from "../model/limits.ts";
import type { IndexSchema, TableSchema } from "../model/schema.ts";
import { ChangeLog, newStream } from "./change-log.ts";
import type { CommitQueue } from "./commit-queue.ts";
import { fillMark, fillMarkKey } from "./fill-index.ts";
import type { InstanceRecord, NewInstance } from "./instance-record.ts";
import { keySpace, numberKey, type Space, spaceRange, textKey } from "./key-space.ts";
import type { OrderedStore, StoreChange } from "./ordered-store.ts";
import { refusal } from "./refusal.ts";
import type { StreamOptions } from "./stream.ts";
import { type KeptStream, Table, type TableRecord } from "./table.ts";
import type { TableIndex } from "./table-index.ts";

/**
 * Instances and their tables. Held in memory, loaded once; a change is visible at once and its promise settles when it is committed.
 * Writes of rows enqueued after a table was dropped are refused, so the rows of a dropped table can be removed at leisure.
 */
export class Catalogue {
  readonly #queue: CommitQueue;
  readonly #clock: Clock;
  readonly #instances = new Map<string, Map<string, Table>>();
  readonly #records = new Map<string, InstanceRecord>();
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
    for await (const { key, value } of entriesOf(store, keySpace.instance)) {
      const name = key.toString("utf8", 1);
      catalogue.#instances.set(name, new Map());
      catalogue.#records.set(name, JSON.parse(value.toString()) as InstanceRecord);
    }
    const unfilled = new Map<number, Buffer>();
    for await (const { key, value } of entriesOf(store, keySpace.indexFill)) unfilled.set(key.readUInt32BE(1), value);
    for await (const { key, value } of entriesOf(store, keySpace.table)) {
      const [instance = ""] = key.toString("utf8", 1).split("\0");
      const record: TableRecord = JSON.parse(value.toString());
      const table = new Table(instance, record);
      if (table.stream !== undefined) table.stream.ready = true;
      for (const index of table.indexes ?? []) index.fillFrom = unfilled.get(index.table.id);
      const tables = catalogue.#instances.get(instance);
      if (tables !== undefined) addNames(tables, table);
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
  async createInstance(name: string, { policy, attributes }: NewInstance = {}): Promise<boolean> {
    if (this.#instances.has(name)) return false;
    this.#instances.set(name, new Map());
    const record = { createdAt: this.#clock.nowMicros(), policy, policyVersion: policy === undefined ? undefined : 1, attributes };
    await this.#putInstances([[name, record]]);
    return true;
  }

  /** What is kept of an instance. @throws OTSAuthFailed for an unknown one */
  instance(name: string): InstanceRecord {
    const record = this.#records.get(name);
    if (record === undefined) throw refusal.instanceMissing();
    return record;
  }

  /** The access policy of an instance, undefined where it has none. */
  policy(instance: string): string | undefined {
    return this.#records.get(instance)?.policy;
  }

  /** Sets or, with undefined, removes it; holds for every request that begins after this was called. @throws OTSAuthFailed for an unknown instance */
  setPolicy(instance: string, policy: string | undefined): Promise<void> {
    return this.updateInstances([instance], (record) => ({ ...record, policy, policyVersion: (record.policyVersion ?? 0) + 1 }));
  }

  /** Changes what is kept of instances, of all of them or of none. @throws OTSAuthFailed when one of them is unknown */
  async updateInstances(names: readonly string[], change: (record: InstanceRecord) => InstanceRecord): Promise<void> {
    await this.#putInstances(names.map((name) => [name, change(this.instance(name))] as const));
  }

  async #putInstances(records: readonly (readonly [name: string, record: InstanceRecord])[]): Promise<void> {
    for (const [name, record] of records) this.#records.set(name, record);
    await this.#queue.commit(
      records.map(([name, record]): StoreChange => ({ type: "put", key: textKey(keySpace.instance, name), value: jsonBytes(record) })),
    );
  }

  /**
   * Removes an instance, and with `force` its tables, whose rows the caller removes then. Undefined when there is none of this name.
   * @throws TF_INSTANCE_NOT_EMPTY
   */
  async dropInstance(name: string, options: { readonly force: boolean }): Promise<readonly Table[] | undefined> {
    const tables = this.#instances.get(name);
    if (tables === undefined) return undefined;
    const own = withoutIndexes(tables);
    if (own.length > 0 && !options.force) {
      throw new TableferryError("TF_INSTANCE_NOT_EMPTY", { message: `instance ${name} has ${own.length} table(s)`, place: name });
    }
    const changes = own.flatMap((table) => this.#drop(table));
    this.#instances.delete(name);
    this.#records.delete(name);
    await this.#queue.commit([...changes, { type: "del", key: textKey(keySpace.instance, name) }]);
    return own;
  }

  /** The tables of an instance by name, without its indexes. @throws OTSAuthFailed for an unknown instance */
  tables(instance: string): Table[] {
    return withoutIndexes(this.#tablesOf(instance)).sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** A table, or the table an index is read as. @throws OTSObjectNotExist */
  table(instance: string, name: string): Table {
    const table = this.#tablesOf(instance).get(name);
    if (table === undefined) throw refusal.tableMissing();
    return table;
  }

  /** Makes a table, cut into partitions (see `cutsAt`), with the indexes and the stream its schema asks for. @throws OTSObjectAlreadyExist, OTSQuotaExhausted */
  async createTable(instance: string, schema: TableSchema, cuts: readonly string[] = []): Promise<Table> {
    const tables = this.#tablesOf(instance);
    this.#refuseNames(tables, [schema.name, ...schema.indexes.map(({ name }) => name)], schema.indexes.length);
    const createdAt = this.#clock.nowMicros();
    const stream = schema.stream.enabled ? this.#newStream(cuts.length + 1) : undefined;
    const table = new Table(instance, {
      id: ++this.#lastTableId,
      createdAt,
      schema,
      reservedRaisedAt: Math.floor(createdAt / 1e6),
      ...(cuts.length > 0 ? { cuts } : {}),
      stream,
      ...(schema.indexes.length > 0 ? { indexIds: schema.indexes.map(() => ++this.#lastTableId) } : {}),
    });
    const log = table.stream;
    addNames(tables, table);
    await this.#queue.commit([putTable(table), ...this.#lastNumbers()]);
    if (log !== undefined) log.ready = true;
    return table;
  }

  /**
   * Makes an index of a table; with `fill`, the caller adds the rows that are there already. @throws OTSObjectAlreadyExist, OTSQuotaExhausted,
   * OTSObjectNotExist for a table that was dropped
   */
  async createIndex(table: Table, schema: IndexSchema, fill: boolean): Promise<TableIndex> {
    refuseGone(table);
    const tables = this.#tablesOf(table.instance);
    this.#refuseNames(tables, [schema.name], table.schema.indexes.length + 1);
    const indexes = [...table.schema.indexes, schema];
    const indexIds = [...(table.record.indexIds ?? []), ++this.#lastTableId];
    table.record = { ...table.record, schema: { ...table.schema, indexes }, indexIds };
    const index = table.indexes!.at(-1)!;
    tables.set(schema.name, index.table);
    if (fill) index.fillFrom = table.rows.from;
    await this.#queue.commit([putTable(table), ...this.#lastNumbers(), ...(fill ? [fillMark(index)] : [])]);
    return index;
  }

  /** The name is free at once; the caller removes the rows then. @throws OTSObjectNotExist */
  async dropIndex(table: Table, name: string): Promise<TableIndex> {
    refuseGone(table);
    const at = table.schema.indexes.findIndex((index) => index.name === name);
    const index = table.indexes?.[at];
    if (index === undefined) throw refusal.tableMissing();
    const { record, schema } = table;
    table.record = {
      ...record,
      schema: { ...schema, indexes: schema.indexes.toSpliced(at, 1) },
      indexIds: record.indexIds!.toSpliced(at, 1),
    };
    this.#tablesOf(table.instance).delete(name);
    await this.#queue.commit([putTable(table), ...dropEntries(index)]);
    return index;
  }

  /** Replaces what is kept of a table. @throws OTSObjectNotExist for a table that was dropped */
  async updateTable(table: Table, record: TableRecord): Promise<void> {
    refuseGone(table);
    table.record = record;
    await this.#queue.commit([putTable(table)]);
  }

  /** Switches on a stream of a table that has none: changes are recorded from here on. */
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
    if (table.base !== undefined) throw refusal.indexTable("delete");
    const tables = this.#tablesOf(instance);
    for (const { schema } of table.indexes ?? []) tables.delete(schema.name);
    tables.delete(name);
    await this.#queue.commit(this.#drop(table));
    return table;
  }

  #drop(table: Table): StoreChange[] {
    table.dropped = true;
    return [
      { type: "del", key: recordKey(table) },
      { type: "put", key: numberKey(keySpace.dropped, table.id), value: Buffer.alloc(0) },
      ...(table.stream === undefined ? [] : [markGone(table.stream)]),
      ...(table.indexes ?? []).flatMap(dropEntries),
    ];
  }

  /** Tables and indexes share their names and the number there may be (reference 7.1). */
  #refuseNames(tables: ReadonlyMap<string, Table>, names: readonly string[], indexes: number): void {
    if (indexes > limits.indexesPerTableMax) throw refusal.indexQuota(limits.indexesPerTableMax);
    if (names.some((name, at) => tables.has(name) || names.indexOf(name) < at)) throw refusal.tableExists();
    if (tables.size + names.length > limits.tablesPerInstanceMax) throw refusal.tableQuota(limits.tablesPerInstanceMax);
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

function withoutIndexes(tables: ReadonlyMap<string, Table>): Table[] {
  return [...tables.values()].filter(({ base }) => base === undefined);
}

function addNames(tables: Map<string, Table>, table: Table): void {
  tables.set(table.name, table);
  for (const index of table.indexes ?? []) tables.set(index.schema.name, index.table);
}

function refuseGone(table: Table): void {
  if (table.dropped) throw refusal.tableMissing();
  if (table.base !== undefined) throw refusal.indexTable("update");
}

function dropEntries(index: TableIndex): StoreChange[] {
  index.table.dropped = true;
  return [
    { type: "del", key: fillMarkKey(index) },
    { type: "put", key: numberKey(keySpace.dropped, index.table.id), value: Buffer.alloc(0) },
  ];
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
