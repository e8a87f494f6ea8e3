import { assert } from "../../base/assert.ts";
import type { ChannelRecord, ClientRecord, TunnelChange } from "../../store/tunnel-records.ts";
import type { TunnelChannel } from "../../wire/operation/tunnel-channel.ts";
import { FINISHED } from "../../wire/tunnel-token.ts";
import { Channel, type NewChannel, type Progress } from "./channel.ts";
import { Clients, type Client } from "./clients.ts";
import { refusal } from "./refusal.ts";

/** A client that names a greater one makes it up: versions grow by one. Far enough below 2^53 to go on from. */
const VERSION_MAX = 2n ** 52n;

/**
 * The channels of one tunnel, and who holds which: the state machine of reference 5.8. Nothing waits and nothing is written here; time is
 * handed in (monotonic milliseconds). What changed is handed out by `takeChanged` within the same turn of the event loop, and acknowledged to nobody
 * before it is durable. Every call first lets go of clients that have been silent too long.
 *
 * What holds:
 * - I1 A channel has one owner at most; only the owner reads it and moves its checkpoint.
 * - I2 A channel's version only grows, with every change of its status.
 * - I3 A checkpoint is accepted with the number after the last one's, and no other.
 * - I4 Terminated is final, and then the checkpoint is `finished`.
 * - I5 A stream channel is handed to nobody before all base channels and its parents are terminated (R11).
 *
 * A heartbeat costs what it reports, what the client holds and how many clients there are, not how many channels.
 */
export class Channels {
  readonly #channels = new Map<string, Channel>();
  readonly #clients = new Clients();
  /** To be had and held by nobody, in the order in which they came free. */
  readonly #pool = new Set<Channel>();
  /** Channels by the parent they wait for. */
  readonly #children = new Map<string, Channel[]>();
  #unfinishedBase = 0;
  #lastNumber = 0;
  readonly #changed = new Set<Channel>();
  #forgotten: string[] = [];
  #came: ClientRecord[] = [];
  #gone: string[] = [];

  /** As they were kept, channels in order of creation. Clients count as heard just `now`: whoever holds a channel holds it on (R2). */
  constructor(records: readonly ChannelRecord[], clients: readonly ClientRecord[], now: number) {
    for (const client of clients) this.#clients.add(client, now);
    for (const record of records) this.#resume(record);
    for (const channel of this.#channels.values()) this.#offer(channel);
  }

  get(id: string): Channel | undefined {
    return this.#channels.get(id);
  }

  /** In order of creation. */
  all(): Iterable<Channel> {
    return this.#channels.values();
  }

  /** False as long as a base channel is not terminated. */
  get baseFinished(): boolean {
    return this.#unfinishedBase === 0;
  }

  /** Adds a channel; its parents have been added before it. */
  add(begun: NewChannel): void {
    const channel = this.#insert({ ...begun, number: ++this.#lastNumber });
    this.#changed.add(channel);
    this.#offer(channel);
  }

  /** Drops a terminated channel that nothing refers to any more. */
  forget(channel: Channel): void {
    assert(channel.terminated, "a terminated channel");
    this.#channels.delete(channel.id);
    this.#changed.delete(channel);
    this.#children.delete(channel.id);
    this.#forgotten.push(channel.id);
  }

  /** What changed since this was last asked, to be enqueued in this turn. */
  takeChanged(): Omit<TunnelChange, "record"> {
    const taken = {
      channels: Array.from(this.#changed, (channel) => channel.record()),
      forgotten: this.#forgotten,
      clients: this.#came,
      gone: this.#gone,
    };
    this.#changed.clear();
    this.#forgotten = [];
    this.#came = [];
    this.#gone = [];
    return taken;
  }

  /** Ids of those that are connected. */
  clientIds(): Iterable<string> {
    return this.#clients.ids();
  }

  /** @throws OTSTunnelServerUnavailable beyond what one tunnel can serve */
  connect(clientId: string, timeoutMs: number, now: number): void {
    this.expire(now);
    const client = { id: clientId, timeoutMs };
    this.#clients.add(client, now);
    this.#came.push(client);
  }

  /**
   * Takes in what a client says of the channels it holds, and answers all that it shall hold from now on. What it says counts where it holds the
   * channel and its version is greater than ours (reference 5.3). @throws OTSResourceGone, OTSParameterInvalid
   */
  heartbeat(clientId: string, reported: readonly TunnelChannel[], now: number): Iterable<Channel> {
    this.expire(now);
    const client = this.#clients.get(clientId);
    if (reported.some(({ version }) => version < 0n || version > VERSION_MAX)) throw refusal.parameter("Invalid version of channel.");
    client.seenAt = now;
    client.joined = true;
    for (const channel of reported) this.#report(client, channel);
    this.#balance(client);
    return client.channels;
  }

  /** The client's channels go to others. @throws OTSResourceGone */
  shutdown(clientId: string, now: number): void {
    this.expire(now);
    this.#dismiss(this.#clients.get(clientId));
  }

  /** The channel, if this client holds it. @throws OTSResourceGone */
  held(clientId: string, channelId: string, now: number): Channel {
    this.expire(now);
    const client = this.#clients.get(clientId);
    const channel = this.#channels.get(channelId);
    if (channel === undefined || !client.channels.has(channel)) throw refusal.channelGone();
    return channel;
  }

  /**
   * Moves the checkpoint of a channel its caller holds; `progress` is what the checkpoint says of how much was consumed, which `finished` does not.
   * @throws OTSSequenceNumberNotMatch
   */
  checkpoint(channel: Channel, checkpoint: string, progress: Progress | undefined, sequence: bigint): void {
    if (sequence !== BigInt(channel.sequence + 1)) throw refusal.sequence(channel.sequence + 1);
    channel.checkpoint = checkpoint;
    channel.sequence++;
    this.#progress(channel, progress ?? channel.lastRead);
    this.#changed.add(channel);
  }

  /** Suspends (closing), resumes (open) or stops (terminated) a channel, whoever holds it (reference 5.8). */
  schedule(channel: Channel, wanted: "open" | "closing" | "terminated"): void {
    if (channel.terminated) return;
    if (wanted === "terminated") return this.#terminate(channel, channel.version + 1);
    channel.suspended = wanted === "closing";
    this.#changed.add(channel);
    if (wanted === "open") return this.#offer(channel);
    this.#pool.delete(channel);
    if (channel.status === "open") this.#orderClosing(this.#clients.get(channel.owner!), channel);
  }

  /** Lets go of clients that have been silent for longer than they announced. */
  expire(now: number): void {
    for (const client of this.#clients.silent(now)) this.#dismiss(client);
  }

  /** A channel as it was kept; one whose owner was not is held by nobody. */
  #resume(record: ChannelRecord): void {
    const isHeld = record.owner !== undefined && this.#clients.has(record.owner);
    const channel = this.#insert(isHeld ? record : { ...record, owner: undefined });
    if (channel.owner === undefined) return;
    const client = this.#clients.get(channel.owner);
    client.joined = true;
    client.channels.add(channel);
    if (channel.status === "open") client.open++;
  }

  #insert(record: ChannelRecord): Channel {
    const channel = new Channel(record);
    this.#lastNumber = Math.max(this.#lastNumber, channel.number);
    this.#channels.set(channel.id, channel);
    if (channel.isBase && !channel.terminated) this.#unfinishedBase++;
    for (const parent of channel.parents) {
      const siblings = this.#children.get(parent);
      if (siblings === undefined) this.#children.set(parent, [channel]);
      else siblings.push(channel);
    }
    return channel;
  }

  /** Puts a channel where clients get it, if it may be had. */
  #offer(channel: Channel): void {
    if (channel.owner !== undefined || channel.terminated || channel.suspended) return;
    if (channel.isBase || (this.#unfinishedBase === 0 && channel.parents.every((id) => this.#isRead(id)))) this.#pool.add(channel);
  }

  /** Whether nothing of a parent is left to read: it is terminated, or was there before the tunnel's beginning. */
  #isRead(id: string): boolean {
    return this.#channels.get(id)?.terminated ?? true;
  }

  #report(client: Client, { channelId, version, status }: TunnelChannel): void {
    const channel = this.#channels.get(channelId);
    if (channel === undefined || channel.owner !== client.id || Number(version) <= channel.version) return;
    if (status === "terminated") return this.#terminate(channel, Number(version));
    if (status === "close") return this.#release(client, channel, Number(version));
    // Only the server opens a channel or orders it closed; but its next order must not look older than what the client has.
    channel.version = Number(version);
    this.#changed.add(channel);
  }

