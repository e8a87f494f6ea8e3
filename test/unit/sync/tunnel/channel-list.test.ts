import { describe, expect, test } from "vitest";
import { ChannelList, type Order, type RunnerEnd } from "../../../../src/sync/tunnel/channel-list.ts";
import type { TunnelChannel } from "../../../../src/wire/operation/tunnel-channel.ts";

type Status = TunnelChannel["status"];
const listed = (status: Status, version: bigint, channelId = "c"): TunnelChannel => ({ channelId, version, status });
const said = (list: ChannelList) => list.told().map(({ status, version }) => `${status} ${version}`);
const whats = (orders: readonly Order[]) => orders.map(({ what }) => what);

/** A list with one channel of version 5 and a runner that is still running, or came to an end. */
function holding(end?: RunnerEnd): ChannelList {
  const list = new ChannelList();
  expect(whats(list.merge([listed("open", 5n)], true))).toEqual(["start"]);
  if (end !== undefined) list.ended("c", end);
  return list;
}

/** Reference 5.3, row by row: what the reply says, what runs here, what is done, and what the next heartbeat says. */
describe("the table of states", () => {
  test.each<[Status, readonly Order["what"][], string]>([
    ["open", ["start"], "open 6"],
    ["closing", [], "close 7"],
    ["close", [], "close 6"],
    ["terminated", [], "terminated 6"],
  ])("%s without a runner: %j, and says %s", (status, orders, next) => {
    const list = new ChannelList();
    expect(whats(list.merge([listed(status, 6n)], true))).toEqual(orders);
    expect(said(list)).toEqual([next]);
  });

  test.each<[Status, readonly Order["what"][], string]>([
    ["open", [], "open 6"],
    ["closing", ["close"], "closing 6"],
    ["close", ["drop"], "close 6"],
    ["terminated", ["drop"], "terminated 6"],
  ])("%s with a runner that runs: %j, and says %s", (status, orders, next) => {
    const list = holding();
    expect(whats(list.merge([listed(status, 6n)], true))).toEqual(orders);
    expect(said(list)).toEqual([next]);
  });

  test.each<[RunnerEnd, Status, readonly Order["what"][], string]>([
    ["finished", "open", [], "terminated 7"],
    ["finished", "closing", [], "terminated 7"],
    ["finished", "close", [], "close 6"],
    ["finished", "terminated", [], "terminated 6"],
    ["closed", "open", ["start"], "open 6"],
    ["closed", "closing", [], "close 7"],
    ["closed", "close", [], "close 6"],
    ["failed", "open", ["start"], "open 6"],
    ["failed", "closing", [], "close 7"],
    ["failed", "close", [], "close 6"],
  ])("behind a runner that %s, a reply %s of the version just reported counts: %j, and says %s", (end, status, orders, next) => {
    const list = holding(end);
    expect(whats(list.merge([listed(status, 6n)], true))).toEqual(orders);
    expect(said(list)).toEqual([next]);
  });

  test.each<[RunnerEnd, string]>([
    ["finished", "terminated 6"],
    ["closed", "close 6"],
    ["failed", "close 6"],
  ])("a runner that %s is reported with the next version: %s", (end, next) => {
    expect(said(holding(end))).toEqual([next]);
  });
});

describe("merging a reply", () => {
  test("keeps what we said with a higher version than the reply's", () => {
    const list = holding("closed");
    expect(list.merge([listed("open", 5n)], true)).toEqual([]);
    expect(said(list)).toEqual(["close 6"]);
  });

  test("drops a runner whose channel is not listed, and forgets the channel", () => {
    const list = holding();
    expect(whats(list.merge([], true))).toEqual(["drop"]);
    expect(list.told()).toEqual([]);
    list.ended("c", "finished");
    expect(list.told()).toEqual([]);
  });

  test("starts anew what comes again after it was reported closed", () => {
    const list = holding("closed");
    expect(whats(list.merge([listed("open", 7n)], true))).toEqual(["start"]);
  });

  test("counts a report once, and hears nothing of a runner that does not run", () => {
    const list = holding("closed");
    list.ended("c", "finished");
    list.ended("other", "closed");
    expect([said(list), list.reports]).toEqual([["close 6"], 1]);
  });

  test("starts nothing where nothing is accepted any more, and says nothing of it", () => {
    const list = new ChannelList();
    expect(list.merge([listed("open", 1n)], false)).toEqual([]);
    expect(list.reports).toBe(0);
  });

  test("takes time in proportion to the channels: ten thousand in the blink of an eye", () => {
    const list = new ChannelList();
    const reply = Array.from({ length: 10_000 }, (_, i) => listed("open", 1n, `c${i}`));
    const began = performance.now();
    for (let i = 0; i < 5; i++) list.merge(reply, true);
    list.merge([], true);
    // Quadratic, it would take minutes.
    expect(performance.now() - began).toBeLessThan(2000);
  });
});
