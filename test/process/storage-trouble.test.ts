import { spawn, spawnSync } from "node:child_process";
import { chmodSync, chownSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { describe, expect, onTestFinished, test } from "vitest";
import { systemClock } from "../../src/base/clock.ts";
import { openEmbeddedServer } from "../../src/server/embedded-server.ts";
import { Caller } from "../conformance/caller.ts";
import { fetchTransport } from "../conformance/endpoints.ts";

const script = (name: string) => join(import.meta.dirname, "support", name);

function place(): string {
  const folder = mkdtempSync(join(tmpdir(), "tableferry-trouble-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

describe("a disk that is full", () => {
  test("refuses writes with the service's words, keeps what was acknowledged, and goes on when there is room again", async () => {
    const folder = place();
    const dataDir = join(folder, "store");
    // No file may grow beyond a megabyte (`ulimit` counts in 512 bytes): LevelDB's log meets that in the middle of a write.
    const command = `ulimit -f 2048; exec "$0" --conditions=tableferry-source "$1" "$2" "$3" durable`;
    const child = spawn("sh", ["-c", command, process.execPath, script("durable-server.ts"), dataDir, join(folder, "journal")], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const ended = new Promise((resolve) => child.once("close", resolve));
    onTestFinished(() => void child.kill("SIGKILL"));
    const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
    const { endpoint, ...key }: { endpoint: string; id: string; secret: string } = JSON.parse((await lines.next()).value!);
    const caller = new Caller(fetchTransport(endpoint), systemClock, key, "test");
    await caller.createTable("t", [{ name: "pk", type: "integer" }]);
    let acknowledged = 0n;
    const fill = async () => {
      for (;;) {
        await caller.put("t", { pk: acknowledged }, { c: "x".repeat(50_000) });
        acknowledged++;
      }
    };
    await expect(fill()).rejects.toThrow("PutRow: 503 OTSServerUnavailable Server is not available.");
    expect(acknowledged).toBeGreaterThan(5n);
    // Nothing more is written, small as it may be: the log may end in half a record.
    await expect(caller.put("t", { pk: -1n }, {})).rejects.toThrow("OTSServerUnavailable");
    expect(await caller.get("t", { pk: 0n })).toBeDefined();
    child.kill("SIGTERM");
    child.kill("SIGKILL");
    await ended;

    const again = await openEmbeddedServer({ dataDir, http: false });
    const reader = new Caller(again.handler, systemClock, again.rootKey, "test");
    for (let pk = 0n; pk < acknowledged; pk++) expect(await reader.get("t", { pk })).toBeDefined();
    expect(await reader.get("t", { pk: -1n })).toBeUndefined();
    await reader.put("t", { pk: acknowledged + 1n }, {});
    await again.close();
  });
});

describe("a folder that cannot be written", () => {
  test("is refused with a code and left as it is", async () => {
    const folder = place();
    const dataDir = join(folder, "store");
    await (await openEmbeddedServer({ dataDir, http: false, instances: ["test"] })).close();
    const everything = () => readdirSync(dataDir, { recursive: true }).map(String).sort();
    const before = everything();
    chmodSync(folder, 0o755);
    for (const path of [dataDir, join(dataDir, "level")]) chmodSync(path, 0o555);
    const said = spawnSync(process.execPath, ["--conditions=tableferry-source", script("open-store.ts"), dataDir], { encoding: "utf8" });
    expect(said.stdout.trim()).toBe("TF_STORE_UNWRITABLE");
    expect(everything()).toEqual(before);
  });

  test("only that is in the way: one of the same user's own is opened", () => {
    const folder = place();
    chmodSync(folder, 0o755);
    if (process.getuid?.() === 0) chownSync(folder, 65_534, 65_534);
    const said = spawnSync(process.execPath, ["--conditions=tableferry-source", script("open-store.ts"), join(folder, "store")], {
      encoding: "utf8",
    });
    expect(said.stdout.trim()).toBe("opened");
  });
});
