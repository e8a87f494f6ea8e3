import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { systemClock } from "../../src/base/clock.ts";
import { startTableStore } from "../../src/testing.ts";
import { Caller } from "../conformance/caller.ts";
import { fetchTransport } from "../conformance/endpoints.ts";
import { Workplace } from "./run-command.ts";

function workplace(): Workplace {
  const made = new Workplace();
  onTestFinished(() => made[Symbol.asyncDispose]());
  return made;
}

describe("tableferry serve", () => {
  test("says on its first line how to reach it, without the secret", async () => {
    const place = workplace();
    const server = place.start(["serve", "--port", "0", "--instance", "legacy", "--instance", "modern", "--json"]);
    const line = await server.firstLine;
    const said: Record<string, unknown> = JSON.parse(line);
    expect(said).toMatchObject({ instances: ["legacy", "modern"], dataDir: join(place.folder, ".tableferry", "store"), pid: server.pid });
    const { accessKeySecret }: { accessKeySecret: string } = JSON.parse(readFileSync(String(said["keysFile"]), "utf8"));
    expect(accessKeySecret.length).toBeGreaterThan(20);
    expect(line).not.toContain(accessKeySecret);
  });

  test("keeps its keys beside the data, for the owner only, and the same ones next time", async () => {
    const place = workplace();
    const keysOf = async () => {
      const server = await place.serve();
      server.signal("SIGTERM");
      await server.ended;
      return readFileSync(server.keysFile, "utf8");
    };
    const first = await keysOf();
    expect(statSync(join(place.folder, ".tableferry", "store", "keys.json")).mode & 0o777).toBe(0o600);
    expect(await keysOf()).toBe(first);
  });

  test.each(["SIGINT", "SIGTERM"] as const)("stops with 0 on %s, and what was written is there afterwards", async (signal) => {
    const place = workplace();
    const server = await place.serve();
    await place.must("table", "create", "orders", "--key", "id:integer");
    await place.must("table", "put", "orders", '{"id": 9223372036854775807, "v": 1.0}');
    server.signal(signal);
    expect((await server.ended).exit).toBe(0);
    expect(existsSync(join(place.folder, ".tableferry", "server.json"))).toBe(false);
    await place.serve();
    expect(await place.must("table", "scan", "orders", "--format", "jsonl")).toBe('{"id":9223372036854775807,"v":1.0}\n');
  });

  test("keeps what was acknowledged when it is killed", async () => {
    const place = workplace();
    const server = await place.serve();
    await place.must("table", "create", "orders", "--key", "id:integer");
    await place.must("table", "put", "orders", '{"id": 1}');
    server.signal("SIGKILL");
    await server.ended;
    await place.serve();
    expect(await place.must("table", "scan", "orders", "--format", "jsonl")).toBe('{"id":1}\n');
  });

  test("in memory leaves nothing behind", async () => {
    const place = workplace();
    const server = await place.serve("--memory");
    await place.must("table", "create", "orders", "--key", "id:integer");
    server.signal("SIGTERM");
    await server.ended;
    expect(existsSync(server.keysFile)).toBe(false);
    expect(existsSync(join(place.folder, ".tableferry", "store"))).toBe(false);
  });

  test("takes its key from the environment and writes it nowhere", async () => {
    const place = workplace();
    place.env["TABLESTORE_ACCESS_KEY_ID"] = "LTAIexample";
    place.env["TABLESTORE_ACCESS_KEY_SECRET"] = "a-secret-for-this-test";
    const server = await place.serve();
    expect(server.keysFile).toBe(null);
    expect(existsSync(join(place.folder, ".tableferry", "store", "keys.json"))).toBe(false);
    await place.must("table", "list");
    place.env["TABLESTORE_ACCESS_KEY_SECRET"] = "another-secret";
    const { exit, err } = await place.run("table", "list");
    expect(exit).toBe(1);
    expect(err).toContain("OTSAuthFailed: Signature mismatch.");
    expect(err).not.toContain("another-secret");
  });

  test("tells people where it is and what to try", async () => {
    const place = workplace();
    const server = place.start(["serve", "--memory", "--port", "0"]);
    expect(await server.firstLine).toMatch(/^Table Store at http:\/\/127\.0\.0\.1:\d+$/);
    server.signal("SIGINT");
    expect((await server.ended).out).toContain("table create orders --instance local");
  });

  test("warns when other machines can reach it", async () => {
    const server = workplace().start(["serve", "--memory", "--port", "0", "--host", "0.0.0.0"]);
    expect(await server.saying(/Warning: .*/)).toContain("0.0.0.0 may be reached from other machines");
  });

  test("refuses a data folder that another server uses, and a port that is taken", async () => {
    const place = workplace();
    const { endpoint } = await place.serve();
    const second = await place.run("serve", "--port", "0");
    expect(second.exit).toBe(6);
    expect(second.err).toContain("TF_STORE_LOCKED");
    const third = await place.run("serve", "--memory", "--port", new URL(endpoint).port);
    expect(third.exit).toBe(1);
    expect(third.err).toContain("TF_ADDRESS_IN_USE");
  });

  test("says how each official SDK connects", async () => {
    const server = workplace().start(["serve", "--memory", "--port", "0"]);
    const endpoint = /http:\S+/.exec(await server.firstLine)![0];
    server.signal("SIGINT");
    const { out } = await server.ended;
    for (const call of ["TableStore.Client({", "SyncClient(", "tablestore.NewClient(", "OTSClient("]) {
      expect(out).toMatch(new RegExp(`${call.replace(/[({.]/g, "\\$&")}.*"${endpoint}".*"local"`));
    }
  });

  test("serves metrics beside the store, and only when asked", async () => {
    const place = workplace();
    const server = place.start(["serve", "--memory", "--port", "0", "--metrics", "0", "--json"]);
    const { endpoint, metrics }: { endpoint: string; metrics: string } = JSON.parse(await server.firstLine);
    await place.must("table", "list");
    const page = await (await fetch(metrics)).text();
    expect(page).toContain('tableferry_requests_total{operation="ListTable",code="OK"} 1');
    expect(new URL(metrics).hostname).toBe("127.0.0.1");
    // On the store's own address nothing answers who has not signed.
    expect((await fetch(`${endpoint}/metrics`)).status).toBe(405);
    expect((await fetch(`${endpoint}/metrics`, { method: "POST" })).status).toBe(400);
    server.signal("SIGTERM");
    expect((await server.ended).exit).toBe(0);
  });

  test("obeys test controls only when it was started with them", async () => {
    const place = workplace();
    const advance = async (...options: string[]) => {
      const server = place.start(["serve", "--memory", "--port", "0", "--json", ...options]);
      const { endpoint, keysFile }: { endpoint: string; keysFile: string } = JSON.parse(await server.firstLine);
      const { accessKeyId, accessKeySecret }: Record<string, string> = JSON.parse(readFileSync(keysFile, "utf8"));
      const key = { id: accessKeyId!, secret: accessKeySecret! };
      const caller = new Caller(fetchTransport(endpoint), systemClock, key, "local");
      const { body } = await caller.send("tableferry/admin", Buffer.from('{"op":"advanceClock","ms":1000}'));
      server.signal("SIGTERM");
      await server.ended;
      return JSON.parse(Buffer.from(body).toString()) as unknown;
    };
    expect(await advance()).toMatchObject({ error: { code: "TF_CONTROLS_OFF" } });
    expect(await advance("--test-controls")).toEqual({ now: expect.any(Number) });
  });

  test("begins with a snapshot", async () => {
    const place = workplace();
    await using seeded = await startTableStore({ http: false, instances: ["local"] });
    await seeded.snapshot(join(place.folder, "seed.snapshot"));
    const server = await place.serve("--restore", "seed.snapshot");
    expect(await place.must("table", "list")).toBe("");
    server.signal("SIGTERM");
    await server.ended;
    const again = await place.run("serve", "--port", "0", "--restore", "seed.snapshot");
    expect(again.err).toContain("TF_STORE_NOT_EMPTY");
  });

  test("logs requests when asked", async () => {
    const place = workplace();
    const server = await place.serve("--memory", "--log", "requests");
    await place.must("table", "list");
    expect(await server.saying(/"operation":"ListTable"/)).toBeDefined();
  });
});
