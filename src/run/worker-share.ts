import { Gate } from "../base/gate.ts";
import { openHttpTransport, type HttpTransport } from "../client/http-transport.ts";
import { resolveCredentials, type CredentialSource } from "../client/credentials.ts";
import { TableStoreClient } from "../client/table-store-client.ts";
import type { SyncSpec } from "../job/sync-spec.ts";
import { Throttle } from "../pipeline/throttle.ts";
import { PageRooms } from "../sync/tunnel/page-rooms.ts";
import { Seats } from "../sync/tunnel/seats.ts";
import type { Closing } from "./closing.ts";
import { responseBytesMax, type InstancePlace } from "./open-client.ts";
import type { SyncContext } from "./sync-context.ts";

/** Connections beside those that reads, writes and waiting reads take. */
const spareConnections = 8;
/** Reads of drained channels that may wait at an embedded server at once. */
const waitingReads = 16;

/** What all tables of one worker process share, so that hundreds of them cost no more connections and bytes in flight than one. */
export class WorkerShare {
  /** Names the process in the state store. */
  readonly worker: string;
  readonly room: Gate;
  readonly slots: Gate;
  readonly throttle: Throttle;
  readonly seats = new Seats(waitingReads);
  readonly rooms = new PageRooms();
  readonly #context: SyncContext;
  readonly #connections: number;
  readonly #opened: Closing;
  readonly #transports = new Map<string, HttpTransport>();
  readonly #credentials = new Map<string, Promise<CredentialSource>>();

  constructor({ limits }: Pick<SyncSpec, "limits">, context: SyncContext, opened: Closing) {
    this.worker = context.chance.id();
    this.room = new Gate(limits.inFlightBytes);
    this.slots = new Gate(limits.writesInFlight);
    this.throttle = new Throttle(context.clock, limits);
    this.#context = context;
    this.#connections = limits.workers + limits.writesInFlight + waitingReads + spareConnections;
    this.#opened = opened;
  }

  /** A client of an instance over connections that all tables share. @throws TF_CREDENTIALS_MISSING, TF_SPEC_INVALID */
  async client({ endpoint, instance, credentials }: InstancePlace, beforeWrite?: () => void): Promise<TableStoreClient> {
    const { clock, chance, folder, env } = this.#context;
    const reference = JSON.stringify(credentials);
    let resolved = this.#credentials.get(reference);
    if (resolved === undefined) this.#credentials.set(reference, (resolved = resolveCredentials(credentials, folder, env)));
    const { transport, guarded } = this.#transport(endpoint);
    return new TableStoreClient({ instance, credentials: await resolved, clock, chance, transport, guarded, beforeWrite });
  }

  #transport(endpoint: string): HttpTransport {
    const known = this.#transports.get(endpoint);
    if (known !== undefined) return known;
    const { openTransport = openHttpTransport } = this.#context;
    const opened = this.#opened.add(openTransport({ endpoint, connections: this.#connections, responseBytesMax }));
    this.#transports.set(endpoint, opened);
    return opened;
  }
}
