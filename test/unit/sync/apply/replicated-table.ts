import { seededChance } from "../../../../src/base/chance.ts";
import { Gate } from "../../../../src/base/gate.ts";
import { VirtualClock } from "../../../../src/base/virtual-clock.ts";
import { TableStoreClient } from "../../../../src/client/table-store-client.ts";
import type { SourceChange } from "../../../../src/connector/change.ts";
import type { ScanScope, Source, Target } from "../../../../src/connector/connector.ts";
import { tableSource } from "../../../../src/connector/table-store/table-source.ts";
import { tableTarget } from "../../../../src/connector/table-store/table-target.ts";
import { compileMapping } from "../../../../src/job/compile-mapping.ts";
import { loadedDefinition } from "../../../../src/job/load-mapping.ts";
import { RowRefused, type CompiledMapping, type FlowRow, type MappingDefinition } from "../../../../src/job/mapping.ts";
import type { RowChange } from "../../../../src/model/row.ts";
import type { KeySchema, TableOptions } from "../../../../src/model/schema.ts";
import { openFence, type Fence } from "../../../../src/pipeline/fence.ts";
import { MemoryStateStore } from "../../../../src/pipeline/memory-state-store.ts";
import type { StateStore } from "../../../../src/pipeline/state-store.ts";
import { Throttle } from "../../../../src/pipeline/throttle.ts";
import { Writer } from "../../../../src/pipeline/writer.ts";
import { startTableStore, type TestTableStore } from "../../../../src/testing.ts";
import { ChangeApplier } from "../../../../src/sync/apply/change-applier.ts";
import { ParkedKeys } from "../../../../src/sync/apply/parked-keys.ts";
import type { ReplayOptions } from "../../../../src/sync/apply/replay-parked.ts";
import type { Applied } from "../../../../src/sync/apply/window.ts";
import { describeStream } from "../../../../src/wire/operation/describe-stream.ts";
import { getShardIterator } from "../../../../src/wire/operation/get-shard-iterator.ts";
import { getStreamRecord, type GetStreamRecordResponse } from "../../../../src/wire/operation/get-stream-record.ts";
import { listStream } from "../../../../src/wire/operation/list-stream.ts";
import { encodeChange } from "../../../../src/wire/plainbuffer/encode.ts";
import { signedRequest } from "../../../../src/wire/headers.ts";
import type { Transport, WireRequest } from "../../../../src/wire/transport.ts";
import { drive } from "../../support/drive.ts";
import { streamedChanges } from "./streamed-changes.ts";

export interface ReplicationOptions {
  readonly definition?: MappingDefinition | undefined;
  readonly sourceKey?: readonly KeySchema[] | undefined;
  readonly targetKey?: readonly KeySchema[] | undefined;
  readonly versions?: "latest" | "keep" | undefined;
  readonly originColumns?: readonly string[] | undefined;
  readonly source?: Partial<TableOptions> | undefined;
  readonly target?: Partial<TableOptions> | undefined;
  readonly scope?: Partial<ScanScope> | undefined;
  /** What the applier's requests pass through. */
  readonly around?: ((inner: Transport) => Transport) | undefined;
  readonly fence?: Fence | undefined;
}

export const textKey: readonly KeySchema[] = [{ name: "id", type: "string" }];

/** A source table with a stream, a target table, and what replays changes between them, in one store under a clock that stands still. */
export class Replication {
  readonly clock: VirtualClock;
  readonly store: TestTableStore;
  readonly mapping: CompiledMapping;
  readonly scope: ScanScope;
  readonly source: Source;
  readonly target: Target;
  readonly state: StateStore = new MemoryStateStore();
  readonly #client: TableStoreClient;
  readonly #options: ReplicationOptions;
  readonly #chance = seededChance(7);
  #iterator: string | undefined;
  /** Every record so far. */
  readonly changes: SourceChange[] = [];

  private constructor(clock: VirtualClock, store: TestTableStore, options: ReplicationOptions) {
    const { definition = {}, sourceKey = textKey, targetKey = sourceKey, originColumns, versions = "latest", scope } = options;
    const open = (transport: Transport) =>
      new TableStoreClient({
        instance: store.instanceName,
        credentials: { id: store.accessKeyId, secret: store.accessKeySecret },
        transport,
        clock,
        chance: this.#chance,
        retry: { totalMs: 200, firstMs: 1, mostMs: 2 },
      });
    this.clock = clock;
    this.store = store;
    this.#options = options;
    this.#client = open(store.transport);
    const through = open(options.around === undefined ? store.transport : options.around(store.transport));
    this.mapping = compileMapping(loadedDefinition(definition), { sourceKey, targetKey, originColumns });
    this.scope = { versions, ...scope };
    this.source = tableSource(through, "source");
    this.target = tableTarget(through, "target", { clock });
  }

