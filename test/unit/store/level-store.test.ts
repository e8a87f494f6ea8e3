import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { LevelStore } from "../../../src/store/level-store.ts";
import { orderedStoreContract } from "./ordered-store-contract.ts";

const folders: string[] = [];
async function freshFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "tableferry-level-"));
  folders.push(folder);
  return folder;
}
afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))));

orderedStoreContract("level store", async () => LevelStore.open(await freshFolder()));

describe("level store in its folder", () => {
  it("has everything again after it was closed and opened", async () => {
    const folder = await freshFolder();
    const before = await LevelStore.open(folder);
    await before.write([{ type: "put", key: Buffer.from("a"), value: Buffer.from("1") }], { sync: true });
    await before.close();
    const after = await LevelStore.open(folder);
    expect(Buffer.from(after.get(Buffer.from("a"))!).toString()).toBe("1");
    await after.close();
  });

  it("refuses a folder that is open already, without harm to the first", async () => {
    const folder = await freshFolder();
    const first = await LevelStore.open(folder);
    await expect(LevelStore.open(folder)).rejects.toMatchObject({ code: "TF_STORE_LOCKED", place: folder });
    await first.write([{ type: "put", key: Buffer.from("a"), value: Buffer.from("1") }], { sync: true });
    await first.close();
  });

  it("refuses a path that is a file", async () => {
    const path = join(await freshFolder(), "file");
    await writeFile(path, "");
    await expect(LevelStore.open(path)).rejects.toMatchObject({ code: "TF_STORE_UNWRITABLE" });
  });

  it("refuses a folder whose manifest is damaged", async () => {
    const folder = await freshFolder();
    await (await LevelStore.open(folder)).close();
    await writeFile(join(folder, "CURRENT"), "nonsense\n");
    await expect(LevelStore.open(folder)).rejects.toMatchObject({ code: "TF_STORE_CORRUPT" });
  });

  it("finishes a write in flight before it closes", async () => {
    const folder = await freshFolder();
    const before = await LevelStore.open(folder);
    const write = before.write([{ type: "put", key: Buffer.from("a"), value: Buffer.alloc(1 << 20) }], { sync: true });
    await Promise.all([before.close(), write]);
    const after = await LevelStore.open(folder);
    expect(after.get(Buffer.from("a"))).toHaveLength(1 << 20);
    await after.close();
  });
});
