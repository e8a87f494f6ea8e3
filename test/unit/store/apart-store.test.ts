import { mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, afterEach, describe, expect, it, vi } from "vitest";
import { ApartStore } from "../../../src/store/apart-store.ts";
import { LevelStore } from "../../../src/store/level-store.ts";
import type { Entry, OrderedStore, StoreChange } from "../../../src/store/ordered-store.ts";
import { ValueFile } from "../../../src/store/value-file.ts";
import { orderedStoreContract } from "./ordered-store-contract.ts";

const folders: string[] = [];
async function freshFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "tableferry-apart-"));
  folders.push(folder);
  return folder;
}
afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))));

orderedStoreContract("store with large values apart", async () => ApartStore.open(await freshFolder()));

const LARGE = 40_000;
const change = (name: string) => Buffer.from(`\x20${name}`);
const put = (name: string, fill: string, length = LARGE): StoreChange => ({
  type: "put",
  key: change(name),
  value: Buffer.alloc(length, fill),
});
const del = (name: string): StoreChange => ({ type: "del", key: change(name) });
const changes = { from: Buffer.of(0x20), to: Buffer.of(0x21) };
const sync = { sync: true };

const describeEntry = ({ key, value }: Entry) =>
  `${Buffer.from(key).toString().slice(1)}: ${value.length} x ${String.fromCharCode(value[0]!)}`;

async function listing(store: OrderedStore, reverse = false): Promise<string[]> {
  const cursor = store.entries({ ...changes, reverse });
  const entries: Entry[] = [];
  try {
    for (let page = await cursor.next(100); page.length > 0; page = await cursor.next(100)) entries.push(...page);
  } finally {
    await cursor.close();
  }
  return entries.map(describeEntry);
}

const valueFiles = async (folder: string) => (await readdir(folder)).filter((name) => name.startsWith("values-")).sort();

/** A store that is closed after its test. */
const opened: ApartStore[] = [];
async function open(folder: string): Promise<ApartStore> {
  const store = await ApartStore.open(folder);
  opened.push(store);
  return store;
}
afterEach(async () => {
  for (const store of opened.splice(0)) await store.close();
  vi.restoreAllMocks();
});

