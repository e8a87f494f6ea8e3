import { createHash } from "node:crypto";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { seededChance } from "../../../src/base/chance.ts";
import { systemClock } from "../../../src/base/clock.ts";
import { crc32c, maskedCrc32c } from "../../../src/store/crc32c.ts";
import { LevelStore } from "../../../src/store/level-store.ts";
import type { StoreChange } from "../../../src/store/ordered-store.ts";
import { inflateSnappy } from "../../../src/store/snappy.ts";

/** Batches of ten entries of 300 bytes and one of 40 KB, which goes over several blocks of the log. */
const BATCHES = 30;
const chance = seededChance(11);
let home = "";
/** The same entries as LevelDB leaves them behind a write, in its log, and behind the next opening, in a table. */
const folders = { log: "", table: "" };
let whole = "";

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), "tableferry-check-"));
  folders.log = join(home, "log");
  folders.table = join(home, "table");
  const store = await LevelStore.open(folders.log);
  for (let batch = 0; batch < BATCHES; batch++) {
    const entry = (i: number, length: number): StoreChange => ({
      type: "put",
      key: Buffer.from(`${String(batch).padStart(3, "0")}/${i}`),
      value: Buffer.concat([chance.bytes(length / 2), Buffer.alloc(length / 2, "customer alice ")]),
    });
    await store.write([...Array.from({ length: 10 }, (_, i) => entry(i, 300)), entry(10, 40_000)], { sync: true });
  }
  await store.close();
  cpSync(folders.log, folders.table, { recursive: true });
  whole = await contents(folders.table);
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

/** The number of entries and a digest of them, read in a store that is opened for it. */
async function contents(folder: string, options = {}): Promise<string> {
  const store = await LevelStore.open(folder, options);
  try {
    const digest = createHash("sha256");
    let entries = 0;
    const cursor = store.entries({ from: Buffer.of(0), to: Buffer.of(0xff) });
    for (let page = await cursor.next(100); page.length > 0; page = await cursor.next(100)) {
      for (const { key, value } of page) digest.update(key).update(value);
      entries += page.length;
    }
    await cursor.close();
    return `${entries} ${digest.digest("hex")}`;
  } finally {
    await store.close();
  }
}

/** A copy of a folder, with one of its files changed. */
function changed(kind: keyof typeof folders, pattern: RegExp, change: (bytes: Buffer) => Buffer): string {
  const copy = mkdtempSync(join(home, "copy-"));
  cpSync(folders[kind], copy, { recursive: true });
  const path = join(
    copy,
    readdirSync(copy).find((name) => pattern.test(name) && statSync(join(copy, name)).size > 0)!,
  );
  writeFileSync(path, change(readFileSync(path)));
  return copy;
}

const flipped = (at: (length: number) => number) => (bytes: Buffer) => {
  bytes[at(bytes.length)]! ^= 1 << Math.floor(chance.next() * 8);
  return bytes;
};
const anywhere = (length: number) => Math.floor(chance.next() * length);

/** What LevelDB keeps its data in; its own log and lock say nothing. */
function filesOf(folder: string): string {
  const digest = createHash("sha256");
  for (const name of readdirSync(folder)
    .filter((file) => !file.startsWith("LO"))
    .sort())
    digest.update(name).update(readFileSync(join(folder, name)));
  return digest.digest("hex");
}

