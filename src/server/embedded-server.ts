import { assert } from "../base/assert.ts";
import type { Chance } from "../base/chance.ts";
import { systemChance } from "../base/chance.ts";
import { type Clock, systemClock } from "../base/clock.ts";
import { TableferryError } from "../base/error.ts";
import { MemoryStore } from "../store/memory-store.ts";
import type { NewInstance } from "../store/instance-record.ts";
import type { OrderedStore } from "../store/ordered-store.ts";
import { restoreSnapshot, type SnapshotSize } from "../store/snapshot-file.ts";
import type { StoreFolder } from "../store/store-folder.ts";
import type { TableStore } from "../store/table-store.ts";
import type { Transport } from "../wire/transport.ts";
import { AccessKeys, type AccessKey } from "./access-keys.ts";
import { administer, type AdminActions } from "./admin.ts";
import type { InstanceKeeper } from "./control-plane/calls.ts";
import type { ControlPlaneOptions } from "./control-plane/control-plane.ts";
import type { HttpListener, ListenOptions } from "./http-listener.ts";
import { loadKeys, makeAccessKey, saveKeys } from "./key-file.ts";
import { partitionKeyOf } from "./partition-key.ts";
import { ServedStore, type ServedStoreOptions } from "./served-store.ts";
import type { RequestEvent } from "./server.ts";
import { runControl } from "./test-controls/control-call.ts";
import type { TestControls } from "./test-controls/test-controls.ts";
import { issueTemporaryKey, type TemporaryKey, type TemporaryKeyOptions } from "./temporary-key.ts";

export interface EmbeddedServerOptions {
  /** Folder of a durable store, made when it is missing; without it everything is in memory and gone when the server closes. */
  readonly dataDir?: string | undefined;
  /** A snapshot to fill the store from before it is served, which must be empty. Keys are not part of it. */
  readonly restore?: string | undefined;
  /** Instances that must be there; they are made when they are missing. */
  readonly instances?: readonly string[] | undefined;
  /**
   * Access keys; the first is the root key. Without any, those kept beside the data, `keys.json` of mode 0600, made when there are none. Keys given
   * are not written anywhere.
   */
  readonly keys?: readonly AccessKey[] | undefined;
  /** 127.0.0.1 unless told otherwise. */
  readonly host?: string | undefined;
  /** Any free port unless told otherwise. */
  readonly port?: number | undefined;
  /** False: no socket, only the handler. */
  readonly http?: boolean | undefined;
  /** False: answers before the disk has written. Faster; a power cut loses the last moments. */
  readonly durable?: boolean | undefined;
  /** Stored bytes of rows beyond which a partition of a table is split by itself; 10 GB unless told otherwise. */
  readonly partitionBytesMax?: number | undefined;
  readonly clock?: Clock | undefined;
  /** What a test may do to the server. Its clock is the store's then; `clock` still dates requests and replies. */
  readonly controls?: TestControls | undefined;
  readonly chance?: Chance | undefined;
  /** Told of each request once it is answered. */
  readonly log?: ((event: RequestEvent) => void) | undefined;
  /** Told what went wrong in the background, where nobody waits for it. */
  readonly onError?: ((error: unknown) => void) | undefined;
  /** What a signed ping answers as version. */
  readonly version?: string | undefined;
}

