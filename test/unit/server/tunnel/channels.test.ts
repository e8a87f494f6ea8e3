import { describe, expect, it } from "vitest";
import { VirtualClock } from "../../../../src/base/virtual-clock.ts";
import type { NewChannel } from "../../../../src/server/tunnel/channel.ts";
import { base, stream, timeoutMs, TunnelClients } from "./tunnel-clients.ts";

const withChannels = (...begun: readonly NewChannel[]) => new TunnelClients(new VirtualClock(), begun);
const streams = (count: number) => Array.from({ length: count }, (_, i) => stream(`s${i}`));
const gone = expect.objectContaining({ status: 410, code: "OTSResourceGone" });

describe("assignment", () => {
  it("hands everything to the only client, opened with a greater version", () => {
    expect(withChannels(stream("a"), stream("b")).join("one")).toEqual(["a:open:1", "b:open:1"]);
  });

  it("says the same again to a client that lost the reply", () => {
    const tunnel = withChannels(stream("a"));
    tunnel.join("one");
    const lost = Array.from(tunnel.channels.heartbeat("one", [], tunnel.clock.monotonic()), (channel) => channel.listed());
    expect(lost).toEqual([{ channelId: "a", version: 1n, status: "open" }]);
  });

  it("shares evenly, give or take one, between clients whenever they came", () => {
    const tunnel = withChannels(...streams(10));
    const clients = ["one", "two", "three"];
    for (const client of clients) tunnel.join(client);
    settle(tunnel, ...clients);
    expect(clients.map((client) => tunnel.beat(client).length).sort()).toEqual([3, 3, 4]);
  });

  it("gives a client that only connected no share, since it may never come back", () => {
    const tunnel = withChannels(...streams(4));
    tunnel.connect("lost");
    expect(tunnel.join("one")).toHaveLength(4);
  });

  it("hands a channel that came free to the client with fewest", () => {
    const tunnel = withChannels(...streams(3));
    tunnel.join("one");
    tunnel.join("two");
    settle(tunnel, "one", "two");
    tunnel.channels.add(stream("new"));
    expect(tunnel.beat("one")).toHaveLength(2);
    expect(tunnel.beat("two")).toHaveLength(2);
  });
});

describe("rebalancing", () => {
  it("orders the surplus of the busiest closed when a client joins, and hands it over once it is reported closed", () => {
    const tunnel = withChannels(...streams(4));
    tunnel.join("one");
    expect(tunnel.join("two")).toEqual([]);
    expect(tunnel.beat("one")).toEqual(["s0:open:1", "s1:open:1", "s2:closing:2", "s3:closing:2"]);
    expect(tunnel.beat("two")).toEqual([]);
    expect(tunnel.beat("one")).toEqual(["s0:open:1", "s1:open:1", "s2:closing:2", "s3:closing:2"]);
    expect(tunnel.beat("one", { s2: "close", s3: "close" })).toEqual(["s0:open:1", "s1:open:1"]);
    expect(tunnel.beat("two")).toEqual(["s2:open:4", "s3:open:4"]);
  });

  it("lets the owner of a closing channel finish and checkpoint it, and nobody else", () => {
    const tunnel = withChannels(...streams(2));
    tunnel.join("one");
    tunnel.join("two");
    expect(tunnel.beat("one")).toEqual(["s0:open:1", "s1:closing:2"]);
    const now = tunnel.clock.monotonic();
    tunnel.channels.checkpoint(tunnel.channels.held("one", "s1", now), "later", undefined, 1n);
    expect(() => tunnel.channels.held("two", "s1", now)).toThrow(gone);
    tunnel.beat("one", { s1: "close" });
    tunnel.beat("two");
    expect(tunnel.channels.held("two", "s1", now)).toMatchObject({ checkpoint: "later", sequence: 1 });
    expect(() => tunnel.channels.held("one", "s1", now)).toThrow(gone);
  });

  it("does not move a channel to and fro between clients that have as many, give or take one", () => {
    const tunnel = withChannels(...streams(5));
    tunnel.join("one");
    tunnel.join("two");
    settle(tunnel, "one", "two");
    const before = tunnel.holders();
    settle(tunnel, "one", "two");
    expect(tunnel.holders()).toEqual(before);
  });

  it("takes a closing channel's end for an end", () => {
    const tunnel = withChannels(...streams(2));
    tunnel.join("one");
    tunnel.join("two");
    tunnel.beat("one");
    tunnel.beat("one", { s1: "terminated" });
    expect(tunnel.holders()).toEqual({ s0: "open by one", s1: "terminated" });
  });
});

