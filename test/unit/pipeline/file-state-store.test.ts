import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { systemChance } from "../../../src/base/chance.ts";
import { systemClock } from "../../../src/base/clock.ts";
import { FileStateStore } from "../../../src/pipeline/file-state-store.ts";
import { thisProcess } from "../../../src/pipeline/process-owner.ts";
import { scanned, stateStoreContract } from "./state-store-contract.ts";

let folder: string;
let path: string;
let files = 0;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "state-"));
  path = join(folder, "job.json");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const open = (file = path) => FileStateStore.open(file, systemClock, systemChance);
const entry = (seq: number, value = "{}") => ({ token: "me", seq, value });

const paths = new WeakMap<object, string>();
stateStoreContract(
  "a file",
  async () => {
    const file = join(folder, `${files++}`, "job.json");
    const store = await open(file);
    paths.set(store, file);
    return store;
  },
  async (store) => {
    await store.close();
    return open(paths.get(store)!);
  },
);

async function filled(): Promise<void> {
  const store = await open();
  await store.compareAndSet("a", undefined, entry(1, "one"));
  await store.compareAndSet("b", undefined, entry(1, "two"));
  await store.close();
}

describe("a file that a crash left behind", () => {
  test.each([
    ["half a line", (bytes: number) => bytes - 7],
    ["a line without its end", (bytes: number) => bytes - 1],
  ])("%s is left out, and what follows is kept", async (_, cut) => {
    await filled();
    truncateSync(path, cut(statSync(path).size));
    const store = await open();
    expect((await scanned(store, "")).map(([key]) => key)).toEqual(["a"]);
    await store.compareAndSet("c", undefined, entry(1));
    await store.close();
    const again = await open();
    expect((await scanned(again, "")).map(([key]) => key)).toEqual(["a", "c"]);
    await again.close();
  });

  test("a last line of rubbish is left out", async () => {
    await filled();
    appendFileSync(path, "\0\0\0\0\0\0\0\n");
    const store = await open();
    expect(await scanned(store, "")).toHaveLength(2);
    await store.close();
  });

  test("any length is one from which it opens", async () => {
    await filled();
    const whole = readFileSync(path);
    for (let length = 0; length <= whole.length; length++) {
      writeFileSync(path, whole.subarray(0, length));
      const store = await open();
      const keys = (await scanned(store, "")).map(([key]) => key);
      expect([[], ["a"], ["a", "b"]]).toContainEqual(keys);
      await store.close();
    }
  });

  test("damage before the last line is an error that names the line, and the lock is given back", async () => {
    await filled();
    writeFileSync(path, readFileSync(path, "utf8").replace("one", "eno"));
    await expect(open()).rejects.toMatchObject({ code: "TF_STATE_CORRUPT", place: `${path}:2` });
    expect(readdirSync(folder)).toEqual(["job.json"]);
  });

  test("a file of another kind is not touched", async () => {
    writeFileSync(path, "name: job\nsource: x\n");
    await expect(open()).rejects.toMatchObject({ code: "TF_STATE_CORRUPT", place: `${path}:1` });
    expect(readFileSync(path, "utf8")).toContain("name: job");
  });
});

test("a journal that is mostly superseded is rewritten, and nothing is lost", async () => {
  const store = await open();
  await store.compareAndSet("kept", undefined, entry(1, "kept"));
  const value = "x".repeat(100_000);
  await store.compareAndSet("a", undefined, entry(0, value));
  let largest = 0;
  for (let seq = 1; seq <= 120; seq++) {
    await store.compareAndSet("a", entry(seq - 1), entry(seq, value));
    largest = Math.max(largest, statSync(path).size);
  }
  expect(largest).toBeLessThan(6_000_000);
  await store.close();
  const again = await open();
  expect((await scanned(again, "")).map(([key, { seq }]) => [key, seq])).toEqual([
    ["a", 120],
    ["kept", 1],
  ]);
  await again.close();
});