export interface EmbeddedServer {
  /** `http://host:port`; undefined without a socket. */
  readonly endpoint: string | undefined;
  /** Open ones. */
  readonly connections: number;
  /** The server as a transport, for calls without a socket. */
  readonly handler: Transport;
  /** Made once with the store; tells it from every other, whatever its address. */
  readonly storeId: string;
  /** The key that opens every instance and administers the server. */
  readonly rootKey: AccessKey;
  /** Another one after a snapshot was restored. */
  readonly store: TableStore;
  /** Settles when the server has stopped, by `close` or by a shutdown call. */
  readonly stopped: Promise<void>;
  instances(): readonly string[];
  /** False when it was there already. @throws TF_INSTANCE_INVALID */
  createInstance(name: string): Promise<boolean>;
  /** False when there is none. @throws TF_INSTANCE_NOT_EMPTY unless forced */
  dropInstance(name: string, options?: { readonly force?: boolean }): Promise<boolean>;
  /** Makes a key with a security token, good for a time by the store's clock and until the server stops. */
  temporaryKey(options: TemporaryKeyOptions): TemporaryKey;
  /**
   * Puts what a snapshot holds in the place of everything there is, all of it or nothing: until the last moment the old store is served, and kept where this fails
   * or the machine does. For clients it is as if the server had been restarted: tunnel clients are told that they are gone, transactions are over. Keys stay, but for
   * those of instances that are gone; instances that this server must have are made. A request that came before and is answered after it counts as before.
   * @throws TF_SNAPSHOT_CORRUPT, TF_SNAPSHOT_NEWER, TF_IO, TF_ABORTED where the server is closed meanwhile, and what the store throws
   */
  restore(path: string): Promise<SnapshotSize>;
  /** Finishes what is under way, then closes socket and store. May be called twice. */
  close(): Promise<void>;
}

/**
 * Opens an embedded Table Store and serves it.
 * @throws TF_STORE_LOCKED, TF_STORE_NEWER, TF_STORE_UNWRITABLE, TF_STORE_FULL, TF_STORE_CORRUPT, TF_ADDRESS_IN_USE, TF_INSTANCE_INVALID, and of a
 *   snapshot TF_SNAPSHOT_CORRUPT, TF_SNAPSHOT_NEWER, TF_STORE_NOT_EMPTY, TF_IO
 */
export async function openEmbeddedServer(options: EmbeddedServerOptions = {}): Promise<EmbeddedServer> {
  const { chance = systemChance, dataDir, restore } = options;
  for (const name of options.instances ?? []) checkInstanceName(name);
  const folder = dataDir === undefined ? undefined : await openFolder(dataDir, chance);
  const ordered = folder?.store ?? new MemoryStore();
  let close = () => ordered.close();
  try {
    if (restore !== undefined) await restoreSnapshot(ordered, restore);
    const keys = new AccessKeys(await keysFor(options, folder, chance));
    const server = new RunningServer(keys, folder, folder?.storeId ?? chance.id(), options);
    close = () => server.close();
    await server.start(ordered);
    return server;
  } catch (thrown) {
    await close();
    throw thrown;
  }
}

class RunningServer implements EmbeddedServer {
  readonly storeId: string;
  readonly stopped: Promise<void>;
  readonly #keys: AccessKeys;
  readonly #folder: StoreFolder | undefined;
  readonly #options: EmbeddedServerOptions;
  readonly #serving: ServedStoreOptions;
  readonly #stopping = new AbortController();
  /** Stores whose place another has taken, until they are closed. */
  readonly #retiring = new Set<Promise<void>>();
  #served: ServedStore | undefined;
  /** The restores asked for so far. */
  #restoring: Promise<unknown> = Promise.resolve();
  #listener: HttpListener | undefined;
  #closing: Promise<void> | undefined;
  #hasStopped: () => void = () => undefined;