  static async create(options: ReplicationOptions = {}): Promise<Replication> {
    const clock = new VirtualClock();
    const store = await startTableStore({ http: false, clock, chance: seededChance(3) });
    const made = new Replication(clock, store, options);
    const { sourceKey = textKey, targetKey = sourceKey, originColumns = [], versions = "latest" } = options;
    const create = (tableName: string, key: readonly KeySchema[], table: Partial<TableOptions> = {}) => ({
      meta: { tableName, key, definedColumns: [] },
      reserved: { read: 0, write: 0 },
      options: { timeToLive: -1, maxVersions: 1, ...table },
      partitions: [],
      indexes: [],
    });
    const stream = { enabled: true, expirationHours: 24, originColumns };
    await made.run(made.#client.createTable({ ...create("source", sourceKey, options.source), stream }));
    await made.run(made.#client.createTable(create("target", targetKey, options.target)));
    await made.run(made.target.prepare({ notEmpty: "merge", resuming: true, versions }));
    return made;
  }

  /** Lets time pass until it is done. */
  run<T>(promise: Promise<T>): Promise<T> {
    return drive(this.clock, promise, 1);
  }

  write(change: RowChange, tableName = "source"): Promise<unknown> {
    const request = { tableName, change: encodeChange(change), condition: { existence: "ignore" as const } };
    const client = this.#client;
    return this.run<unknown>(
      change.type === "put" ? client.putRow(request) : change.type === "update" ? client.updateRow(request) : client.deleteRow(request),
    );
  }

  /** Reads what is new in the stream. */
  async read(): Promise<void> {
    let iterator = this.#iterator ?? (await this.#firstIterator());
    for (;;) {
      const page: GetStreamRecordResponse = await this.run(this.#client.call(getStreamRecord, { shardIterator: iterator }));
      this.changes.push(...streamedChanges(page.records));
      if (page.nextShardIterator === undefined || page.nextShardIterator === iterator) break;
      iterator = page.nextShardIterator;
    }
    this.#iterator = iterator;
  }

  async #firstIterator(): Promise<string> {
    const { streams } = await this.run(this.#client.call(listStream, { tableName: "source" }));
    const { streamId } = streams[0]!;
    const { shards } = await this.run(this.#client.call(describeStream, { streamId }));
    return (await this.run(this.#client.call(getShardIterator, { streamId, shardId: shards[0]!.shardId }))).shardIterator;
  }

  /** A request of the store's own client. */
  signed(operation: string, body: Uint8Array): WireRequest {
    const { instanceName, accessKeyId: id, accessKeySecret: secret } = this.store;
    return signedRequest(operation, instanceName, { id, secret }, body, this.clock.now());
  }

  get #sides() {
    const { sourceKey = textKey } = this.#options;
    const allowUpdate = this.#options.target?.allowUpdate ?? true;
    return {
      mapping: this.mapping,
      scope: this.scope,
      source: this.source,
      sourceKey,
      target: this.target,
      described: { allowUpdate, title: "target" },
    };
  }

  /** A holder of the channel, as it is after it was opened. */
  async open(token = this.#chance.id(), state = this.state): Promise<{ readonly applier: ChangeApplier; readonly parked: ParkedKeys }> {
    const { clock } = this;
    const { fence = openFence } = this.#options;
    const { signal } = new AbortController();
    const writer = new Writer({
      target: this.target,
      fence,
      slots: new Gate(4),
      throttle: new Throttle(clock, {}),
      clock,
      chance: this.#chance,
      signal,
    });
    const parked = await this.run(ParkedKeys.open({ state, job: "job", token, mappingHash: "hash", clock, fence }));
    return { applier: await this.run(ChangeApplier.open({ ...this.#sides, writer, parked, clock, doubtMs: 40_000 })), parked };
  }

  apply(applier: ChangeApplier, changes: readonly SourceChange[]): Promise<Applied> {
    return this.run(applier.apply(changes, new AbortController().signal));
  }

  get replay(): ReplayOptions {
    return {
      ...this.#sides,
      state: this.state,
      job: "job",
      clock: this.clock,
      chance: this.#chance,
      signal: new AbortController().signal,
      requestDeadlineMs: 30_000,
      longestOperationMs: 10_000,
    };
  }

  /** The target's rows as texts. */
  async found(): Promise<string[]> {
    return this.#texts(await this.#rows(this.target.reader()));
  }

  /** What the target's rows should be: the source's, mapped. A row that the mapping refuses is none. */
  async wanted(): Promise<string[]> {
    const rows = await this.#rows(this.source, this.scope);
    return this.#texts(
      rows.flatMap((row) => {
        try {
          return this.mapping.map(row);
        } catch (error) {
          if (error instanceof RowRefused) return [];
          throw error;
        }
      }),
    );
  }

  async #rows(source: Source, scope: ScanScope = { versions: this.scope.versions }): Promise<FlowRow[]> {
    const rows: FlowRow[] = [];
    await this.run(
      (async () => {
        for (const split of await source.split(1, scope))
          for await (const batch of source.scan(split, undefined, scope)) rows.push(...batch.decoded());
      })(),
    );
    return rows;
  }

  #texts(rows: readonly FlowRow[]): string[] {
    const shown = (value: unknown) =>
      value instanceof Uint8Array ? Buffer.from(value).toString("hex") : `${typeof value} ${String(value)}`;
    return rows
      .map(({ key, columns }) => {
        const cells = columns.map(
          ({ name, value, timestamp }) => `${name}=${shown(value)}${this.scope.versions === "keep" ? `@${timestamp}` : ""}`,
        );
        return `${key.map(({ value }) => shown(value)).join("/")}: ${cells.sort().join(", ")}`;
      })
      .sort();
  }
}
