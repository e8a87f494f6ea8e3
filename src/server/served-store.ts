import type { OrderedStore } from "../store/ordered-store.ts";
import { TableStore, type TableStoreOptions } from "../store/table-store.ts";
import type { Transport } from "../wire/transport.ts";
import { InstancePolicies } from "./instance-policies.ts";
import { createServer, type ServerOptions } from "./server.ts";
import { Tunnels } from "./tunnel/tunnels.ts";
import { UnderWay } from "./under-way.ts";

export interface ServedStoreOptions
  extends Omit<ServerOptions, "store" | "tunnels" | "policies" | "underWay">, Omit<TableStoreOptions, "clock"> {}

/** A store with what is made of it to serve it. A server has one at a time; another takes its place when a snapshot is restored. */
export class ServedStore {
  readonly store: TableStore;
  readonly tunnels: Tunnels;
  readonly policies: InstancePolicies;
  readonly answer: Transport;
  readonly #underWay = new UnderWay();

  private constructor(store: TableStore, tunnels: Tunnels, options: ServedStoreOptions) {
    this.store = store;
    this.tunnels = tunnels;
    this.policies = new InstancePolicies(store.catalogue);
    this.answer = createServer({ ...options, store, tunnels, policies: this.policies, underWay: this.#underWay });
  }

  /** Takes over the ordered store: closing this closes it, and so does failing. */
  static async open(ordered: OrderedStore, options: ServedStoreOptions): Promise<ServedStore> {
    let close = () => ordered.close();
    try {
      const store = await TableStore.open(ordered, options);
      close = () => store.close();
      const { clock, chance } = options;
      return new ServedStore(store, await Tunnels.open({ store, streams: store.streams, clock, chance }), options);
    } catch (thrown) {
      await close();
      throw thrown;
    }
  }

  /** Settles when every request that came here is answered, and the store is closed. Whoever waits for changes is answered at once. */
  async retire(): Promise<void> {
    this.tunnels.reader.endWaits();
    await this.#underWay.none();
    await this.store.close();
  }
}