describe("clients", () => {
  it("lose their channels after as much silence as they announced, and not before", async () => {
    const tunnel = withChannels(stream("a"));
    tunnel.join("one");
    tunnel.connect("two");
    await tunnel.clock.advance(timeoutMs - 1);
    expect(tunnel.beat("two")).toEqual([]);
    await tunnel.clock.advance(2);
    expect(tunnel.beat("two")).toEqual(["a:open:3"]);
    expect(() => tunnel.beat("one")).toThrow(gone);
    expect(() => tunnel.channels.held("one", "a", tunnel.clock.monotonic())).toThrow(gone);
  });

  it("live as long as they send heartbeats", async () => {
    const tunnel = withChannels(stream("a"));
    tunnel.join("one");
    for (let i = 0; i < 3; i++) {
      await tunnel.clock.advance(timeoutMs);
      expect(tunnel.beat("one")).toEqual(["a:open:1"]);
    }
  });

  it("leave their channels to the others when they shut down, and are unknown then", () => {
    const tunnel = withChannels(...streams(2));
    tunnel.join("one");
    tunnel.channels.shutdown("one", tunnel.clock.monotonic());
    expect(tunnel.join("two")).toEqual(["s0:open:3", "s1:open:3"]);
    expect(() => tunnel.channels.shutdown("one", tunnel.clock.monotonic())).toThrow(gone);
  });

  it("that cannot go on with a channel report it closed, and it goes back to those who are there", () => {
    const tunnel = withChannels(stream("a"));
    tunnel.join("one");
    expect(tunnel.beat("one", { a: "close" })).toEqual(["a:open:3"]);
  });

  it("are bounded in number", () => {
    const tunnel = withChannels(stream("a"));
    for (let i = 0; i < 1000; i++) tunnel.connect(`c${i}`);
    expect(() => tunnel.connect("one more")).toThrow(expect.objectContaining({ status: 503, code: "OTSTunnelServerUnavailable" }));
  });
});

describe("versions", () => {
  it("decide: what a client says counts only with a greater one", () => {
    const tunnel = withChannels(stream("a"));
    tunnel.join("one");
    const say = (version: bigint) =>
      Array.from(tunnel.channels.heartbeat("one", [{ channelId: "a", version, status: "terminated" }], tunnel.clock.monotonic()));
    expect(say(1n)).toHaveLength(1);
    expect(say(2n)).toHaveLength(0);
    expect(tunnel.channels.get("a")).toMatchObject({ status: "terminated", version: 2 });
  });

  it("do not help who does not hold the channel", () => {
    const tunnel = withChannels(stream("a"));
    tunnel.join("one");
    tunnel.join("two");
    const stolen = [{ channelId: "a", version: 99n, status: "terminated" }] as const;
    expect([...tunnel.channels.heartbeat("two", stolen, tunnel.clock.monotonic())]).toEqual([]);
    expect(tunnel.channels.get("a")).toMatchObject({ status: "open", version: 1, owner: "one" });
  });

  it("stay greater than what a client made up, so that the next order is heard", () => {
    const tunnel = withChannels(stream("a"));
    tunnel.join("one");
    const [held] = tunnel.channels.heartbeat("one", [{ channelId: "a", version: 7n, status: "open" }], tunnel.clock.monotonic());
    expect(held!.listed()).toEqual({ channelId: "a", version: 7n, status: "open" });
    for (const version of [-1n, 2n ** 52n + 1n]) {
      expect(() => tunnel.channels.heartbeat("one", [{ channelId: "a", version, status: "open" }], 0)).toThrow(
        expect.objectContaining({ code: "OTSParameterInvalid" }),
      );
    }
  });
});

