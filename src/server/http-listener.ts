import { createServer, type Server } from "node:net";
import { systemClock, type Clock } from "../base/clock.ts";
import type { Transport } from "../wire/transport.ts";
import { BodyMemory } from "./http/body-memory.ts";
import { Connection, type Surroundings } from "./http/connection.ts";
import { LargeTurns } from "./http/large-turns.ts";
import { SharedReads } from "./http/shared-reads.ts";
import { ReplyRoom } from "./http/reply-room.ts";
import { ReplyDate } from "./http/reply.ts";
import { TimeLimits } from "./http/time-limits.ts";
import { closed, endpointOf, listening, type Address } from "./listening.ts";

/** More are closed as they come; an idle one costs some KB. */
const CONNECTIONS_MAX = 4096;
/** Of all bodies being read or answered at once: a request that would need more is told that the server is busy. */
const BODIES_BYTES_MAX = 256 * 1024 * 1024;

export interface ListenOptions extends Address {
  /** Dates replies. */
  readonly clock: Clock;
  /** Limits the time of heads, requests and idle connections; the system's clock unless told otherwise, because that is what clients live by. */
  readonly socketClock?: Clock | undefined;
  /** Bytes of bodies held at once, 256 MB unless told otherwise. */
  readonly bodiesBytesMax?: number | undefined;
}

export interface HttpListener {
  /** `http://host:port`, without a path. */
  readonly endpoint: string;
  readonly host: string;
  readonly port: number;
  /** Open ones. */
  readonly connections: number;
  /** Takes no new connections, lets requests under way finish for up to 5 s, and resolves when the last connection is closed. */
  close(): Promise<void>;
}

/**
 * Puts a transport behind a socket that speaks HTTP/1.1. A connection costs at most its head of 16 KB, one body of 5 MB and one answer: its requests are read one after the other,
 * also where a client sends the next before the answer. Not `node:http`: `docs/architecture.md` has the figures.
 * @throws TF_ADDRESS_IN_USE when the address cannot be listened on
 */
export async function listen(handler: Transport, options: ListenOptions): Promise<HttpListener> {
  const { host, clock, socketClock = systemClock, bodiesBytesMax = BODIES_BYTES_MAX } = options;
  let closing: Promise<void> | undefined;
  const connections = new Set<Connection>();
  const times = new TimeLimits(socketClock, connections);
  const around: Surroundings = {
    handler,
    clock,
    date: new ReplyDate(),
    memory: new BodyMemory(bodiesBytesMax),
    room: new ReplyRoom(),
    times,
    turns: new LargeTurns(),
    isClosing: () => closing !== undefined,
  };
  const reads = new SharedReads();
  const server = createServer({ allowHalfOpen: true, noDelay: true, keepAlive: true, pauseOnConnect: true }, (accepted) => {
    const { socket, onBytes } = reads.read(accepted);
    const connection = new Connection(socket, around);
    onBytes((bytes) => connection.read(bytes));
    connections.add(connection);
    times.watch();
    socket.once("close", () => connections.delete(connection));
  });
  server.maxConnections = CONNECTIONS_MAX;
  const port = await listening(server, options);
  return {
    endpoint: endpointOf(host, port),
    host,
    port,
    get connections() {
      return connections.size;
    },
    close: () => (closing ??= finished(server, connections)),
  };
}

function finished(server: Server, connections: ReadonlySet<Connection>): Promise<void> {
  const ended = closed(server, () => {
    for (const connection of connections) connection.destroy();
  });
  for (const connection of connections) connection.finish();
  return ended;
}