  constructor(keys: AccessKeys, folder: StoreFolder | undefined, storeId: string, options: EmbeddedServerOptions) {
    this.storeId = storeId;
    this.#keys = keys;
    this.#folder = folder;
    this.#options = options;
    const { clock: wireClock = systemClock, chance = systemChance, log, controls, durable, partitionBytesMax, onError } = options;
    this.stopped = new Promise((resolve) => (this.#hasStopped = resolve));
    this.#serving = {
      keys,
      clock: controls?.clock ?? wireClock,
      wireClock,
      interference: controls?.faults,
      chance,
      log,
      sync: durable,
      partitionBytesMax,
      onError,
      administer: administer(this.#adminActions()),
      controlPlane: controlPlaneLater({ keys, keeper: () => this.#keeper(), clock: wireClock, chance, log }),
    };
  }

  readonly handler: Transport = (request, signal) => this.#current.answer(request, signal);

  get #current(): ServedStore {
    assert(this.#served !== undefined, "the server was started");
    return this.#served;
  }

  get store(): TableStore {
    return this.#current.store;
  }

  get endpoint(): string | undefined {
    return this.#listener?.endpoint;
  }

  get connections(): number {
    return this.#listener?.connections ?? 0;
  }

  get rootKey(): AccessKey {
    return this.#keys.root;
  }

  async start(ordered: OrderedStore): Promise<void> {
    const { http = true, host = "127.0.0.1", port = 0 } = this.#options;
    this.#served = await this.#open(ordered);
    if (http) this.#listener = await listenLater(this.handler, { host, port, clock: this.#serving.wireClock ?? systemClock });
  }

  /** With the instances that must be there. */
  async #open(ordered: OrderedStore): Promise<ServedStore> {
    const served = await ServedStore.open(ordered, this.#serving);
    try {
      for (const name of this.#options.instances ?? []) await served.store.catalogue.createInstance(name);
      return served;
    } catch (thrown) {
      await served.retire();
      throw thrown;
    }
  }

  instances(): readonly string[] {
    return this.store.catalogue.instances();
  }

  async createInstance(name: string, more?: NewInstance): Promise<boolean> {
    checkInstanceName(name);
    return this.store.catalogue.createInstance(name, more);
  }

  async dropInstance(name: string, { force = false }: { readonly force?: boolean } = {}): Promise<boolean> {
    const dropped = await this.store.dropInstance(name, { force });
    if (dropped && this.#keys.removeInstance(name)) await this.#saveKeys();
    return dropped;
  }

  temporaryKey(options: TemporaryKeyOptions): TemporaryKey {
    const { chance, clock } = this.#serving;
    return issueTemporaryKey(this.#keys, chance, clock.now(), options);
  }

  restore(path: string): Promise<SnapshotSize> {
    const restored = this.#restoring.then(() => this.#restore(path));
    this.#restoring = restored.catch(() => undefined);
    return restored;
  }

  async #restore(path: string): Promise<SnapshotSize> {
    const { signal } = this.#stopping;
    signal.throwIfAborted();
    const beside = await this.#folder?.beside();
    const ordered = beside?.store ?? new MemoryStore();
    let close = () => ordered.close();
    let size: SnapshotSize;
    let removeOld: (() => Promise<void>) | undefined;
    let fresh: ServedStore;
    try {
      size = await restoreSnapshot(ordered, path, signal);
      const opened = (fresh = await this.#open(ordered));
      close = () => opened.retire();
      signal.throwIfAborted();
      removeOld = await beside?.adopt();
    } catch (thrown) {
      await close();
      // What cannot be removed now is when the folder is opened the next time.
      await beside?.discard().catch(() => undefined);
      throw thrown;
    }
    const old = this.#current;
    this.#served = fresh;
    this.#retire(old, removeOld);
    const gone = this.#keys.all().flatMap(({ instance }) => instance ?? []);
    const removed = gone.filter((name) => !fresh.store.catalogue.hasInstance(name) && this.#keys.removeInstance(name));
    if (removed.length > 0) await this.#saveKeys();
    return size;
  }

  #retire(old: ServedStore, remove: (() => Promise<void>) | undefined): void {
    const retired = old
      .retire()
      .then(remove)
      .catch(this.#options.onError ?? (() => undefined))
      .finally(() => this.#retiring.delete(retired));
    this.#retiring.add(retired);
  }

  close(): Promise<void> {
    this.#closing ??= (async () => {
      this.#stopping.abort(new TableferryError("TF_ABORTED", { message: "the server is being closed" }));
      // What a fault rule holds back is let go, or it would be waited for.
      this.#options.controls?.faults.clear();
      this.#served?.tunnels.reader.endWaits();
      await this.#listener?.close();
      await this.#restoring;
      await Promise.all(this.#retiring);
      await this.#served?.store.close();
      this.#hasStopped();
    })();
    return this.#closing;
  }

  #keeper(): InstanceKeeper {
    return {
      catalogue: this.store.catalogue,
      createInstance: (name, more) => this.createInstance(name, more),
      dropInstance: (name) => this.dropInstance(name),
    };
  }

  #adminActions(): AdminActions {
    const { version = "0", dataDir = null } = this.#options;
    return {
      ping: () => ({ storeId: this.storeId, version, pid: process.pid, dataDir, instances: this.instances() }),
      createInstance: async (name, ownKey) => {
        const created = await this.createInstance(name);
        if (!ownKey) return { name, created };
        const key = this.#keys.ofInstance(name) ?? (await this.#addKey(name));
        return { name, created, key: { id: key.id, secret: key.secret } };
      },
      dropInstance: async (name, force) => ({ name, dropped: await this.dropInstance(name, { force }) }),
      setPolicy: async (instance, policy, expected) => {
        const { policies } = this.#current;
        const changed = await policies.set(instance, policy, expected);
        return { instance, changed, policy: policies.get(instance) ?? null };
      },
      getPolicy: (instance) => ({ instance, policy: this.#current.policies.get(instance) ?? null }),
      splitPartition: async (instance, name, key) => {
        const { catalogue, streams } = this.store;
        const table = catalogue.table(instance, name);
        await streams.splitPartition(table, key === undefined ? undefined : [partitionKeyOf(table.schema, key)]);
        return { table: name, partitions: table.cuts.length + 1 };
      },
      // The reply leaves first: closing waits for requests under way, and this call is one.
      shutdown: () => void this.close(),
      control: (request) => runControl(request, this.#options.controls, this),
    };
  }

  async #addKey(instance: string): Promise<AccessKey> {
    const key = makeAccessKey(this.#serving.chance, instance);
    this.#keys.add(key);
    await this.#saveKeys();
    return key;
  }

  /** Keys given by the caller are the caller's to keep; what was made here is kept beside the data. */
  async #saveKeys(): Promise<void> {
    if (this.#folder === undefined) return;
    const { root } = await loadKeys(this.#folder);
    const given = new Set(this.#options.keys?.map(({ id }) => id));
    const instanceKeys = this.#keys
      .all()
      .filter(({ id, instance, token }) => instance !== undefined && token === undefined && !given.has(id));
    await saveKeys(this.#folder, { root, instanceKeys });
  }
}

// What a store in memory without a socket does not need is not loaded for it: LevelDB and HTTP are most of the time a first start takes.
// The control plane is loaded at its first call.
const openFolder = async (dataDir: string, chance: Chance) => (await import("../store/store-folder.ts")).openStoreFolder(dataDir, chance);
const listenLater = async (handler: Transport, options: ListenOptions) => (await import("./http-listener.ts")).listen(handler, options);
const controlPlaneLater = (options: ControlPlaneOptions): Transport => {
  let plane: Promise<Transport> | undefined;
  const opened = () => (plane ??= import("./control-plane/control-plane.ts").then(({ createControlPlane }) => createControlPlane(options)));
  return async (request) => (await opened())(request);
};

/** The keys given, else the root key kept in the folder, made when there is none; and the keys of single instances kept there. */
async function keysFor(
  { keys }: EmbeddedServerOptions,
  folder: StoreFolder | undefined,
  chance: Chance,
): Promise<readonly [AccessKey, ...AccessKey[]]> {
  const kept = folder === undefined ? { instanceKeys: [] } : await loadKeys(folder);
  const [first, ...rest] = keys ?? [];
  if (first !== undefined) return [first, ...rest, ...kept.instanceKeys];
  const root = kept.root ?? makeAccessKey(chance);
  if (folder !== undefined && kept.root === undefined) await saveKeys(folder, { ...kept, root });
  return [root, ...kept.instanceKeys];
}

/** 3 to 16 letters, digits and hyphens, beginning with a letter, not ending with a hyphen (reference 7.1). @throws TF_INSTANCE_INVALID */
export function checkInstanceName(name: string): void {
  if (/^[A-Za-z][A-Za-z0-9-]{1,14}[A-Za-z0-9]$/.test(name)) return;
  throw new TableferryError("TF_INSTANCE_INVALID", { message: `${JSON.stringify(name)} is no instance name`, place: name });
}
