import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { TableStoreClient } from "../../src/client/table-store-client.ts";
import { encodeChange } from "../../src/wire/plainbuffer/encode.ts";
import { changesOf, FIRST_PROJECT_MS, messagesOf, StackProject, type CommandResult } from "./harness.ts";
import { namesById } from "./names-by-id.ts";
import { outputsOf, resourceOf, serversOf, tableferry } from "./tableferry-project.ts";
import { ownKeyOf, Writers, type WriterSides } from "./writers.ts";

const MAX_FENCE_SECONDS = 60;
const JOB_FILE = ".tableferry/sync/test/orders.json";

const base = `
import { EmbeddedStore, Instance, ReplicatedTable, Table } from "tableferry/pulumi";
const store = new EmbeddedStore("store", { dataDir: ".tableferry/store" });
const legacy = new Instance("legacy", { store });
const modern = new Instance("modern", { store });
`;

/** A table that the applications use, before anybody thinks of moving it. */
const before = `${base}new Table("orders", { instance: legacy, primaryKey: [{ name: "id", type: "string" }] });`;

const program = (phase: string, more = "") => `${before}
const numbers = { columns: { amount: { from: "amount", as: "integer" } } };   // an amount that is no number is put aside
const orders = new ReplicatedTable("orders", {
  source:      { instance: legacy, table: "orders" },
  target:      { instance: modern, table: { primaryKey: [{ name: "id", type: "string" }] } },
  mapping:     numbers,
  backMapping: numbers,
  verify:      { coverage: "all", onMismatch: "fail" },
  sync:        { runner: { local: { workers: 2 } }, continuous: { everySeconds: 5 } },
  phase:       "${phase}",
  ${more}
});
export const certificate = orders.verification.certificate;
export const writers = orders.writers;
export const fenceSeconds = orders.fenceSeconds;
export const lagSeconds = orders.lagSeconds;
`;

const text = (result: CommandResult) => result.stdout + result.stderr;

async function succeed(result: Promise<CommandResult>): Promise<CommandResult> {
  const done = await result;
  expect(done.exitCode, text(done)).toBe(0);
  return done;
}

async function refused(result: Promise<CommandResult>, words: string): Promise<void> {
  const done = await result;
  expect(done.exitCode, text(done)).not.toBe(0);
  expect(messagesOf(done).join("\n")).toContain(words);
}

const workersOf = (project: StackProject) => project.processes().filter(({ command }) => command.includes(" sync run "));

type Rows = ReadonlyMap<string, unknown>;

/** Keys whose last acknowledged write is not what a side holds. */
function missing(acknowledged: ReadonlyMap<string, string>, rows: Rows): string[] {
  return [...acknowledged].filter(([key, value]) => rows.get(key) !== value).map(([key]) => key);
}

