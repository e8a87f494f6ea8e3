import { afterEach, expect, it } from "vitest";
import { VirtualClock } from "../../../src/base/virtual-clock.ts";
import { defaultTableOptions } from "../../../src/model/schema.ts";
import { MemoryStore } from "../../../src/store/memory-store.ts";
import { TableStore } from "../../../src/store/table-store.ts";
import type { ChannelRecord, TunnelRecord } from "../../../src/store/tunnel-records.ts";

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0)) await clean();
});

/** A store that is still there when the table store over it has been closed. */
class KeptStore extends MemoryStore {
  override async close(): Promise<void> {}
}

const tunnelOf = (tableId: number, id: string, createdAt = 0): TunnelRecord => ({ id, tableId, name: id, type: "Stream", createdAt });
const channelOf = (number: number, checkpoint = ""): ChannelRecord => ({
  id: `c${number}`,
  number,
  version: 0,
  status: "wait",
  suspended: false,
  checkpoint,
  sequence: 0,
  position: 0,
  count: 0,
});
const only = (...channels: readonly ChannelRecord[]) => ({ channels, forgotten: [], clients: [], gone: [] });

async function open(disk = new KeptStore()) {
  const store = await TableStore.open(disk, { clock: new VirtualClock() });
  cleanups.push(() => store.close());
  await store.catalogue.createInstance("first");
  const createTable = (name: string) =>
    store.catalogue.createTable("first", {
      name,
      key: [{ name: "pk", type: "string" }],
      definedColumns: [],
      options: defaultTableOptions,
      stream: { enabled: false },
      localTransactions: false,
      reserved: { read: 0, write: 0 },
      indexes: [],
    });
  return { disk, store, records: store.tunnelRecords, createTable };
}

it("loads what was saved, newest of each, in order of creation", async () => {
  const { disk, records } = await open();
  const [late, early] = [tunnelOf(1, "a", 2), tunnelOf(1, "b", 1)];
  await records.save(late, { record: late, ...only(channelOf(10), channelOf(9)) });
  await records.save(early, { record: early, ...only() });
  await records.save(late, only(channelOf(10, "moved")));
  const loaded = await (await open(disk)).records.load();
  expect(loaded).toEqual([
    { record: early, channels: [], clients: [] },
    { record: late, channels: [channelOf(9), channelOf(10, "moved")], clients: [] },
  ]);
});

it("keeps clients until they are gone", async () => {
  const { disk, records } = await open();
  const tunnel = tunnelOf(1, "one");
  const client = (id: string) => ({ id, timeoutMs: 15_000 });
  await records.save(tunnel, { ...only(), record: tunnel, clients: [client("a"), client("b")] });
  await records.save(tunnel, { ...only(), clients: [client("c")], gone: ["a", "c"] });
  expect((await (await open(disk)).records.load())[0]!.clients).toEqual([client("b")]);
});

it("keeps the channels of tunnels apart, and nothing of what was forgotten or removed", async () => {
  const { records } = await open();
  const [one, two] = [tunnelOf(1, "one"), tunnelOf(1, "two")];
  for (const tunnel of [one, two]) await records.save(tunnel, { record: tunnel, ...only(channelOf(1), channelOf(2)) });
  await records.save(one, { ...only(), forgotten: ["c1"] });
  await records.save(two, { ...only(), clients: [{ id: "a", timeoutMs: 1 }] });
  await records.remove(two, ["c1", "c2"], ["a"]);
  expect(await records.load()).toEqual([{ record: one, channels: [channelOf(2)], clients: [] }]);
  await records.save(two, { record: two, ...only() });
  expect((await records.load())[1]).toEqual({ record: two, channels: [], clients: [] });
});

it("are removed with the rows of a table that is dropped, those of others are not", async () => {
  const { disk, store, records, createTable } = await open();
  const [dropped, kept] = [await createTable("dropped"), await createTable("kept")];
  for (const { id } of [dropped, kept]) {
    const tunnel = tunnelOf(id, `t${id}`);
    await records.save(tunnel, { record: tunnel, ...only(channelOf(1)) });
  }
  await store.deleteTable("first", "dropped");
  await store.close();
  expect((await (await open(disk)).records.load()).map(({ record }) => record.tableId)).toEqual([kept.id]);
});
