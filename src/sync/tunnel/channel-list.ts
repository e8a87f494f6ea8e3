import type { TunnelChannel } from "../../wire/operation/tunnel-channel.ts";

/** What became of the runner of a channel: `failed` also where it stopped without being asked to. */
export type RunnerEnd = "finished" | "closed" | "failed";

/** What is to be done about one channel after a heartbeat. */
export interface Order {
  readonly channelId: string;
  /** `start` a runner; ask it to `close`; `drop` it, because the channel is not ours any more. */
  readonly what: "start" | "close" | "drop";
}

/** `idle`: there is no runner, whether there was one or not; `finished`: the last one came to the end of the channel. */
type RunnerState = "idle" | "running" | "finished";
type Reaction = Order["what"] | "report close" | "report terminated" | "nothing";

/** Reference 5.3: what follows from what the merged list says and what runs here. */
const reactions: Readonly<Record<TunnelChannel["status"], Readonly<Record<RunnerState, Reaction>>>> = {
  open: { idle: "start", running: "nothing", finished: "report terminated" },
  closing: { idle: "report close", running: "close", finished: "report terminated" },
  close: { idle: "nothing", running: "drop", finished: "nothing" },
  terminated: { idle: "nothing", running: "drop", finished: "nothing" },
};

interface Listed {
  readonly channelId: string;
  version: bigint;
  status: TunnelChannel["status"];
  runner: RunnerState;
}

/**
 * The channels of one client as it will tell of them in its next heartbeat, and the state machine of reference 5.3. No time, no waiting, no effects; what it
 * does costs in proportion to the channels told of.
 *
 * - L1 Of what the server and we say of a channel the higher version counts, the server's where they are equal.
 * - L2 A channel that a reply does not list is not ours; a runner it has is dropped.
 * - L3 What a runner came to is said with the next version, once.
 * - L4 A channel has one runner at most.
 * - L5 `terminated` is said only after a runner finished (R11).
 */
export class ChannelList {
  readonly #channels = new Map<string, Listed>();
  #reports = 0;

  /** As the next heartbeat says it. */
  told(): TunnelChannel[] {
    return Array.from(this.#channels.values(), ({ channelId, version, status }) => ({ channelId, version, status }));
  }

  /** How often something new was to be told so far. */
  get reports(): number {
    return this.#reports;
  }

  /**
   * Takes in the reply to a heartbeat, which is the complete list of what this client shall hold.
   * @param accepting false: no runner is started any more, since the session ends
   */
  merge(reply: readonly TunnelChannel[], accepting: boolean): Order[] {
    const orders: Order[] = [];
    const listed = new Set<string>();
    for (const { channelId, version, status } of reply) {
      listed.add(channelId);
      const known = this.#channels.get(channelId);
      if (known === undefined) this.#channels.set(channelId, { channelId, version, status, runner: "idle" });
      else if (version >= known.version) Object.assign(known, { version, status });
    }
    for (const channel of this.#channels.values()) {
      const { channelId, runner } = channel;
      if (listed.has(channelId)) this.#react(channel, accepting, orders);
      else {
        this.#channels.delete(channelId);
        if (runner === "running") orders.push({ channelId, what: "drop" });
      }
    }
    return orders;
  }

  /** Says what became of the runner of a channel. */
  ended(channelId: string, end: RunnerEnd): void {
    const channel = this.#channels.get(channelId);
    if (channel?.runner !== "running") return;
    channel.runner = end === "finished" ? "finished" : "idle";
    this.#report(channel, end === "finished" ? "terminated" : "close");
  }

  #react(channel: Listed, accepting: boolean, orders: Order[]): void {
    const { channelId, status, runner } = channel;
    const reaction = reactions[status][runner];
    switch (reaction) {
      case "start":
        if (!accepting) return;
        channel.runner = "running";
        break;
      case "drop":
        channel.runner = "idle";
        break;
      case "close":
        break;
      case "report close":
        return this.#report(channel, "close");
      case "report terminated":
        return this.#report(channel, "terminated");
      case "nothing":
        return;
    }
    orders.push({ channelId, what: reaction });
  }

  #report(channel: Listed, status: "close" | "terminated"): void {
    channel.status = status;
    channel.version++;
    this.#reports++;
  }
}