describe("large values of the change log", () => {
  it("stand in a file of their own and are read like any other, both ways, one by one, and after a restart", async () => {
    const folder = await freshFolder();
    const before = await open(folder);
    await before.write([put("a", "1"), put("b", "2", 100), put("c", "3", 600_000)], sync);
    await before.close();
    expect(await valueFiles(folder)).toEqual(["values-1"]);
    const store = await open(folder);
    expect(await listing(store)).toEqual(["a: 40000 x 1", "b: 100 x 2", "c: 600000 x 3"]);
    expect(await listing(store, true)).toEqual(["c: 600000 x 3", "b: 100 x 2", "a: 40000 x 1"]);
    expect(Buffer.from(store.get(change("a"))!)).toEqual(Buffer.alloc(LARGE, "1"));
    const values = store.values(changes);
    expect((await values.next(10)).map((value) => value.length)).toEqual([LARGE, 100, 600_000]);
    await values.close();
  });

  it("are not merged: LevelDB has but a pointer", async () => {
    const folder = await freshFolder();
    const store = await open(folder);
    await store.write([put("a", "1")], sync);
    await store.close();
    const level = await LevelStore.open(folder);
    expect(level.get(change("a"))).toHaveLength(17);
    await level.close();
  });

  it("stay in LevelDB where they are rows, whatever their length", async () => {
    const folder = await freshFolder();
    const store = await open(folder);
    await store.write([{ type: "put", key: Buffer.of(0x10, 1), value: Buffer.alloc(LARGE) }], sync);
    expect(await valueFiles(folder)).toEqual([]);
  });

  it("a short value that looks like a pointer is not taken for one", async () => {
    const store = await open(await freshFolder());
    const value = Buffer.alloc(17, 5);
    await store.write([{ type: "put", key: change("a"), value }], sync);
    expect(Buffer.from(store.get(change("a"))!)).toEqual(value);
  });

  it("read as a map would, whatever is written, removed and opened again", async () => {
    const names = ["a", "b", "c", "d", "e"] as const;
    const step = fc.oneof(
      {
        weight: 6,
        arbitrary: fc.record({
          name: fc.constantFrom(...names),
          length: fc.constantFrom(0, 1, 32_767, 32_768, 50_000, 300_000),
          fill: fc.integer({ min: 0, max: 255 }),
        }),
      },
      { weight: 3, arbitrary: fc.record({ name: fc.constantFrom(...names) }) },
      { weight: 1, arbitrary: fc.constant("reopen" as const) },
      { weight: 1, arbitrary: fc.constant("reclaim" as const) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
        const folder = await freshFolder();
        let store = await ApartStore.open(folder);
        const expected = new Map<string, Buffer>();
        for (const what of steps) {
          if (what === "reclaim") await store.reclaim();
          else if (what === "reopen") {
            await store.close();
            store = await ApartStore.open(folder);
          } else if ("length" in what) {
            const value = Buffer.alloc(what.length, what.fill);
            await store.write([{ type: "put", key: change(what.name), value }], { sync: what.fill % 2 === 0 });
            expected.set(what.name, value);
          } else {
            await store.write([del(what.name)], { sync: false });
            expected.delete(what.name);
          }
        }
        for (const name of names) expect(store.get(change(name)) ?? "none").toEqual(expected.get(name) ?? "none");
        expect(await listing(store)).toEqual(
          [...expected].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, value]) => describeEntry({ key: change(name), value })),
        );
        await store.close();
      }),
      { numRuns: 60 },
    );
  });

  it("are flushed before the pointer to them is written", async () => {
    const store = await open(await freshFolder());
    const order: string[] = [];
    const { append } = ValueFile.prototype;
    vi.spyOn(ValueFile.prototype, "append").mockImplementation(async function (this: ValueFile, pieces) {
      await append.call(this, pieces);
      order.push(store.get(change("a")) === undefined ? "flushed before" : "flushed behind");
    });
    await store.write([put("a", "1")], { sync: false });
    expect(order).toEqual(["flushed before"]);
  });

  it("are flushed together where several batches have some, and hold up no batch staged before them", async () => {
    const store = await open(await freshFolder());
    const [first, second] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const begun = Promise.withResolvers<void>();
    const { append } = ValueFile.prototype;
    const pieces: number[] = [];
    vi.spyOn(ValueFile.prototype, "append").mockImplementation(async function (this: ValueFile, given) {
      begun.resolve();
      await (pieces.push(given.length) === 1 ? first : second).promise;
      await append.call(this, given);
    });
    const stagedBatch = (name: string) => {
      const batch = store.batch(sync);
      batch.add([put(name, "1")]);
      return { batch, staged: batch.stage!() };
    };
    const before = stagedBatch("a");
    await begun.promise;
    const behind = [stagedBatch("b"), stagedBatch("c")];
    first.resolve();
    await before.batch.write();
    second.resolve();
    for (const { batch, staged } of behind) {
      await staged;
      await batch.write();
    }
    expect(pieces).toEqual([2, 4]);
    expect(await listing(store)).toHaveLength(3);
  });

  it("refuse the write where they cannot be written, and every later one of theirs", async () => {
    const folder = await freshFolder();
    await mkdir(join(folder, "values-1"));
    const store = await open(folder);
    await rm(join(folder, "values-1"), { recursive: true });
    await mkdir(join(folder, "values-2"));
    await expect(store.write([put("a", "1"), { type: "put", key: Buffer.of(0x10), value: Buffer.of(1) }], sync)).rejects.toMatchObject({
      code: "TF_STORE_UNWRITABLE",
    });
    await expect(store.write([put("b", "1")], sync)).rejects.toMatchObject({ code: "TF_STORE_UNWRITABLE" });
    expect(store.get(change("a"))).toBeUndefined();
    expect(store.get(Buffer.of(0x10))).toBeUndefined();
  });

  it.each(["changed", "cut off"])("are refused where the file was %s, each for itself", async (how) => {
    const folder = await freshFolder();
    const store = await open(folder);
    await store.write([put("a", "1"), put("b", "2")], sync);
    const path = join(folder, "values-1");
    const bytes = await readFile(path);
    bytes[bytes.length - 10]! ^= 1;
    await (how === "changed" ? writeFile(path, bytes) : truncate(path, bytes.length - 1));
    expect(store.get(change("a"))).toHaveLength(LARGE);
    expect(() => store.get(change("b"))).toThrow(expect.objectContaining({ code: "TF_STORE_CORRUPT", place: path }));
    await expect(listing(store)).rejects.toMatchObject({ code: "TF_STORE_CORRUPT", place: path });
  });

  it("are missed where their file is gone", async () => {
    const folder = await freshFolder();
    const store = await open(folder);
    await store.write([put("a", "1")], sync);
    await rm(join(folder, "values-1"));
    expect(() => store.get(change("a"))).toThrow(expect.objectContaining({ code: "TF_STORE_CORRUPT" }));
    await expect(listing(store)).rejects.toMatchObject({ code: "TF_STORE_CORRUPT" });
  });
});