describe("stages", () => {
  it("open the stream only when all base channels are terminated", () => {
    const tunnel = withChannels(base("b0"), base("b1"), stream("s"));
    expect(tunnel.join("one")).toEqual(["b0:open:1", "b1:open:1"]);
    expect(tunnel.beat("one", { b0: "terminated" })).toEqual(["b1:open:1"]);
    expect(tunnel.channels.baseFinished).toBe(false);
    expect(tunnel.beat("one", { b1: "terminated" })).toEqual(["s:open:1"]);
    expect(tunnel.channels.baseFinished).toBe(true);
  });

  it("open children only when their parents are terminated, all of them", () => {
    const tunnel = withChannels(stream("left"), stream("right"), stream("child", "left"), stream("merged", "left", "right"));
    expect(tunnel.join("one")).toEqual(["left:open:1", "right:open:1"]);
    expect(tunnel.beat("one", { left: "terminated" })).toEqual(["right:open:1", "child:open:1"]);
    expect(tunnel.beat("one", { right: "terminated" })).toEqual(["child:open:1", "merged:open:1"]);
  });

  it("open a child whose parent is not there any more", () => {
    expect(withChannels(stream("child", "long gone")).join("one")).toEqual(["child:open:1"]);
  });

  it("do not open a child while its parent is only said to be finished", () => {
    const tunnel = withChannels(stream("parent"), stream("child", "parent"));
    tunnel.join("one");
    tunnel.channels.checkpoint(tunnel.channels.get("parent")!, "finished", undefined, 1n);
    expect(tunnel.beat("one")).toEqual(["parent:open:1"]);
  });

  it("are terminated with the checkpoint finished, whether it came or was lost", () => {
    const tunnel = withChannels(stream("a"));
    tunnel.join("one");
    tunnel.beat("one", { a: "terminated" });
    expect(tunnel.channels.get("a")).toMatchObject({ status: "terminated", checkpoint: "finished", owner: undefined });
    expect(() => tunnel.channels.held("one", "a", tunnel.clock.monotonic())).toThrow(gone);
  });
});

describe("checkpoints", () => {
  it("are accepted with the number after the last, and no other", () => {
    const tunnel = withChannels(stream("a"));
    tunnel.join("one");
    const channel = tunnel.channels.held("one", "a", tunnel.clock.monotonic());
    const mismatch = expect.objectContaining({ status: 400, code: "OTSSequenceNumberNotMatch" });
    for (const wrong of [0n, 2n, -1n]) expect(() => tunnel.channels.checkpoint(channel, "x", undefined, wrong)).toThrow(mismatch);
    tunnel.channels.checkpoint(channel, "x", { position: 5, count: 2 }, 1n);
    expect(() => tunnel.channels.checkpoint(channel, "y", undefined, 1n)).toThrow(mismatch);
    expect(channel).toMatchObject({ checkpoint: "x", sequence: 1, position: 5, count: 2 });
  });

  it("say how far was consumed also at the end, which `finished` does not tell", () => {
    const tunnel = withChannels(stream("a"));
    tunnel.join("one");
    const channel = tunnel.channels.held("one", "a", tunnel.clock.monotonic());
    channel.lastRead = { position: 9, count: 4 };
    tunnel.channels.checkpoint(channel, "finished", undefined, 1n);
    expect(channel).toMatchObject({ position: 9, count: 4 });
  });

  it("say it as well where the last one was lost and only the end was reported", () => {
    const tunnel = withChannels(stream("a"));
    tunnel.join("one");
    tunnel.channels.held("one", "a", tunnel.clock.monotonic()).lastRead = { position: 9, count: 4 };
    tunnel.beat("one", { a: "terminated" });
    expect(tunnel.channels.get("a")).toMatchObject({ checkpoint: "finished", position: 9, count: 4 });
  });
});

describe("schedule", () => {
  it("suspends a channel until it is resumed, and takes it from its owner first", () => {
    const tunnel = withChannels(stream("a"));
    tunnel.join("one");
    tunnel.channels.schedule(tunnel.channels.get("a")!, "closing");
    expect(tunnel.beat("one")).toEqual(["a:closing:2"]);
    expect(tunnel.beat("one", { a: "close" })).toEqual([]);
    expect(tunnel.beat("one")).toEqual([]);
    tunnel.channels.schedule(tunnel.channels.get("a")!, "open");
    expect(tunnel.beat("one")).toEqual(["a:open:4"]);
  });

  it("stops a channel for good, and its children go on", () => {
    const tunnel = withChannels(stream("a"), stream("child", "a"));
    tunnel.join("one");
    tunnel.channels.schedule(tunnel.channels.get("a")!, "terminated");
    expect(tunnel.beat("one")).toEqual(["child:open:1"]);
    tunnel.channels.schedule(tunnel.channels.get("a")!, "open");
    expect(tunnel.channels.get("a")).toMatchObject({ status: "terminated", checkpoint: "finished" });
  });

  it("keeps a suspended channel from being handed out when its time comes", () => {
    const tunnel = withChannels(base("b"), stream("s"));
    tunnel.channels.schedule(tunnel.channels.get("s")!, "closing");
    tunnel.join("one");
    expect(tunnel.beat("one", { b: "terminated" })).toEqual([]);
    tunnel.channels.schedule(tunnel.channels.get("s")!, "open");
    expect(tunnel.beat("one")).toEqual(["s:open:1"]);
  });
});

