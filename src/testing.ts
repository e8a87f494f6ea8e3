import type { Chance } from "./base/chance.ts";
import type { Clock } from "./base/clock.ts";
import { openEmbeddedServer } from "./server/embedded-server.ts";
import type { FaultRule } from "./server/test-controls/fault-rule.ts";
import type { FaultCount } from "./server/test-controls/faults.ts";
import type { TemporaryKey, TemporaryKeyOptions } from "./server/temporary-key.ts";
import { TestControls } from "./server/test-controls/test-controls.ts";
import type { Transport } from "./wire/transport.ts";

export { VirtualClock } from "./base/virtual-clock.ts";
export { seededChance } from "./base/chance.ts";
export type { Chance } from "./base/chance.ts";
export type { Clock } from "./base/clock.ts";
export type {
  DelayFault,
  ErrorFault,
  FaultEffect,
  FaultRule,
  LossFault,
  RowFault,
  ThrottleFault,
} from "./server/test-controls/fault-rule.ts";
export type { TemporaryKey, TemporaryKeyOptions } from "./server/temporary-key.ts";
export type { FaultCount } from "./server/test-controls/faults.ts";
export type { Transport, WireRequest, WireResponse } from "./wire/transport.ts";

export interface TestTableStoreOptions {
  /** Instances to begin with; one called `test` unless told otherwise. The first is `instanceName`. */
  readonly instances?: readonly string[] | undefined;
  /** A `VirtualClock` lets a test pass days in no time: versions, time to live, dates of requests. */
  readonly clock?: Clock | undefined;
  /** Seeded, ids are the same in every run. */
  readonly chance?: Chance | undefined;
  /** False: no socket; call through `transport`. */
  readonly http?: boolean | undefined;
  /** Any free port unless told otherwise. */
  readonly port?: number | undefined;
  /** A folder makes the store durable; without it everything is in memory. */
  readonly dataDir?: string | undefined;
  /** A snapshot to begin with, written by `snapshot`; the store must be empty otherwise. */
  readonly restore?: string | undefined;
  /** Stored bytes beyond which a table's partition is split, so that streams and tunnels have shards to follow; 10 GB unless told otherwise. */
  readonly partitionBytesMax?: number | undefined;
  /** Faults from the first request on; others may be set later. */
  readonly faults?: readonly FaultRule[] | undefined;
  /** Decides all that is left to chance in faults; 1 unless told otherwise. */
  readonly faultSeed?: number | undefined;
  /** True: other processes may advance the clock and set faults too, by administration calls signed with the access key. */
  readonly testControls?: boolean | undefined;
}

/** Faults of a running store. */
export interface FaultControls {
  /** Puts these rules in the place of all others. @throws TF_FAULT_INVALID */
  set(rules: readonly FaultRule[], seed?: number): void;
  /** Takes all rules away; requests that were held back go on at once. */
  clear(): void;
  /** The rules that are set, and how often each has struck. */
  readonly counts: readonly FaultCount[];
}

export interface TestTableStore extends AsyncDisposable {
  /** What the official SDKs take as endpoint; empty without a socket. */
  readonly endpoint: string;
  readonly instanceName: string;
  readonly accessKeyId: string;
  readonly accessKeySecret: string;
  /** The server without a socket. */
  readonly transport: Transport;
  readonly faults: FaultControls;
  /**
   * Puts the store's time ahead, on top of what the clock beneath does: time to live, expiry of streams, time-outs of sessions. Clients need not know:
   * requests and replies are dated by the clock beneath.
   */
  advance(ms: number): Promise<void>;
  /** Writes all instances, tables and rows to a file, without the access key. @throws TF_IO */
  snapshot(path: string): Promise<{ readonly entries: number; readonly bytes: number }>;
  /**
   * Puts what a snapshot holds in the place of everything there is, all of it or nothing, as a restart would find it: open sessions, transactions and tunnel
   * clients are gone. The access key stays, and so do, or again, the instances this store was started with.
   * @throws TF_SNAPSHOT_CORRUPT, TF_SNAPSHOT_NEWER, TF_IO
   */
  restore(path: string): Promise<{ readonly entries: number; readonly bytes: number }>;
  /** A key with a security token, as the cloud's token service gives them; it ends when the store's time has come that far. */
  temporaryKey(options: TemporaryKeyOptions): TemporaryKey;
  /** Adds an instance; false when it is there already. @throws TF_INSTANCE_INVALID */
  createInstance(name: string): Promise<boolean>;
  close(): Promise<void>;
}

/**
 * A Table Store of one's own for a test, on a free port of 127.0.0.1, gone when it is closed:
 *
 * ```ts
 * await using store = await startTableStore();
 * const client = new TableStore.Client({ endpoint: store.endpoint, instancename: store.instanceName, ... });
 * ```
 */
export async function startTableStore(options: TestTableStoreOptions = {}): Promise<TestTableStore> {
  const { instances = ["test"], clock, chance, http, port, dataDir, restore, partitionBytesMax, faults, faultSeed, testControls } = options;
  const controls = new TestControls({ clock, faults, faultSeed, remote: testControls });
  const server = await openEmbeddedServer({ instances, clock, chance, http, port, dataDir, restore, partitionBytesMax, controls });
  const close = () => server.close();
  return {
    endpoint: server.endpoint ?? "",
    instanceName: instances[0] ?? "",
    accessKeyId: server.rootKey.id,
    accessKeySecret: server.rootKey.secret,
    transport: server.handler,
    faults: controls.faults,
    advance: (ms) => controls.clock.advance(ms),
    temporaryKey: (options) => server.temporaryKey(options),
    snapshot: (path) => server.store.snapshot(path),
    restore: (path) => server.restore(path),
    createInstance: (name) => server.createInstance(name),
    close,
    [Symbol.asyncDispose]: close,
  };
}
