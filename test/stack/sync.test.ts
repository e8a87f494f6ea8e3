import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { TableStoreClient } from "../../src/client/table-store-client.ts";
import { tunnelList } from "../../src/wire/operation/tunnel-list.ts";
import { encodeChange } from "../../src/wire/plainbuffer/encode.ts";
import { changesOf, eventually, FIRST_PROJECT_MS, messagesOf, StackProject, type CommandResult, type RunningCommand } from "./harness.ts";
import { namesById } from "./names-by-id.ts";
import { csvOf, outputsOf, resourceOf, serversOf, tableferry } from "./tableferry-project.ts";

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

function put(to: TableStoreClient, id: string, name: string): Promise<unknown> {
  const change = encodeChange({ type: "put", key: [{ name: "id", value: id }], cells: [{ name: "name", value: name }] });
  return to.putRow({ tableName: "orders", change, condition: { existence: "ignore" } });
}

/** Writes a row at the source and waits for it at the target. */
async function follows(project: StackProject, id: string, name: string): Promise<void> {
  const [legacy, modern] = [await client(project, "legacy"), await client(project, "modern")];
  try {
    await put(legacy, id, name);
    for (let looks = 0; (await namesById(modern)).get(id) !== name; looks++) {
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
    expect((await namesById(modern)).size).toBe(ROWS);
    await modern.close();
  });

  test("writes made after it arrive", () => follows(project, "000007", "changed"));

  test("a second up changes nothing", async () => {
    const before = workersOf(project);
    const up = await succeed(project.up());
    expect(Object.keys(changesOf(up))).toEqual(["same"]);
    expect(workersOf(project)).toEqual(before);
  });

  test("a worker that is killed is drift at refresh, and the next up starts it again, and no other", async () => {
    const [killed, other] = workersOf(project);
    process.kill(killed!, "SIGKILL");
    await eventually("the worker is dead", () => !workersOf(project).includes(killed!) || undefined);
    const refresh = await succeed(project.refresh());
    expect(changesOf(refresh)).toMatchObject({ update: 1 });
    expect(messagesOf(refresh).join("\n")).toContain("1 worker runs, 2 are declared; `up` starts the missing");
    expect(outputsOf(await project.exportStack(), "follow")).toMatchObject({ workers: 1, runner: { local: { workers: 1 } } });
    expect(messagesOf(await project.preview()).join("\n")).toContain("2 workers instead of 1; those that run go on meanwhile");
    await succeed(project.up("--skip-preview"));
    expect(workersOf(project)).toHaveLength(2);
    expect(workersOf(project)).toContain(other);
    await follows(project, "000008", "after the kill");
  });

  test("a worker that is killed is started again by a plain up too", async () => {
    const [killed] = workersOf(project);
    process.kill(killed!, "SIGKILL");
    await eventually("the worker is dead", () => !workersOf(project).includes(killed!) || undefined);
    expect(changesOf(await succeed(project.up("--skip-preview")))).toMatchObject({ update: 1 });
    expect(workersOf(project)).toHaveLength(2);
  });

  test("more workers, then fewer: those that stay are never stopped", async () => {
    const two = workersOf(project);
    project.writeFile("index.ts", program(workers(3)));
    await succeed(project.up("--skip-preview"));
    const three = workersOf(project);
    expect(three).toHaveLength(3);
    expect(three).toEqual(expect.arrayContaining(two));
    project.writeFile("index.ts", program(workers(1)));
    await succeed(project.up("--skip-preview"));
    const one = workersOf(project);
    expect(one).toHaveLength(1);
    expect(two).toContain(one[0]);
    await follows(project, "000009", "by one worker");
  });

  test("changed rates reach the worker as it runs; what it reads once starts it again", async () => {
    const before = workersOf(project);
    project.writeFile("index.ts", program(`${workers(1)}, limits: { rowsPerSecond: 5000 }`));
    await succeed(project.up("--skip-preview"));
    expect(workersOf(project)).toEqual(before);
    const status = JSON.parse(
      (await tableferry(project, "sync", "status", ".tableferry/sync/test/follow.json", "--json")).stdout,
    ) as unknown;
    expect(status).toMatchObject({ control: { rates: { rowsPerSecond: 5000 } }, phase: "in step" });
    project.writeFile("index.ts", program(`${workers(1)}, limits: { rowsPerSecond: 5000, writesInFlight: 4 }`));
    await succeed(project.up("--skip-preview"));
    expect(workersOf(project)).toHaveLength(1);
    expect(workersOf(project)).not.toEqual(before);
  });

  test("a sync that is paused stays so through an up, which says it", async () => {
    const file = ".tableferry/sync/test/follow.json";
    expect((await tableferry(project, "sync", "pause", file)).exitCode).toBe(0);
    project.writeFile("index.ts", program(workers(2)));
    const up = await succeed(project.up("--skip-preview"));
    expect(messagesOf(up).join("\n")).toContain(`the sync is paused: \`tableferry sync resume ${file}\` lets it go on`);
    expect(outputsOf(await project.exportStack(), "follow")).toMatchObject({ phase: "paused", workers: 2 });
    expect((await tableferry(project, "sync", "resume", file)).exitCode).toBe(0);
    await follows(project, "000014", "after the pause");
  });

  test("a changed mapping is refused in the preview until the program says what it means", async () => {
    const mapping = `${workers(1)}, mapping: { columns: { name: "name" } }`;
    project.writeFile("index.ts", program(mapping));
    const refused = await project.preview();
    expect(refused.exitCode).not.toBe(0);
    expect(text(refused)).toContain('set onMappingChange: "recopy"');
    project.writeFile("index.ts", program(`${mapping}, onMappingChange: "fromNow"`));
    expect(messagesOf(await succeed(project.preview())).join("\n")).toContain("applies the changed mapping to changes from now on");
    await succeed(project.up("--skip-preview"));
    await follows(project, "000010", "through another mapping");
  });

  test("destroy drains and stops every worker, and says what stays", async () => {
    const legacy = await client(project, "legacy");
    await put(legacy, "000011", "the last one");
    await legacy.close();
    const destroy = await succeed(project.destroy("--target", resourceOf(await project.exportStack(), "follow").urn));
    expect(messagesOf(destroy).join("\n")).toContain("tunnel tableferry_follow (deleteTunnel: true would delete it) and the state");
    expect(workersOf(project)).toEqual([]);
    expect(existsSync(join(project.folder, ".tableferry/sync/test/follow.json"))).toBe(false);
    const modern = await client(project, "modern");
    expect((await namesById(modern)).get("000011")).toBe("the last one");
    await modern.close();
  });

  test("declared again, it goes on where it ended, without another copy", async () => {
    const legacy = await client(project, "legacy");
    await put(legacy, "000012", "while nobody followed");
    await legacy.close();
    await succeed(project.up("--skip-preview"));
    await follows(project, "000013", "again");
    const modern = await client(project, "modern");
    expect((await namesById(modern)).get("000012")).toBe("while nobody followed");
    await modern.close();
  });

  test("an up that may not wait any longer leaves the workers to themselves, and the next one finds them", async () => {
    await succeed(project.destroy("--target", resourceOf(await project.exportStack(), "follow").urn));
    project.writeFile("index.ts", program(`${workers(1)}, onMappingChange: "fromNow", timeoutSeconds: 0.2`));
    const first = await project.up("--skip-preview");
    expect(first.exitCode).not.toBe(0);
    expect(messagesOf(first).join("\n")).toContain("TF_STOPPED: timeoutSeconds have passed before follow was in step; its workers go on");
    const left = workersOf(project);
    expect(left).toHaveLength(1);
    project.writeFile("index.ts", program(`${workers(1)}, onMappingChange: "fromNow"`));
    await succeed(project.up("--skip-preview"));
    expect(workersOf(project)).toEqual(left);
  });

  test("destroy of the whole stack leaves no process behind", async () => {
    await succeed(project.destroy());
    expect(workersOf(project)).toEqual([]);
    expect(serversOf(project)).toEqual([]);
  });
});