  #balance(client: Client): void {
    const share = this.#clients.share(client, this.#pool.size);
    if (client.open > share) {
      // What was handed out last has the least in flight.
      const open = [...client.channels].filter(({ status }) => status === "open");
      for (const channel of open.slice(share)) this.#orderClosing(client, channel);
    }
    for (const channel of this.#pool) {
      if (client.open >= share) break;
      this.#hand(client, channel);
    }
  }

  #hand(client: Client, channel: Channel): void {
    this.#pool.delete(channel);
    channel.owner = client.id;
    client.channels.add(channel);
    client.open++;
    this.#become(channel, "open", channel.version + 1);
  }

  #orderClosing(client: Client, channel: Channel): void {
    client.open--;
    this.#become(channel, "closing", channel.version + 1);
  }

  #release(client: Client, channel: Channel, version: number): void {
    this.#takeFrom(client, channel);
    this.#become(channel, "close", version);
    this.#offer(channel);
  }

  #terminate(channel: Channel, version: number): void {
    this.#progress(channel, channel.lastRead);
    if (channel.owner !== undefined) this.#takeFrom(this.#clients.get(channel.owner), channel);
    this.#pool.delete(channel);
    this.#become(channel, "terminated", version);
    // Go may lose the last checkpoint, but not that it is done (reference 5.5).
    channel.checkpoint = FINISHED;
    if (!channel.isBase) for (const child of this.#children.get(channel.id) ?? []) this.#offer(child);
    else if (--this.#unfinishedBase === 0) for (const stream of this.#channels.values()) this.#offer(stream);
  }

  #progress(channel: Channel, progress: Progress | undefined): void {
    if (progress === undefined) return;
    channel.position = progress.position;
    channel.count = progress.count;
  }

  #takeFrom(client: Client, channel: Channel): void {
    client.channels.delete(channel);
    if (channel.status === "open") client.open--;
    channel.owner = undefined;
    channel.lastRead = undefined;
    for (const wake of channel.waiting ?? []) wake();
  }

  #become(channel: Channel, status: Channel["status"], version: number): void {
    channel.status = status;
    channel.version = version;
    this.#changed.add(channel);
  }

  #dismiss(client: Client): void {
    this.#clients.remove(client.id);
    this.#gone.push(client.id);
    for (const channel of client.channels) this.#release(client, channel, channel.version + 1);
  }
}