describe("a changed bit", () => {
  test.each([
    // The last write's damage looks like a write that was cut off, so it is left out here.
    ["log", /\.log$/, (length: number) => anywhere(length - 60_000)],
    ["table", /\.ldb$/, anywhere],
    ["table", /^MANIFEST/, anywhere],
    ["table", /^CURRENT/, anywhere],
  ] as const)("of the %s folder in %s is refused with a code, and nothing is touched", async (kind, pattern, at) => {
    for (let i = 0; i < 20; i++) {
      const folder = changed(kind, pattern, flipped(at));
      const before = filesOf(folder);
      const outcome = await contents(folder).catch((error: { code: string }) => error.code);
      // Padding of a table's footer and of a log's block carries no meaning.
      expect(["TF_STORE_CORRUPT", whole]).toContain(outcome);
      if (outcome === "TF_STORE_CORRUPT") expect(filesOf(folder)).toBe(before);
      rmSync(folder, { recursive: true });
    }
  });

  test("is not needed: a page of zeros within a log is refused too", async () => {
    const folder = changed("log", /\.log$/, (bytes) => bytes.fill(0, 40 * 4096, 41 * 4096));
    await expect(contents(folder)).rejects.toMatchObject({ code: "TF_STORE_CORRUPT" });
  });

  test("in what is checked behind the opening has everything refused as soon as it is found", async () => {
    const folder = changed(
      "table",
      /\.ldb$/,
      flipped((length) => length >> 1),
    );
    const store = await LevelStore.open(folder, { checkedAtOnceBytes: 0 });
    const refused = expect.objectContaining({ code: "TF_STORE_CORRUPT" });
    const look = () => {
      try {
        return store.get(Buffer.from("x"));
      } catch (error) {
        return error;
      }
    };
    while (look() === undefined) await systemClock.sleep(5);
    expect(look()).toEqual(refused);
    expect(() => store.entries({ from: Buffer.of(0), to: Buffer.of(1) })).toThrow(refused);
    expect(() => store.write([], { sync: true })).toThrow(refused);
    await store.close();
  });
});

describe("a power cut's traces", () => {
  test("a log that ends anywhere is opened, with a whole number of batches", async () => {
    for (let i = 0; i < 20; i++) {
      const folder = changed("log", /\.log$/, (bytes) => bytes.subarray(0, anywhere(bytes.length)));
      expect(Number((await contents(folder)).split(" ")[0]) % 11).toBe(0);
      rmSync(folder, { recursive: true });
    }
  });

  test.each([
    ["rubbish", (length: number) => chance.bytes(length)],
    ["zeros", (length: number) => new Uint8Array(length)],
  ])("%s behind the last write are passed over", async (_name, tail) => {
    for (const length of [1, 7, 50, 5000, 100_000]) {
      const folder = changed("log", /\.log$/, (bytes) => Buffer.concat([bytes, tail(length)]));
      expect(await contents(folder)).toBe(whole);
      rmSync(folder, { recursive: true });
    }
  });

  test("a table that was being written when the process died is passed over", async () => {
    const folder = changed("table", /\.ldb$/, (bytes) => bytes);
    writeFileSync(join(folder, "000099.ldb"), chance.bytes(1000));
    expect(await contents(folder)).toBe(whole);
  });
});

describe("the pieces", () => {
  test("CRC-32C is the published one, and masked as LevelDB's test has it", () => {
    const text = Buffer.from("123456789");
    expect(crc32c(text, 0, 9)).toBe(0xe3069283);
    expect(crc32c(Buffer.alloc(32), 0, 32)).toBe(0x8a9136aa);
    expect(crc32c(Buffer.alloc(32, 0xff), 0, 32)).toBe(0x62a8ab43);
    const crc = 0xe3069283;
    expect(maskedCrc32c(text, 0, 9)).toBe((((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0);
  });

  test("snappy's literals, near, far and overlapping copies are undone", () => {
    const literal = (text: string) => [(text.length - 1) << 2, ...Buffer.from(text)];
    expect(inflateSnappy(Buffer.from([9, ...literal("abc"), 0b0000_1001 | (5 << 2), 3, 0])).toString()).toBe("abcabcabc");
    expect(inflateSnappy(Buffer.from([8, ...literal("a"), ((7 - 4) << 2) | 1, 1])).toString()).toBe("aaaaaaaa");
    expect(inflateSnappy(Buffer.from([6, ...literal("xyz"), (2 << 2) | 3, 3, 0, 0, 0])).toString()).toBe("xyzxyz");
    const long = "q".repeat(100);
    expect(inflateSnappy(Buffer.from([100, 60 << 2, 99, ...Buffer.from(long)])).toString()).toBe(long);
  });

  test("a log cut to nothing is an empty store", async () => {
    const folder = mkdtempSync(join(home, "copy-"));
    cpSync(folders.log, folder, { recursive: true });
    truncateSync(
      join(
        folder,
        readdirSync(folder).find((name) => name.endsWith(".log"))!,
      ),
      0,
    );
    expect(await contents(folder)).toMatch(/^0 /);
  });
});
