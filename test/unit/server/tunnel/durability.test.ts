import { afterEach, describe, expect, it } from "vitest";
import { seededChance } from "../../../../src/base/chance.ts";
import { VirtualClock } from "../../../../src/base/virtual-clock.ts";
import { AccessKeys } from "../../../../src/server/access-keys.ts";
import { InstancePolicies } from "../../../../src/server/instance-policies.ts";
import { createServer } from "../../../../src/server/server.ts";
import { Tunnels } from "../../../../src/server/tunnel/tunnels.ts";
import { MemoryStore } from "../../../../src/store/memory-store.ts";
import type { StoreChange } from "../../../../src/store/ordered-store.ts";
import { TableStore } from "../../../../src/store/table-store.ts";
import { Caller } from "../../../conformance/caller.ts";
import { oneKey, recordText } from "../../../conformance/stream-of.ts";
import { named, TunnelCaller } from "../../../conformance/tunnel-caller.ts";

/** A store whose disk takes as long as the test wants. */
class SlowStore extends MemoryStore {
  #held: Promise<void> = Promise.resolve();
  #release: () => void = () => undefined;

  override async write(changes: readonly StoreChange[]): Promise<void> {
    await this.#held;
    await super.write(changes);
  }

  hold(): void {
    this.#held = new Promise((resolve) => (this.#release = resolve));
  }

  release(): void {
    this.#release();
  }
}

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0)) await clean();
});

async function openSlow() {
  const disk = new SlowStore();
  const clock = new VirtualClock();
  const chance = seededChance(1);
  const store = await TableStore.open(disk, { clock });
  cleanups.push(() => store.close());
  await store.catalogue.createInstance("first");
  const key = { id: "id", secret: "secret" };
  const tunnels = await Tunnels.open({ store, streams: store.streams, clock, chance });
  const caller = new Caller(
    createServer({ store, tunnels, keys: new AccessKeys([key]), policies: new InstancePolicies(store.catalogue), clock, chance }),
    clock,
    key,
    "first",
  );
  await caller.createTable("t", oneKey);
  return { disk, caller, clock, store };
}

/** Whether a call is answered while the disk stands still; it is awaited when the disk goes on. */
async function answeredBeforeDisk(disk: SlowStore, ...calls: readonly (() => Promise<unknown>)[]): Promise<boolean[]> {
  disk.hold();
  const answered = calls.map(() => false);
  const running = calls.map((call, i) => call().then(() => (answered[i] = true)));
  for (let turn = 0; turn < 20; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
  const before = [...answered];
  disk.release();
  await Promise.all(running);
  return before;
}

describe("nothing is acknowledged before the disk has it", () => {
  it("neither a tunnel made nor a tunnel deleted", async () => {
    const { disk, caller } = await openSlow();
    expect(await answeredBeforeDisk(disk, () => TunnelCaller.create(caller, "BaseData"))).toEqual([false]);
    expect(await answeredBeforeDisk(disk, () => caller.call("tunnel/delete", named))).toEqual([false]);
  });

  it("nor who holds a channel, nor that it is done with", async () => {
    const { disk, caller } = await openSlow();
    const tunnel = await TunnelCaller.create(caller, "BaseData");
    const clientId = await tunnel.connect();
    expect(await answeredBeforeDisk(disk, () => tunnel.beat(clientId))).toEqual([false]);
    const terminated = [{ channelId: "BaseData_0", version: 2n, status: "terminated" as const }];
    expect(await answeredBeforeDisk(disk, () => tunnel.beat(clientId, terminated))).toEqual([false]);
  });

  it("nor a checkpoint, to whoever asks for it", async () => {
    const { disk, caller } = await openSlow();
    const tunnel = await TunnelCaller.create(caller, "Stream");
    const { clientId, channelIds } = await tunnel.join();
    const { checkpoint } = await tunnel.getCheckpoint(clientId, channelIds[0]!);
    const calls = [
      () => tunnel.checkpoint(clientId, channelIds[0]!, checkpoint, 1n),
      () => tunnel.getCheckpoint(clientId, channelIds[0]!),
      () => tunnel.describe(),
    ];
    expect(await answeredBeforeDisk(disk, ...calls)).toEqual([false, false, false]);
  });

  it("nor the end of a tunnel, while a change from before it is under way", async () => {
    const { disk, caller, clock } = await openSlow();
    const tunnel = await TunnelCaller.create(caller, "Stream", { endOffset: BigInt(clock.now() + 1000) * 1_000_000n });
    const { clientId, channelIds } = await tunnel.join();
    const { checkpoint } = await tunnel.getCheckpoint(clientId, channelIds[0]!);
    disk.hold();
    const written = caller.put("t", { pk: "late" }, {});
    await clock.advance(1000);
    const read = tunnel.read(clientId, channelIds[0]!, checkpoint);
    for (let turn = 0; turn < 20; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
    disk.release();
    const { records, nextToken } = await read;
    expect([records.map(recordText), nextToken]).toEqual([["put late"], "finished"]);
    await written;
  });

  it("but a heartbeat that changes nothing waits for nothing", async () => {
    const { disk, caller } = await openSlow();
    const tunnel = await TunnelCaller.create(caller, "BaseData");
    const { clientId } = await tunnel.join();
    expect(await answeredBeforeDisk(disk, () => tunnel.beat(clientId))).toEqual([true]);
  });
});

it("a table deleted while a tunnel is made for it has none, and none comes back", async () => {
  const { disk, caller, store } = await openSlow();
  disk.hold();
  const made = TunnelCaller.create(caller, "BaseAndStream");
  const deleted = caller.call("DeleteTable", { tableName: "t" });
  for (let turn = 0; turn < 20; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
  disk.release();
  await deleted;
  await expect(made).rejects.toThrow();
  expect((await caller.call("tunnel/list", {})).tunnels).toEqual([]);
  await store.tunnelRecords.settled();
  expect(await store.tunnelRecords.load()).toEqual([]);
});
