import type { VirtualClock } from "../../../../src/base/virtual-clock.ts";
import { newChannel, type NewChannel } from "../../../../src/server/tunnel/channel.ts";
import { Channels } from "../../../../src/server/tunnel/channels.ts";
import type { ChannelRecord, ClientRecord } from "../../../../src/store/tunnel-records.ts";
import type { TunnelChannel } from "../../../../src/wire/operation/tunnel-channel.ts";

export const base = (id: string): NewChannel => newChannel({ id, range: { start: "", end: "" } }, `${id} begins`, 0);
export const stream = (id: string, ...parents: string[]): NewChannel => newChannel({ id, parents }, `${id} begins`, 0);

type Saying = Readonly<Record<string, "close" | "terminated">>;
interface Mischief {
  readonly made?: readonly TunnelChannel[];
  readonly arrives?: boolean;
}

export const timeoutMs = 300_000;

/** Drives the channels of a tunnel as its clients do: each remembers what it was told, and what it is going to say. */
export class TunnelClients {
  readonly channels: Channels;
  readonly clock: VirtualClock;
  readonly #told = new Map<string, Map<string, TunnelChannel>>();

  /** With channels that begin, or as they were kept. */
  constructor(
    clock: VirtualClock,
    begun: readonly NewChannel[],
    kept: readonly ChannelRecord[] = [],
    clients: readonly ClientRecord[] = [],
  ) {
    this.clock = clock;
    this.channels = new Channels(kept, clients, clock.monotonic());
    for (const channel of begun) this.channels.add(channel);
  }

  connect(client: string): void {
    this.channels.connect(client, timeoutMs, this.clock.monotonic());
    this.#told.set(client, new Map());
  }

  /**
   * Sends what the client holds, changed by what it has to say, and answers what it holds from now on: `id:status:version`. `made` is said besides;
   * a reply that does not arrive leaves the client with what it held.
   */
  beat(client: string, saying: Saying = {}, { made = [], arrives = true }: Mischief = {}): string[] {
    const held = [...(this.#told.get(client)?.values() ?? [])].map((channel) => {
      const status = saying[channel.channelId];
      return status === undefined ? channel : { ...channel, status, version: channel.version + 1n };
    });
    const reply = Array.from(this.channels.heartbeat(client, [...held, ...made], this.clock.monotonic()), (channel) => channel.listed());
    if (arrives) this.#told.set(client, new Map(reply.map((channel) => [channel.channelId, channel])));
    return reply.map(({ channelId, status, version }) => `${channelId}:${status}:${version}`);
  }

  /** Ids of the channels a client was told that it holds. */
  told(client: string): string[] {
    return [...(this.#told.get(client)?.keys() ?? [])];
  }

  /** Connects and sends the first heartbeat. */
  join(client: string): string[] {
    this.connect(client);
    return this.beat(client);
  }

  /** Who holds what, and how. */
  holders(): Record<string, string> {
    return Object.fromEntries(
      Array.from(this.channels.all(), ({ id, status, owner }) => [id, `${status}${owner === undefined ? "" : ` by ${owner}`}`]),
    );
  }
}