test("a write that the disk refuses is reported, and so is everything after it", async () => {
  const store = await open();
  await store.close();
  await expect(store.compareAndSet("a", undefined, entry(1))).rejects.toMatchObject({ code: "TF_IO" });
  await expect(store.compareAndSet("b", undefined, entry(1))).rejects.toMatchObject({ code: "TF_IO" });
});

test("a place where no folder can be is named", async () => {
  writeFileSync(path, "");
  await expect(open(join(path, "job.json"))).rejects.toMatchObject({ code: "TF_IO", place: join(path, "job.json") });
});

test("looking needs no lock, changes nothing and sees what is on the disk", async () => {
  const store = await open();
  await store.compareAndSet("a", undefined, entry(1, "one"));
  const seen = await FileStateStore.look(path);
  expect(await seen.get("a")).toEqual(entry(1, "one"));
  await expect(seen.compareAndSet("a", entry(1), entry(2))).rejects.toMatchObject({ code: "TF_INTERNAL" });
  await store.close();
  expect(await scanned(await FileStateStore.look(join(folder, "none.json")), "")).toEqual([]);
  expect(existsSync(join(folder, "none.json"))).toBe(false);
});

describe("the lock", () => {
  test("a second opening is refused while the first one is open", async () => {
    const store = await open();
    await expect(open()).rejects.toMatchObject({
      code: "TF_STATE_LOCKED",
      sentence: `the job's state is in use by process ${process.pid} on ${hostname()}`,
    });
    await store.close();
    await (await open()).close();
  });

  test("of many that open at once at most one gets in", async () => {
    const outcomes = await Promise.allSettled(Array.from({ length: 6 }, () => open()));
    const stores = outcomes.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []));
    expect(stores.length).toBeLessThanOrEqual(1);
    for (const store of stores) await store.close();
    expect(readdirSync(folder).filter((name) => name.includes("lock"))).toEqual([]);
  });

  test.each<[string, object, boolean]>([
    ["a process whose pid is in use by another one", { started: "1" }, true],
    ["a pid that does not exist", { pid: 4_194_304 + 5 }, true],
    ["another machine", { host: "elsewhere", pid: 4_194_304 + 5 }, false],
    ["an earlier start of this machine", { boot: "other", pid: 4_194_304 + 5 }, false],
    ["another container", { pidSpace: "pid:[1]", pid: 4_194_304 + 5 }, false],
  ])("left by %s", async (_, change, free) => {
    writeFileSync(join(folder, "job.json.lock-0"), JSON.stringify({ ...thisProcess(), ...change }));
    if (free) await (await open()).close();
    else await expect(open()).rejects.toMatchObject({ code: "TF_STATE_LOCKED", wayOut: expect.stringContaining("job.json.lock-0") });
  });

  test("a lock that cannot be read stands", async () => {
    writeFileSync(join(folder, "job.json.lock-0"), "{");
    await expect(open()).rejects.toMatchObject({ code: "TF_STATE_LOCKED" });
  });

  test("a killed process leaves neither a lock that stands nor a lost write", async () => {
    const child = startHolder();
    await once(child.stdout!, "data");
    await expect(open()).rejects.toMatchObject({ code: "TF_STATE_LOCKED" });
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
    const store = await open();
    expect(await store.get("a")).toEqual(entry(1, "from the child"));
    await store.close();
  });
});

/** A process that writes once, says so and stays. */
function startHolder(): ChildProcess {
  const module = (name: string) => JSON.stringify(resolve("src", name));
  const program = `import { FileStateStore } from ${module("pipeline/file-state-store.ts")};
    import { systemClock } from ${module("base/clock.ts")};
    import { systemChance } from ${module("base/chance.ts")};
    const store = await FileStateStore.open(${JSON.stringify(path)}, systemClock, systemChance);
    await store.compareAndSet("a", undefined, { token: "me", seq: 1, value: "from the child" });
    console.log("written");
    process.stdin.resume();`;
  return spawn(process.execPath, ["--input-type=module", "-e", program], { stdio: ["pipe", "pipe", "inherit"] });
}