/** The first rows are copied; the rest takes longer than whatever is done meanwhile, also where other tests run beside this one. */
const slow = "limits: { rowsPerSecond: 20 }";

async function copying(project: StackProject): Promise<RunningCommand> {
  const up = project.start("up", "--skip-preview");
  const shown = () =>
    up.events().some(({ diagnosticEvent }) => /copied [1-9][\d,]* of about/.test(diagnosticEvent?.message ?? "")) || undefined;
  await eventually("rows are being copied", shown, 60_000);
  return up;
}

describe("an up that ends while the first copy is made", () => {
  let project: StackProject;
  const tunnel = 'const changes = new Tunnel("changes", { table: source, deleteTunnel: true });';
  const following = (more: string) => program(`${workers(2)}, tunnel: changes, forget: true, ${more}`, tunnel);

  beforeAll(async () => {
    project = await StackProject.create({ files: { "index.ts": following(slow), "orders.csv": csvOf(ROWS) } });
  }, FIRST_PROJECT_MS);

  afterAll(() => project[Symbol.asyncDispose]());

  test("because its engine is killed: the provider leaves, the workers go on, and the next up finds them", async () => {
    const up = await copying(project);
    up.kill();
    await up.result;
    await eventually("the provider has left", () => !project.processes().some(({ role }) => role === "provider") || undefined);
    const left = workersOf(project);
    expect(left).toHaveLength(2);
    const unlocked = await tableferry(project, "unlock", "--stack", "test", "--yes", "--pulumi", project.cli.bin);
    expect(unlocked.exitCode, unlocked.stdout + unlocked.stderr).toBe(0);
    const again = await copying(project);
    again.interrupt();
    const stopped = await again.result;
    expect(messagesOf(stopped).join("\n")).toContain("TF_STOPPED: it was asked to stop waiting before follow was in step");
    expect(workersOf(project)).toEqual(left);
  });

  test("the one after it changes the rate, and comes to the end of the copy", async () => {
    project.writeFile("index.ts", following(""));
    await succeed(project.up("--skip-preview"));
    const stack = await project.exportStack();
    expect(outputsOf(stack, "follow")).toMatchObject({
      phase: "in step",
      copiedRows: ROWS,
      workers: 2,
      tunnelName: "changes",
      tunnelId: outputsOf(stack, "changes-tunnel")["tunnelId"],
    });
    expect(Object.keys(changesOf(await succeed(project.refresh())))).toEqual(["same"]);
  });

  test("destroy takes away what it was told to by name", async () => {
    const urn = (name: string) => ["--target", resourceOf(stack, name).urn];
    const stack = await project.exportStack();
    const destroy = await succeed(project.destroy(...urn("follow"), ...urn("changes-tunnel")));
    expect(messagesOf(destroy).join("\n")).toContain("the rows on both sides and tunnel changes (deleteTunnel: true would delete it) stay");
    expect(workersOf(project)).toEqual([]);
    const legacy = await client(project, "legacy");
    expect((await legacy.call(tunnelList, { tableName: "orders" })).tunnels).toEqual([]);
    await legacy.close();
  });
});
