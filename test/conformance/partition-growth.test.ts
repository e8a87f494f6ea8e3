import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { VirtualClock } from "../../src/base/virtual-clock.ts";
import { seededChance } from "../../src/base/chance.ts";
import { openEmbeddedServer } from "../../src/server/embedded-server.ts";
import { decodeRealKey } from "../../src/wire/plainbuffer/decode.ts";
import { Caller } from "./caller.ts";
import { oneKey } from "./stream-of.ts";
import { TunnelCaller } from "./tunnel-caller.ts";

const BYTES_MAX = 50_000;
const ROWS = 400;

/** Waits for what the server does in the background. */
async function until(condition: () => Promise<boolean>): Promise<void> {
  for (let turns = 0; !(await condition()); turns++) {
    expect(turns, "it does not come about").toBeLessThan(10_000);
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
}

describe.each(["memory", "disk"])("a table that is loaded (%s)", (kind) => {
  const open = async () => {
    const clock = new VirtualClock();
    const folder = await mkdtemp(join(tmpdir(), "tableferry-growth-"));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const dataDir = kind === "disk" ? join(folder, "store") : undefined;
    const server = await openEmbeddedServer({ dataDir, clock, http: false, instances: ["first"], partitionBytesMax: BYTES_MAX });
    onTestFinished(() => server.close());
    const caller = new Caller(server.handler, clock, server.rootKey, "first");
    await caller.createTable("t", oneKey);
    const chance = seededChance(3);
    const keys = Array.from({ length: ROWS }, () => Buffer.from(chance.bytes(6)).toString("hex"));
    const load = async (round: number) => {
      for (let from = 0; from < ROWS; from += 40) {
        await caller.writeBatch(
          "t",
          keys.slice(from, from + 40).map((pk) => ({ key: { pk }, cells: { round: BigInt(round), filler: "x".repeat(500) } })),
        );
      }
    };
    const partitions = async () => (await caller.call("DescribeTable", { tableName: "t" })).shardSplits.length + 1;
    return { server, caller, keys, load, partitions };
  };

  it("splits by itself until no partition is beyond what it was told", async () => {
    const { caller, keys, load } = await open();
    await load(1);
    const rowsOfEach = async () => {
      const { shardSplits } = await caller.call("DescribeTable", { tableName: "t" });
      const cuts = shardSplits.map((cut) => String(decodeRealKey(cut)[0]!.value));
      return ["", ...cuts].map((from, i) => keys.filter((key) => key >= from && (i === cuts.length || key < cuts[i]!)).length);
    };
    // A row is stored in more than the 500 bytes of its longest cell.
    await until(async () => (await rowsOfEach()).every((rows) => rows * 500 <= BYTES_MAX));
    expect(Math.min(...(await rowsOfEach()))).toBeGreaterThan(BYTES_MAX / 500 / 8);
  });

  it("has a tunnel whose channels follow: every change once, those of a key in order", async () => {
    const { caller, keys, load, partitions } = await open();
    const tunnel = await TunnelCaller.create(caller, "Stream");
    const clientId = await tunnel.connect();
    const seen = new Map<string, string[]>();
    const follow = async (channelId: string) => {
      const { checkpoint, sequenceNumber } = await tunnel.getCheckpoint(clientId, channelId);
      const { said, token } = await tunnel.drain(clientId, channelId);
      for (const text of said) {
        const [, key = "", , round = ""] = text.split(" ");
        seen.set(key, [...(seen.get(key) ?? []), round]);
      }
      if (token !== checkpoint) await tunnel.checkpoint(clientId, channelId, token, sequenceNumber + 1n);
      if (token === "finished") await tunnel.report(clientId, channelId, "terminated");
    };
    const followAll = async () => {
      for (const { channelId, status } of await tunnel.beat(clientId)) if (status === "open") await follow(channelId);
    };
    await load(1);
    await followAll();
    await until(async () => (await partitions()) >= 5);
    await load(2);
    const told = () => [...seen.values()].reduce((sum, rounds) => sum + rounds.length, 0);
    for (let beats = 0; told() < 2 * ROWS; beats++) {
      expect(beats, "it does not come to the end").toBeLessThan(100);
      await followAll();
    }
    expect([...seen.keys()].toSorted()).toEqual(keys.toSorted());
    expect(new Set([...seen.values()].map((rounds) => rounds.join(" ")))).toEqual(new Set(["round=1 round=2"]));
  });
});