describe("a table that moves while it is written", () => {
  let project: StackProject;
  /** Of the store's owner, as the job's are. */
  let owner: WriterSides;
  let writers: Writers | undefined;
  const clients: TableStoreClient[] = [];
  const opened = (client: TableStoreClient) => (clients.push(client), client);

  const declare = (phase: string, more?: string) => project.writeFile("index.ts", program(phase, more));
  const status = async () =>
    JSON.parse((await tableferry(project, "sync", "status", JOB_FILE, "--json")).stdout) as { readonly parked: number };
  const standing = async () => outputsOf(await project.exportStack(), "orders-writers");

  beforeAll(async () => {
    project = await StackProject.create({
      files: { "index.ts": `${before}new Table("made", { instance: modern, primaryKey: [{ name: "id", type: "string" }] });` },
    });
    await succeed(project.up("--skip-preview"));
    const endpoint = String(outputsOf(await project.exportStack(), "store")["endpoint"]);
    const keys = JSON.parse(readFileSync(join(project.folder, ".tableferry/store/keys.json"), "utf8")) as Record<
      "accessKeyId" | "accessKeySecret",
      string
    >;
    const root = { id: keys.accessKeyId, secret: keys.accessKeySecret };
    const as = (instance: string, credentials: typeof root) => opened(new TableStoreClient({ endpoint, instance, credentials }));
    owner = { source: as("legacy", root), target: as("modern", root) };
    const own = async (instance: string) => as(instance, await ownKeyOf(endpoint, root, instance));
    writers = new Writers({ source: await own("legacy"), target: await own("modern") }, 4);
  }, FIRST_PROJECT_MS);

  afterAll(async () => {
    await writers?.stop();
    await Promise.all(clients.map((client) => client.close()));
    await project[Symbol.asyncDispose]();
  });

  test("nothing can be cut over before it is copied", async () => {
    declare("cutover");
    await refused(project.preview(), '"cutover" follows "sync" or "reverse" only, and there is nothing yet: declare phase: "copy" first');
  });

  test("phase copy proves the copy, certifies it, and keeps writers from the target", async () => {
    declare("copy");
    await succeed(project.up("--skip-preview"));
    const { certificate } = outputsOf(await project.exportStack(), "orders-proof");
    expect(certificate).toBe(".tableferry/certificates/orders.proof.json");
    expect(existsSync(join(project.folder, String(certificate)))).toBe(true);
    expect(await standing()).toMatchObject({ writers: "source", turns: 0 });
    expect(writers!.refused).toEqual({ source: 0, target: 0 });
  });

  test("from copy to cutover is one step too many", async () => {
    declare("cutover");
    await refused(project.preview(), 'this is "copy": declare phase: "sync" first');
  });

  test("phase sync, and a second up has no diff", async () => {
    declare("sync");
    await succeed(project.up("--skip-preview"));
    expect(Object.keys(changesOf(await succeed(project.up("--skip-preview"))))).toEqual(["same"]);
  });

  test("a cut-over with a parked key is refused with its reason, and changes nothing", async () => {
    const key = [{ name: "id", value: "parked" }];
    const put = (value: string | bigint) =>
      owner.source.putRow({
        tableName: "orders",
        change: encodeChange({ type: "put", key, cells: [{ name: "amount", value }] }),
        condition: { existence: "ignore" },
      });
    await put("many");
    await vi.waitFor(async () => expect((await status()).parked).toBe(1), 30_000);
    declare("cutover");
    await refused(project.preview(), "✗ rejects: 1 keys are put aside, 0 are allowed");
    await refused(project.up("--skip-preview"), "✗ rejects: 1 keys are put aside, 0 are allowed");
    expect(await standing()).toMatchObject({ writers: "source", phase: "sync", turns: 0 });
    await put(1n);
    const replay = await tableferry(project, "rejects", "replay", JOB_FILE);
    expect(replay.exitCode, replay.stderr).toBe(0);
    expect((await status()).parked).toBe(0);
  });

  test("so is one whose verification is too old", async () => {
    declare("cutover", "cutOver: { maxVerificationAgeSeconds: 0 }, waitSeconds: 2,");
    await refused(project.up("--skip-preview"), "✗ verification: every row was verified within the last");
    expect(await standing()).toMatchObject({ writers: "source", phase: "sync", turns: 0 });
    expect(writers!.refused).toEqual({ source: 0, target: 0 });
  });

  test("phase cutover moves the writers, and the change reverted moves them back: no acknowledged write is missing", async () => {
    declare("cutover");
    const preview = messagesOf(await succeed(project.preview())).join("\n");
    for (const what of ["workers", "copy", "lag", "rejects", "verification", "way back"]) expect(preview).toContain(`✓ ${what}: `);
    await succeed(project.up("--skip-preview"));
    const there = await standing();
    expect(there).toMatchObject({ writers: "target", phase: "cutover", turns: 1 });
    expect(Object.keys(changesOf(await succeed(project.up("--skip-preview"))))).toEqual(["same"]);

    declare("sync");
    await succeed(project.up());
    const back = await standing();
    expect(back).toMatchObject({ writers: "source", phase: "sync", turns: 2 });
    expect(Object.keys(changesOf(await succeed(project.up("--skip-preview"))))).toEqual(["same"]);

    await writers!.stop();
    const { acknowledged, writes, refused: denied, longestMs } = writers!;
    expect(missing(acknowledged, await namesById(owner.source))).toEqual([]);
    await vi.waitFor(async () => expect(await namesById(owner.target)).toEqual(await namesById(owner.source)), 30_000);
    expect(denied.source).toBeGreaterThan(0);
    const fences = [there, back].map(({ fenceSeconds }) => Number(fenceSeconds));
    for (const seconds of fences) expect(seconds).toBeLessThanOrEqual(MAX_FENCE_SECONDS);
    console.log(
      `cut-over and way back: ${writes} writes acknowledged, 0 missing of ${acknowledged.size} keys; refused ${denied.source} times at the source, ${denied.target} at the target; ` +
        `fences ${fences.map((seconds) => seconds.toFixed(1)).join(" and ")} s of ${MAX_FENCE_SECONDS}; longest write ${(longestMs / 1000).toFixed(1)} s`,
    );
  });

  test("a cut-over by hand is drift, and the next up moves the writers to where they are declared", async () => {
    const run = await tableferry(project, "cutover", "run", JOB_FILE, "--yes");
    expect(run.exitCode, run.stderr).toBe(0);
    const up = await succeed(project.up("--skip-preview"));
    expect(changesOf(up)).toMatchObject({ update: 1 });
    expect(await standing()).toMatchObject({ writers: "source", turns: 4 });
  });

  test("destroy leaves no worker, and both tables with their rows, open to writers", async () => {
    const rows = await namesById(owner.source);
    const stack = await project.exportStack();
    const targets = ["orders-writers", "orders-proof", "orders-sync"].flatMap((name) => ["--target", resourceOf(stack, name).urn]);
    const destroyed = messagesOf(await succeed(project.destroy(...targets))).join("\n");
    expect(destroyed).toContain("both sides take writes again");
    expect(workersOf(project)).toEqual([]);
    expect(await namesById(owner.source)).toEqual(rows);
    expect(await namesById(owner.target)).toEqual(rows);
  });

  test("declared again it goes on, and phase retired ends it where the writers are then", async () => {
    declare("sync");
    await succeed(project.up("--skip-preview"));
    declare("retired");
    await refused(project.preview(), '"retired" follows "reverse" only, and this is "sync": declare phase: "cutover" first');
    for (const phase of ["cutover", "reverse", "retired"]) {
      declare(phase);
      await succeed(project.up("--skip-preview"));
    }
    expect(workersOf(project)).toEqual([]);
    expect(await standing()).toMatchObject({ writers: "target", phase: "retired", turns: 5 });
    expect(await namesById(owner.target)).toEqual(await namesById(owner.source));
    expect(Object.keys(changesOf(await succeed(project.up("--skip-preview"))))).toEqual(["same"]);
    declare("reverse");
    await refused(project.preview(), "it is retired");
  });

  test("destroy of the whole stack leaves no process", async () => {
    await succeed(project.destroy());
    expect([...workersOf(project), ...serversOf(project)]).toEqual([]);
  });
});
