import type { ClientRecord } from "../../store/tunnel-records.ts";
import type { Channel } from "./channel.ts";
import { refusal } from "./refusal.ts";

/** Sessions a tunnel may have at once, lest connecting in a loop fills the memory; far beyond what its channels could keep busy. */
const CLIENTS_MAX = 1000;

/** A session: from connect to shutdown, or to `timeoutMs` of silence. */
export interface Client {
  readonly id: string;
  readonly timeoutMs: number;
  /** Monotonic milliseconds of its connect or last heartbeat. */
  seenAt: number;
  /** It has sent a heartbeat. Before that it gets no share: whoever lost the reply to a connect connects again under another id. */
  joined: boolean;
  /** All it holds, in the order in which they were handed to it. */
  readonly channels: Set<Channel>;
  /** Those of them that are open; the others are closing. */
  open: number;
}

/** The clients of one tunnel. */
export class Clients {
  readonly #clients = new Map<string, Client>();

  add({ id, timeoutMs }: ClientRecord, now: number): void {
    if (this.#clients.size >= CLIENTS_MAX) throw refusal.busy();
    this.#clients.set(id, { id, timeoutMs, seenAt: now, joined: false, channels: new Set(), open: 0 });
  }

  has(id: string): boolean {
    return this.#clients.has(id);
  }

  ids(): Iterable<string> {
    return this.#clients.keys();
  }

  /** @throws OTSResourceGone */
  get(id: string): Client {
    const client = this.#clients.get(id);
    if (client === undefined) throw refusal.clientGone();
    return client;
  }

  remove(id: string): void {
    this.#clients.delete(id);
  }

  /** Those silent for longer than they announced. */
  silent(now: number): Client[] {
    return [...this.#clients.values()].filter(({ seenAt, timeoutMs }) => now - seenAt > timeoutMs);
  }

  /**
   * How many open channels a client should hold when all that are to be had, `pooled` of them held by nobody, are shared evenly. Where that does not
   * come out even, some hold one more: those that do already, then whoever asks first.
   */
  share(client: Client, pooled: number): number {
    let joined = 0;
    let total = pooled;
    for (const { joined: counts, channels } of this.#clients.values()) {
      if (counts) joined++;
      total += channels.size;
    }
    const even = Math.floor(total / joined);
    let above = 0;
    for (const other of this.#clients.values()) if (other !== client && other.open > even) above++;
    return even + (above < total % joined ? 1 : 0);
  }
}
