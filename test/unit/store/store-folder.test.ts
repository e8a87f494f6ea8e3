import { cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { seededChance } from "../../../src/base/chance.ts";
import { MemoryStore } from "../../../src/store/memory-store.ts";
import type { OrderedStore } from "../../../src/store/ordered-store.ts";
import { restoreSnapshot, writeSnapshot } from "../../../src/store/snapshot-file.ts";
import { openStoreFolder } from "../../../src/store/store-folder.ts";

const chance = seededChance(7);
const key = Buffer.from("x");

async function place(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "tableferry-folder-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

async function write(store: OrderedStore, text: string): Promise<void> {
  await store.write([{ type: "put", key, value: Buffer.from(text) }], { sync: true });
}

/** What the folder's store holds when it is opened now, and what folders of entries there are then. */
async function opened(folder: string): Promise<{ readonly holds: string; readonly storeId: string; readonly levels: readonly string[] }> {
  const { store, storeId } = await openStoreFolder(folder, chance);
  const holds = Buffer.from(store.get(key) ?? []).toString();
  await store.close();
  return { holds, storeId, levels: (await readdir(folder)).filter((name) => name.startsWith("level")) };
}

describe("a store put in the place of a folder's", () => {
  test("is the old one or the new one, at whatever moment the power goes", async () => {
    const base = await place();
    const folder = join(base, "store");
    const snapshot = join(base, "snapshot");
    const source = new MemoryStore();
    await write(source, "new");
    await writeSnapshot(source, snapshot);
    const { store, storeId, beside } = await openStoreFolder(folder, chance);
    await write(store, "old");
    const copies: string[] = [];
    const powerGoes = async (when: string): Promise<void> => {
      await cp(folder, join(base, when), { recursive: true });
      copies.push(when);
    };
    const fresh = await beside();
    await powerGoes("made");
    await fresh.store.write([{ type: "put", key: Buffer.of(0x06), value: Buffer.alloc(0) }], { sync: true });
    await powerGoes("being filled");
    await fresh.store.write([{ type: "del", key: Buffer.of(0x06) }], { sync: true });
    await restoreSnapshot(fresh.store, snapshot);
    await powerGoes("filled");
    const removeOld = await fresh.adopt();
    await powerGoes("adopted");
    await store.close();
    await powerGoes("the old one closed");
    await removeOld();
    await powerGoes("the old one removed");
    await fresh.store.close();
    const found = await Promise.all(copies.map(async (when) => ({ when, ...(await opened(join(base, when))) })));
    expect(found).toEqual([
      { when: "made", holds: "old", storeId, levels: ["level"] },
      { when: "being filled", holds: "old", storeId, levels: ["level"] },
      { when: "filled", holds: "old", storeId, levels: ["level"] },
      { when: "adopted", holds: "new", storeId, levels: ["level-2"] },
      { when: "the old one closed", holds: "new", storeId, levels: ["level-2"] },
      { when: "the old one removed", holds: "new", storeId, levels: ["level-2"] },
    ]);
  });

  test("is discarded without a trace", async () => {
    const folder = join(await place(), "store");
    const { store, storeId, beside } = await openStoreFolder(folder, chance);
    await write(store, "old");
    const fresh = await beside();
    await write(fresh.store, "new");
    await fresh.store.close();
    await fresh.discard();
    await store.close();
    expect(await opened(folder)).toEqual({ holds: "old", storeId, levels: ["level"] });
  });

  test("keeps other processes out, before and after", async () => {
    const folder = join(await place(), "store");
    const { store, beside } = await openStoreFolder(folder, chance);
    const fresh = await beside();
    await expect(openStoreFolder(folder, chance)).rejects.toMatchObject({ code: "TF_STORE_LOCKED" });
    const removeOld = await fresh.adopt();
    await store.close();
    await removeOld();
    await expect(openStoreFolder(folder, chance)).rejects.toMatchObject({ code: "TF_STORE_LOCKED" });
    await fresh.store.close();
  });

  test("is not removed as a leftover where the file that names it is lost or names something else", async () => {
    const folder = join(await place(), "store");
    const { store, storeId, beside } = await openStoreFolder(folder, chance);
    const fresh = await beside();
    await write(fresh.store, "new");
    const removeOld = await fresh.adopt();
    await store.close();
    await removeOld();
    await fresh.store.close();
    const format = join(folder, "store.json");
    const text = await readFile(format, "utf8");
    for (const broken of [undefined, text.replace("level-2", "../level-2"), text.replace('"level-2"', "2")]) {
      await (broken === undefined ? rm(format) : writeFile(format, broken));
      await expect(openStoreFolder(folder, chance)).rejects.toMatchObject({ code: "TF_STORE_CORRUPT" });
    }
    await writeFile(format, text);
    expect(await opened(folder)).toEqual({ holds: "new", storeId, levels: ["level-2"] });
  });
});
