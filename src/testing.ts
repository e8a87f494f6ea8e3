import type { Chance } from "./base/chance.ts";
import type { Clock } from "./base/clock.ts";
import { openEmbeddedServer } from "./server/embedded-server.ts";
import type { Transport } from "./wire/transport.ts";

export { VirtualClock } from "./base/virtual-clock.ts";
export { seededChance } from "./base/chance.ts";
export type { Chance } from "./base/chance.ts";
export type { Clock } from "./base/clock.ts";
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
}

export interface TestTableStore extends AsyncDisposable {
  /** What the official SDKs take as endpoint; empty without a socket. */
  readonly endpoint: string;
  readonly instanceName: string;
  readonly accessKeyId: string;
  readonly accessKeySecret: string;
  /** The server without a socket. */
  readonly transport: Transport;
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
  const { instances = ["test"], clock, chance, http, port, dataDir } = options;
  const server = await openEmbeddedServer({ instances, clock, chance, http, port, dataDir });
  const close = () => server.close();
  return {
    endpoint: server.endpoint ?? "",
    instanceName: instances[0] ?? "",
    accessKeyId: server.rootKey.id,
    accessKeySecret: server.rootKey.secret,
    transport: server.handler,
    createInstance: (name) => server.createInstance(name),
    close,
    [Symbol.asyncDispose]: close,
  };
}