describe("files of large values", () => {
  /** Each is complete once the store was opened again. */
  async function files(...contents: (readonly StoreChange[])[]): Promise<{ readonly folder: string; readonly store: ApartStore }> {
    const folder = await freshFolder();
    for (const content of contents) {
      const store = await ApartStore.open(folder);
      await store.write(content, sync);
      await store.close();
    }
    return { folder, store: await open(folder) };
  }

  it("go when the last value in them is removed, not before", async () => {
    const { folder, store } = await files([put("a", "1"), put("b", "1")], [put("c", "1")]);
    await store.write([del("a"), del("c")], { sync: false });
    await store.reclaim();
    expect(await valueFiles(folder)).toEqual(["values-1"]);
    await store.write([del("b")], { sync: false });
    await store.reclaim();
    expect(await valueFiles(folder)).toEqual([]);
  });

  it("go by themselves soon after", async () => {
    const { folder, store } = await files([put("a", "1")]);
    await store.write([del("a")], { sync: false });
    await expect.poll(() => valueFiles(folder), { timeout: 10_000 }).toEqual([]);
  });

  it("stay while somebody reads who began before that", async () => {
    const { folder, store } = await files([put("a", "1"), put("b", "2")]);
    const cursor = store.entries(changes);
    const snapshot = store.snapshot();
    await store.write([del("a"), del("b")], { sync: false });
    const reclaimed = store.reclaim();
    expect((await cursor.next(10)).map(describeEntry)).toEqual(["a: 40000 x 1", "b: 40000 x 2"]);
    await cursor.close();
    const late = store.entries(changes, snapshot);
    expect((await late.next(1)).map(describeEntry)).toEqual(["a: 40000 x 1"]);
    await late.close();
    expect(await valueFiles(folder)).toEqual(["values-1"]);
    await snapshot.close();
    await reclaimed;
    expect(await valueFiles(folder)).toEqual([]);
  });

  it("stay while a batch with a value in them is not written yet", async () => {
    const { folder, store } = await files([put("old", "1")]);
    const batch = store.batch(sync);
    batch.add([put("a", "1", 65 * 1024 * 1024)]);
    await store.write([del("old"), put("b", "2")], sync);
    await store.reclaim();
    expect(await valueFiles(folder)).toEqual(["values-2", "values-3"]);
    await batch.write();
    expect(store.get(change("a"))).toHaveLength(65 * 1024 * 1024);
  });

  it("go in spite of what a crash left at their end", async () => {
    const { folder, store } = await files([put("a", "1"), put("b", "1")]);
    const path = join(folder, "values-1");
    await truncate(path, (await readFile(path)).length - 20_000);
    await store.write([del("a"), del("b")], { sync: false });
    await store.reclaim();
    expect(await valueFiles(folder)).toEqual([]);
  });

  it("stay where they are damaged in the middle: what is behind that may be needed", async () => {
    const { folder, store } = await files([put("a", "1"), put("b", "2"), put("c", "3")]);
    const path = join(folder, "values-1");
    const bytes = await readFile(path);
    bytes[bytes.indexOf("TFVF", 100) + 5]! ^= 1;
    await writeFile(path, bytes);
    await store.write([del("a"), del("b")], { sync: false });
    await store.reclaim();
    expect(await valueFiles(folder)).toEqual(["values-1"]);
    expect(store.get(change("c"))).toHaveLength(LARGE);
  });

  it("are closed behind writes in flight, and removed no more once the store closes", async () => {
    const folder = await freshFolder();
    const store = await open(folder);
    const write = store.write([put("a", "1", 1 << 20)], sync);
    const cursor = store.entries(changes);
    await Promise.all([store.close(), write]);
    await cursor.close();
    expect((await open(folder)).get(change("a"))).toHaveLength(1 << 20);
  });
});