describe("what is kept", () => {
  it("is all but the clients: after a restart versions and checkpoints go on, and everything is to be had", () => {
    const tunnel = withChannels(stream("a"), stream("b"), stream("child", "a"));
    tunnel.join("one");
    const channel = tunnel.channels.held("one", "b", tunnel.clock.monotonic());
    tunnel.channels.checkpoint(channel, "x", { position: 5, count: 2 }, 1n);
    tunnel.beat("one", { a: "terminated" });
    const kept = new Map(tunnel.channels.takeChanged().channels.map((record) => [record.id, JSON.parse(JSON.stringify(record))]));
    const again = new TunnelClients(tunnel.clock, [], [...kept.values()]);
    expect(() => again.channels.heartbeat("one", [], again.clock.monotonic())).toThrow(gone);
    expect(again.join("two")).toEqual(["b:open:2", "child:open:2"]);
    expect(again.channels.get("b")).toMatchObject({ checkpoint: "x", sequence: 1, position: 5, count: 2 });
    expect(again.channels.get("a")).toMatchObject({ status: "terminated" });
  });

  it("is told once for each change", () => {
    const tunnel = withChannels(stream("a"), stream("b"));
    expect(tunnel.channels.takeChanged().channels.map(({ id }) => id)).toEqual(["a", "b"]);
    expect(tunnel.channels.takeChanged().channels).toEqual([]);
    tunnel.join("one");
    expect(tunnel.channels.takeChanged().channels.map(({ id }) => id)).toEqual(["a", "b"]);
    tunnel.beat("one");
    expect(tunnel.channels.takeChanged().channels).toEqual([]);
  });

  it("ends with channels that are read and whose shard is gone", () => {
    const tunnel = withChannels(stream("a"), stream("child", "a"));
    tunnel.join("one");
    tunnel.beat("one", { a: "terminated" });
    tunnel.channels.takeChanged();
    tunnel.channels.forget(tunnel.channels.get("a")!);
    expect(tunnel.channels.takeChanged()).toMatchObject({ channels: [], forgotten: ["a"] });
    expect(tunnel.holders()).toEqual({ child: "open by one" });
  });
});

describe("very many channels", () => {
  it("cost a heartbeat time in proportion, not more", { timeout: 5000 }, () => {
    const count = 30_000;
    const parents = Array.from({ length: count }, (_, i) => [base(`b${i}`), stream(`s${i}`), stream(`c${i}`, `s${i}`)]).flat();
    const tunnel = withChannels(...parents);
    const finish = (held: readonly string[]) => Object.fromEntries(held.map((channel) => [channel.split(":")[0]!, "terminated" as const]));
    let held = tunnel.join("one");
    for (const kind of ["b", "s", "c"]) {
      expect([held.length, held[0]![0]]).toEqual([count, kind]);
      held = tunnel.beat("one", finish(held));
    }
    expect(held).toEqual([]);
  });
});

/** A heartbeat that reports closed whatever the last one ordered closed. */
function closeAsTold(tunnel: TunnelClients, client: string): string[] {
  const closing = tunnel.beat(client).filter((channel) => channel.includes(":closing:"));
  if (closing.length === 0) return tunnel.beat(client);
  return tunnel.beat(client, Object.fromEntries(closing.map((channel) => [channel.split(":")[0]!, "close" as const])));
}

function settle(tunnel: TunnelClients, ...clients: string[]): void {
  for (let round = 0; round < 3; round++) for (const client of clients) closeAsTold(tunnel, client);
}
