import { createHash } from "node:crypto";
import { mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { seededChance } from "../../../src/base/chance.ts";
import { ApartStore } from "../../../src/store/apart-store.ts";
import { MemoryStore } from "../../../src/store/memory-store.ts";
import type { OrderedStore, StoreChange } from "../../../src/store/ordered-store.ts";
import { restoreSnapshot, writeSnapshot } from "../../../src/store/snapshot-file.ts";
import { openStoreFolder } from "../../../src/store/store-folder.ts";

const chance = seededChance(5);

async function place(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "tableferry-snapshot-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

async function filled(store: OrderedStore, entries: number): Promise<OrderedStore> {
  const changes = Array.from({ length: entries }, (): StoreChange => {
    const key = Buffer.concat([Buffer.of(0x10), chance.bytes(12)]);
    return { type: "put", key, value: chance.bytes(Math.floor(chance.next() * 3000)) };
  });
  await store.write([...changes, { type: "put", key: Buffer.from([0xfe]), value: new Uint8Array(0) }], { sync: true });
  return store;
}

async function contents(store: OrderedStore): Promise<string> {
  const digest = createHash("sha256");
  const cursor = store.entries({ from: Buffer.of(0), to: Buffer.of(0xff) });
  for (let page = await cursor.next(100); page.length > 0; page = await cursor.next(100)) {
    for (const { key, value } of page) digest.update(`${Buffer.from(key).toString("hex")}=${Buffer.from(value).toString("hex")};`);
  }
  await cursor.close();
  return digest.digest("hex");
}

describe("a snapshot", () => {
  test("restores every entry, between memory and disk both ways", async () => {
    const folder = await place();
    const source = await filled(new MemoryStore(), 3000);
    const written = await writeSnapshot(source, join(folder, "a"));
    expect(written).toEqual({ entries: 3001, bytes: (await readFile(join(folder, "a"))).length });
    const disk = await ApartStore.open(join(folder, "level"));
    expect(await restoreSnapshot(disk, join(folder, "a"))).toEqual(written);
    expect(await contents(disk)).toBe(await contents(source));
    await writeSnapshot(disk, join(folder, "b"));
    await disk.close();
    expect((await readFile(join(folder, "b"))).equals(await readFile(join(folder, "a")))).toBe(true);
  });

  test("leaves out who was connected to a tunnel: clients know the store it was taken of, not the one it fills", async () => {
    const path = join(await place(), "a");
    const source = await filled(new MemoryStore(), 1);
    await source.write([{ type: "put", key: Buffer.from([0x32, 1]), value: Buffer.from("a client") }], { sync: true });
    expect(await writeSnapshot(source, path)).toMatchObject({ entries: 2 });
    const target = new MemoryStore();
    await restoreSnapshot(target, path);
    expect(target.get(Buffer.from([0x32, 1]))).toBeUndefined();
  });

  test("of an empty store restores an empty store", async () => {
    const path = join(await place(), "a");
    await writeSnapshot(new MemoryStore(), path);
    const target = new MemoryStore();
    expect(await restoreSnapshot(target, path)).toMatchObject({ entries: 0 });
    await filled(target, 1);
  });

  test("shows the moment it was begun, whatever is written meanwhile", async () => {
    const path = join(await place(), "a");
    const source = await filled(new MemoryStore(), 2000);
    const before = await contents(source);
    const writing = writeSnapshot(source, path);
    await filled(source, 2000);
    await writing;
    const target = new MemoryStore();
    await restoreSnapshot(target, path);
    expect(await contents(target)).toBe(before);
  });

  test("is refused when any byte is changed, missing or added, and nothing is restored", async () => {
    const folder = await place();
    const path = join(folder, "a");
    await writeSnapshot(await filled(new MemoryStore(), 3), path);
    const whole = await readFile(path);
    const broken = Array.from(whole.keys(), (at) => {
      const bytes = Buffer.from(whole);
      bytes[at]! ^= 0x21;
      return bytes;
    }).filter((_, at) => at < 40 || at % 97 === 0 || at > whole.length - 50);
    broken.push(...[0, 5, 9, 20, whole.length - 1].map((length) => whole.subarray(0, length)), Buffer.concat([whole, Buffer.of(0)]));
    for (const bytes of broken) {
      await writeFile(path, bytes);
      const target = new MemoryStore();
      await expect(restoreSnapshot(target, path)).rejects.toMatchObject({
        code: expect.stringMatching(/^TF_SNAPSHOT_(CORRUPT|NEWER)$/),
        place: path,
      });
      expect(await contents(target)).toBe(await contents(new MemoryStore()));
    }
  });

  test.each([6, 8])("of a newer version is refused as such (byte %i)", async (at) => {
    const path = join(await place(), "a");
    await writeSnapshot(new MemoryStore(), path);
    const bytes = await readFile(path);
    bytes[at]!++;
    await writeFile(path, bytes);
    await expect(restoreSnapshot(new MemoryStore(), path)).rejects.toMatchObject({ code: "TF_SNAPSHOT_NEWER" });
  });

  test("is restored only into an empty store", async () => {
    const path = join(await place(), "a");
    const store = await filled(new MemoryStore(), 1);
    await writeSnapshot(store, path);
    await expect(restoreSnapshot(store, path)).rejects.toMatchObject({ code: "TF_STORE_NOT_EMPTY" });
  });

  test("that cannot be read or written is said so, and leaves no piece behind", async () => {
    const folder = await place();
    await expect(restoreSnapshot(new MemoryStore(), join(folder, "none"))).rejects.toMatchObject({
      code: "TF_IO",
      place: join(folder, "none"),
    });
    await expect(writeSnapshot(new MemoryStore(), join(folder, "none", "a"))).rejects.toMatchObject({ code: "TF_IO" });
    await expect(writeSnapshot(new MemoryStore(), folder)).rejects.toMatchObject({ code: "TF_IO" });
    expect(await readdir(folder)).toEqual([]);
  });

  test("half restored when the power went is a folder that is refused", async () => {
    const folder = await place();
    const path = join(folder, "a");
    await writeSnapshot(await filled(new MemoryStore(), 2000), path);
    const { store } = await openStoreFolder(join(folder, "store"), chance);
    let writes = 0;
    const dying: OrderedStore = Object.create(store, {
      write: {
        value: (changes: readonly StoreChange[], options: { readonly sync: boolean }) =>
          ++writes > 2 ? Promise.reject(new Error("power")) : store.write(changes, options),
      },
      entries: { value: store.entries.bind(store) },
    });
    await expect(restoreSnapshot(dying, path)).rejects.toThrow("power");
    await store.close();
    await expect(openStoreFolder(join(folder, "store"), chance)).rejects.toMatchObject({
      code: "TF_STORE_CORRUPT",
      wayOut: "Delete the folder and restore the snapshot again.",
    });
  });
});
