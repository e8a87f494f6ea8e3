import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { TableStoreClient } from "../../src/client/table-store-client.ts";
import { INF_MAX, INF_MIN } from "../../src/model/value.ts";
import { decodeRows } from "../../src/wire/plainbuffer/decode.ts";
import { encodeChange, encodeKey } from "../../src/wire/plainbuffer/encode.ts";
import { changesOf, eventually, FIRST_PROJECT_MS, messagesOf, StackProject, type CommandResult } from "./harness.ts";
import { csvOf, outputsOf, serversOf, tableferry } from "./tableferry-project.ts";

const ROWS = 2000;

/** A table that is loaded once, and a second one that follows it. */
const program = (sync = "", more = "") => `
import { EmbeddedStore, Instance, Migration, SyncJob, Table, Tunnel } from "tableferry/pulumi";
const store = new EmbeddedStore("store", { dataDir: ".tableferry/store" });
const [legacy, modern] = ["legacy", "modern"].map((name) => new Instance(name, { store }));
const primaryKey = [{ name: "id", type: "string" }];
const source = new Table("source", { instance: legacy, tableName: "orders", primaryKey });
const target = new Table("target", { instance: modern, tableName: "orders", primaryKey });
const load = new Migration("load", { source: { type: "file", path: "orders.csv" }, target: source, verify: { coverage: "none" } });
${more}
const follow = new SyncJob("follow", { source, target, ${sync} }, { dependsOn: load });
export const phase = follow.phase;
`;

const workers = (count: number) => `runner: { local: { workers: ${String(count)} } }`;
const text = (result: CommandResult) => result.stdout + result.stderr;

/** The worker processes that run for the project. */
const workersOf = (project: StackProject) =>
  project.processes().flatMap(({ pid, command }) => (command.includes(" sync run ") ? [pid] : []));

async function succeed(result: Promise<CommandResult>): Promise<CommandResult> {
  const done = await result;
  expect(done.exitCode, text(done)).toBe(0);
  return done;
}

async function client(project: StackProject, instance: string): Promise<TableStoreClient> {
  const { accessKeyId, accessKeySecret } = JSON.parse(readFileSync(join(project.folder, ".tableferry/store/keys.json"), "utf8")) as {
    readonly accessKeyId: string;
    readonly accessKeySecret: string;
  };
  const endpoint = String(outputsOf(await project.exportStack(), "store")["endpoint"]);
  return new TableStoreClient({ endpoint, instance, credentials: { id: accessKeyId, secret: accessKeySecret } });
}

/** Rows of table `orders` by id, with their names. */
async function names(from: TableStoreClient): Promise<Map<string, unknown>> {
  const bound = (value: typeof INF_MIN | typeof INF_MAX) => encodeKey([{ name: "id", value }]);
  const found = new Map<string, unknown>();
  const range = { tableName: "orders", direction: "forward", selection: { maxVersions: 1 }, start: bound(INF_MIN), end: bound(INF_MAX) } as const;
  for await (const { rows } of from.getRangePages(range)) {
    if (rows.length > 0)
      for (const { key, cells } of decodeRows(rows)) found.set(String(key[0]?.value), cells.find(({ name }) => name === "name")?.value);
  }
  return found;
}

function put(to: TableStoreClient, id: string, name: string): Promise<unknown> {
  const change = encodeChange({ type: "put", key: [{ name: "id", value: id }], cells: [{ name: "name", value: name }] });
  return to.putRow({ tableName: "orders", change, condition: { existence: "ignore" } });
}

/** Writes a row at the source and waits for it at the target. */
async function follows(project: StackProject, id: string, name: string): Promise<void> {
  const [legacy, modern] = [await client(project, "legacy"), await client(project, "modern")];
  try {
    await put(legacy, id, name);
    for (let looks = 0; (await names(modern)).get(id) !== name; looks++) {
      if (looks > 200) throw new Error(`row ${id} did not arrive within 20 s`);
      await delay(100);
    }
  } finally {
    await Promise.all([legacy.close(), modern.close()]);
  }
}

describe("a sync job", () => {
  let project: StackProject;

  beforeAll(async () => {
    project = await StackProject.create({ files: { "index.ts": program(workers(2)), "orders.csv": csvOf(ROWS) } });
  }, FIRST_PROJECT_MS);

  afterAll(() => project[Symbol.asyncDispose]());

  test("is planned before there is a store", async () => {
    const preview = await succeed(project.preview());
    expect(messagesOf(preview).join("\n")).toContain("the plan is known once table orders of instance legacy");
  });

  test("up starts its workers and returns when the target is in step", async () => {
    await succeed(project.up("--skip-preview"));
    expect(outputsOf(await project.exportStack(), "follow")).toMatchObject({
      jobName: "follow",
      jobFile: ".tableferry/sync/test/follow.json",
      phase: "in step",
      copiedRows: ROWS,
      parked: 0,
      workers: 2,
      tunnelName: "tableferry_follow",
    });
    expect(workersOf(project)).toHaveLength(2);
    const modern = await client(project, "modern");
    expect((await names(modern)).size).toBe(ROWS);
    await modern.close();
  });

  test("writes made after it arrive", () => follows(project, "000007", "changed"));

  test("a second up changes nothing", async () => {
    const before = workersOf(project);
    const up = await succeed(project.up());
    expect(Object.keys(changesOf(up))).toEqual(["same"]);
    expect(workersOf(project)).toEqual(before);
  });
});
void [eventually, serversOf, tableferry, existsSync];
