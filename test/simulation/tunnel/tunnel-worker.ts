import type { StreamRecord } from "../../../src/wire/operation/stream-record.ts";
import type { TunnelChannel } from "../../../src/wire/operation/tunnel-channel.ts";
import type { TunnelCaller } from "../../conformance/tunnel-caller.ts";

/** A channel as its worker has it: where it reads on, and what it will say of it. */
interface Processor {
  channel: TunnelChannel;
  token: string;
  /** Of the last checkpoint accepted. */
  sequence: bigint;
  /** Batches since then. */
  unsaved: number;
}

/** Told of every batch before the next one is read. */
export type Process = (channelId: string, records: readonly StreamRecord[]) => void;

/**
 * The least that consumes a tunnel (reference 5.3 and 5.9): one batch a channel and turn, a checkpoint every few batches and at the end, and a heartbeat when
 * its driver says so. Delivers at least once.
 */
export class TunnelWorker {
  readonly #tunnel: TunnelCaller;
  readonly #process: Process;
  readonly #clientId: string;
  readonly #processors = new Map<string, Processor>();

  private constructor(tunnel: TunnelCaller, clientId: string, process: Process) {
    this.#tunnel = tunnel;
    this.#clientId = clientId;
    this.#process = process;
  }

  static async connect(tunnel: TunnelCaller, process: Process): Promise<TunnelWorker> {
    const worker = new TunnelWorker(tunnel, await tunnel.connect(300), process);
    await worker.heartbeat();
    return worker;
  }

  /** Ids of the channels it may read. */
  get open(): string[] {
    return [...this.#processors.values()].filter(({ channel }) => channel.status === "open").map(({ channel }) => channel.channelId);
  }

  async heartbeat(): Promise<void> {
    const held = [...this.#processors.values()].map(({ channel }) => channel);
    const reply = new Map((await this.#tunnel.beat(this.#clientId, held)).map((channel) => [channel.channelId, channel]));
    for (const id of this.#processors.keys()) if (!reply.has(id)) this.#processors.delete(id);
    for (const [id, told] of reply) {
      const known = this.#processors.get(id);
      const processor = known ?? { channel: told, unsaved: 0, ...(await this.#begin(id)) };
      this.#processors.set(id, processor);
      if (told.version >= processor.channel.version) await this.#obey(processor, told);
    }
  }

  /** Reads and processes one batch of every open channel; true when anything was read. */
  async turn(): Promise<boolean> {
    let any = false;
    for (const processor of this.#processors.values()) {
      if (processor.channel.status !== "open" || processor.token === "finished") continue;
      const { channelId } = processor.channel;
      const { records, nextToken } = await this.#tunnel.read(this.#clientId, channelId, processor.token);
      this.#process(channelId, records);
      any ||= records.length > 0;
      processor.token = nextToken;
      if (records.length > 0) processor.unsaved++;
      if (nextToken === "finished" || processor.unsaved >= 5) await this.#save(processor);
    }
    return any;
  }

  async #begin(channelId: string): Promise<{ token: string; sequence: bigint }> {
    const { checkpoint, sequenceNumber } = await this.#tunnel.getCheckpoint(this.#clientId, channelId);
    return { token: checkpoint, sequence: sequenceNumber };
  }

  /** Takes up what the server says of a channel; the answer is told with the next heartbeat. */
  async #obey(processor: Processor, told: TunnelChannel): Promise<void> {
    processor.channel = told;
    const say = (status: "close" | "terminated") => (processor.channel = { ...told, status, version: told.version + 1n });
    if (processor.token === "finished") return void say("terminated");
    if (told.status !== "closing") return;
    if (processor.unsaved > 0) await this.#save(processor);
    say("close");
  }

  async #save(processor: Processor): Promise<void> {
    await this.#tunnel.checkpoint(this.#clientId, processor.channel.channelId, processor.token, ++processor.sequence);
    processor.unsaved = 0;
  }
}
