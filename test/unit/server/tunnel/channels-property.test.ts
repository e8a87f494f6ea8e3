import fc from "fast-check";
import { expect, it } from "vitest";
import { VirtualClock } from "../../../../src/base/virtual-clock.ts";
import type { ChannelRecord, ClientRecord } from "../../../../src/store/tunnel-records.ts";
import type { TunnelChannel } from "../../../../src/wire/operation/tunnel-channel.ts";
import { ServiceError } from "../../../../src/wire/service-error.ts";
import { base, stream, TunnelClients } from "./tunnel-clients.ts";

/** Base data, a shard, its split, a split of one of those, and a merge. The numbers below are those of the invariants at `Channels`. */
const begun = [
  base("b"),
  stream("s"),
  stream("left", "s"),
  stream("right", "s"),
  stream("deep", "left"),
  stream("merged", "left", "right"),
];
const parents: Readonly<Record<string, readonly string[]>> = {
  s: ["b"],
  left: ["b", "s"],
  right: ["b", "s"],
  deep: ["b", "left"],
  merged: ["b", "left", "right"],
};

const client = fc.constantFrom("one", "two", "three");
const channel = fc.constantFrom(...begun.map(({ id }) => id));
const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant("connect" as const), client }) },
  {
    weight: 20,
    arbitrary: fc.record({
      do: fc.constant("heartbeat" as const),
      client,
      /** Whether the reply reaches the client. */
      arrives: fc.boolean(),
      /** What the client says of a channel it holds, the first or a later one. */
      saying: fc.option(fc.tuple(fc.nat(1), fc.constantFrom("close" as const, "terminated" as const))),
      /** What it makes up. */
      made: fc.array(
        fc.record({
          channelId: channel,
          version: fc.bigInt({ min: 0n, max: 12n }),
          status: fc.constantFrom<TunnelChannel["status"]>("open", "closing", "close"),
        }),
        { maxLength: 1 },
      ),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("shutdown" as const), client }) },
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant("checkpoint" as const), client, nth: fc.nat(1), ahead: fc.constantFrom(0n, 1n, 1n, 2n) }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("pass" as const), ms: fc.constantFrom(1000, 200_000) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("schedule" as const),
      channel,
      to: fc.constantFrom("open" as const, "closing" as const, "terminated" as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("restart" as const) }) },
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

/** The channels of a tunnel, the clients that call them, and what was kept of them. */
class World {
  readonly clock = new VirtualClock();
  readonly kept = new Map<string, ChannelRecord>();
  readonly keptClients = new Map<string, ClientRecord>();
  tunnel = new TunnelClients(this.clock, begun);
  /** The checkpoint that the last step moved. */
  accepted: { readonly channelId: string; readonly ahead: bigint } | undefined;
  #ids: Readonly<Record<string, string>> = {};
  readonly #everybody: string[] = [];

  async take(step: Step): Promise<void> {
    const now = this.clock.monotonic();
    const { channels } = this.tunnel;
    this.accepted = undefined;
    switch (step.do) {
      case "connect":
        this.#everybody.push(`${step.client}${this.#everybody.length}`);
        this.#ids = { ...this.#ids, [step.client]: this.#everybody.at(-1)! };
        return this.tunnel.connect(this.#id(step.client));
      case "heartbeat":
        return this.#beat(step);
      case "shutdown":
        return channels.shutdown(this.#id(step.client), now);
      case "checkpoint":
        return this.#checkpoint(step);
      case "pass":
        return this.clock.advance(step.ms);
      case "schedule":
        return channels.schedule(channels.get(step.channel)!, step.to);
      case "restart":
        this.tunnel = new TunnelClients(this.clock, [], [...this.kept.values()], [...this.keptClients.values()]);
    }
  }

  keep(): void {
    const { channels, clients, gone } = this.tunnel.channels.takeChanged();
    for (const record of channels) this.kept.set(record.id, record);
    for (const record of clients) this.keptClients.set(record.id, record);
    for (const id of gone) this.keptClients.delete(id);
  }

  /** Who may read and checkpoint each channel, found out by trying. */
  holders(): Map<string, string[]> {
    const now = this.clock.monotonic();
    const may = (id: string, channelId: string) => {
      try {
        return this.tunnel.channels.held(id, channelId, now).owner === id;
      } catch {
        return false;
      }
    };
    return new Map(begun.map(({ id }) => [id, this.#everybody.filter((name) => may(name, id))]));
  }

  #beat({ client, saying, made, arrives }: Extract<Step, { do: "heartbeat" }>): void {
    const id = this.#id(client);
    const [nth = 0, status] = saying ?? [];
    const said = this.tunnel.told(id)[nth];
    this.tunnel.beat(id, said === undefined || status === undefined ? {} : { [said]: status }, { made, arrives });
  }

  #checkpoint({ client, nth, ahead }: Extract<Step, { do: "checkpoint" }>): void {
    const { channels } = this.tunnel;
    const id = this.#id(client);
    const channelId = this.tunnel.told(id)[nth] ?? "s";
    const sequence = BigInt(channels.get(channelId)!.sequence) + ahead;
    channels.checkpoint(channels.held(id, channelId, this.clock.monotonic()), `moved to ${sequence}`, undefined, sequence);
    this.accepted = { channelId, ahead };
  }

  #id(name: string): string {
    return this.#ids[name] ?? "never connected";
  }
}

function check(world: World, before: ReadonlyMap<string, ChannelRecord>): void {
  for (const [id, holders] of world.holders()) {
    expect(holders.length, `I1: ${id} has one owner at most`).toBeLessThanOrEqual(1);
    expect(world.tunnel.channels.get(id)!.owner, `I1: ${id}`).toBe(holders[0]);
  }
  world.keep();
  for (const channel of world.tunnel.channels.all()) {
    const { version, status, sequence, checkpoint, suspended, terminated } = channel;
    const old = before.get(channel.id)!;
    expect(version, "I2").toBeGreaterThanOrEqual(old.version);
    if (version === old.version) expect([status, channel.owner], "I2").toEqual([old.status, old.owner]);
    const accepted = world.accepted?.channelId === channel.id;
    expect(sequence, "I3").toBe(old.sequence + (accepted ? 1 : 0));
    if (accepted) expect(world.accepted?.ahead, "I3").toBe(1n);
    else if (!terminated) expect(checkpoint, "I3").toBe(old.checkpoint);
    if (old.status === "terminated") expect(status, "I4").toBe("terminated");
    if (terminated) expect([checkpoint, channel.owner], "I4").toEqual(["finished", undefined]);
    if (channel.owner !== undefined) {
      for (const id of parents[channel.id] ?? [])
        expect(world.tunnel.channels.get(id)!.terminated, `I5: ${id} before ${channel.id}`).toBe(true);
    }
    expect(world.kept.get(channel.id), "what is kept").toMatchObject({ version, sequence, checkpoint, suspended });
  }
}

it("holds its invariants whatever clients do, say, lose and make up, and when", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { size: "max", maxLength: 80 }), async (steps) => {
      const world = new World();
      world.keep();
      for (const name of ["one", "two", "three"] as const) await world.take({ do: "connect", client: name });
      for (const step of steps) {
        const before = new Map(Array.from(world.tunnel.channels.all(), (channel) => [channel.id, channel.record()]));
        await world.take(step).catch((thrown: unknown) => {
          if (!(thrown instanceof ServiceError)) throw thrown;
        });
        check(world, before);
      }
    }),
    { numRuns: 300 },
  );
});
