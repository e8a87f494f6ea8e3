import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { changesOf, eventually, FIRST_PROJECT_MS, messagesOf, StackProject, type CommandResult, type RunningCommand } from "./harness.ts";
import { csvOf, outputsOf, resourceOf, tableferry } from "./tableferry-project.ts";

const ROWS = 60_000;

/** A copy of a file into a table; slow enough to be met under way where `limits` says so. */
const program = (migration: string, table = "") => `
import { EmbeddedStore, Instance, Migration, Table } from "tableferry/pulumi";
const store = new EmbeddedStore("store", { dataDir: ".tableferry/store" });
const modern = new Instance("modern", { store });
const orders = new Table("orders", { instance: modern, primaryKey: [{ name: "id", type: "string" }], ${table} });
const move = new Migration("move", { source: { type: "file", path: "orders.csv" }, target: orders, ${migration} });
export const rows = move.rows;
export const digest = move.digest;
`;

const slow = "limits: { rowsPerSecond: 6000 }";

async function newProject(migration: string): Promise<StackProject> {
  const project = await StackProject.create({ files: { "index.ts": program(migration), "orders.csv": csvOf(ROWS) } });
  onTestFinished(() => project[Symbol.asyncDispose]());
  return project;
}

/** An `up` whose copy is under way: some rows are acknowledged, some are not. */
async function underWay(project: StackProject): Promise<RunningCommand> {
  const up = project.start("up", "--skip-preview");
  const copied = () =>
    up.events().some(({ diagnosticEvent }) => /copied [1-9][\d,]* of about/.test(diagnosticEvent?.message ?? "")) || undefined;
  const early = up.result.then(({ stdout, stderr }) => {
    throw new Error(`the update ended before it could be interrupted:\n${stdout}${stderr}`);
  });
  await Promise.race([eventually("rows are being copied", copied, 90_000), early]);
  early.catch(() => undefined);
  return up;
}

/** The first count of copied rows that the resource's row has shown. */
function firstCopied({ events }: CommandResult): number {
  const shown = events.map(({ diagnosticEvent }) => /copied ([\d,]+) of about/.exec(diagnosticEvent?.message ?? "")?.[1]);
  return Number(shown.find((rows) => rows !== undefined)?.replaceAll(",", ""));
}

const rowsAt = (outputs: Readonly<Record<string, unknown>>) => Number(outputs["rows"]);

describe("a migration that is interrupted", () => {
  test(
    "by Ctrl-C stops at a checkpoint within 3 s, and the next up goes on from there",
    async () => {
      const project = await newProject(slow);
      const up = await underWay(project);
      const pressed = performance.now();
      up.interrupt();
      const stopped = await up.result;
      const seconds = (performance.now() - pressed) / 1000;
      expect(stopped.exitCode).not.toBe(0);
      expect(messagesOf(stopped).join("\n")).toContain("TF_STOPPED: it was asked to stop");
      const half = outputsOf(await project.exportStack(), "move");
      expect(half).toMatchObject({ outcome: "stopped", certificate: "" });
      expect(rowsAt(half)).toBeGreaterThan(0);
      expect(rowsAt(half)).toBeLessThan(ROWS);
      expect(existsSync(join(project.folder, ".tableferry/stop/test/move"))).toBe(false);
      expect(seconds, "seconds from Ctrl-C to the end of pulumi").toBeLessThan(5);
      console.info(`from Ctrl-C to the end of pulumi: ${seconds.toFixed(1)} s, ${String(rowsAt(half))} rows acknowledged`);

      const status = await tableferryStatus(project);
      expect(status).toMatchObject({ stage: "copying" });
      const resumed = await project.up("--skip-preview");
      expect(resumed.exitCode, resumed.stdout + resumed.stderr).toBe(0);
      expect(changesOf(resumed)).toMatchObject({ update: 1 });
      expect(firstCopied(resumed), "rows the resumed run begins with").toBeGreaterThanOrEqual(rowsAt(half));
      expect(outputsOf(await project.exportStack(), "move")).toMatchObject({ outcome: "complete", rows: ROWS });
    },
    FIRST_PROJECT_MS,
  );

  test("by its time-out records how far it came; without one it comes to its end", async () => {
    const project = await newProject(`${slow}, timeoutSeconds: 2`);
    const first = await project.up("--skip-preview");
    expect(first.exitCode).not.toBe(0);
    expect(messagesOf(first).join("\n")).toContain("timeoutSeconds have passed");
    expect(outputsOf(await project.exportStack(), "move")).toMatchObject({ outcome: "stopped" });
    expect(resourceOf(await project.exportStack(), "move").initErrors).toHaveLength(1);
    project.writeFile("index.ts", program(""));
    const second = await project.up("--skip-preview");
    expect(second.exitCode, second.stdout + second.stderr).toBe(0);
    expect(outputsOf(await project.exportStack(), "move")).toMatchObject({ outcome: "complete", rows: ROWS });
  });

  test("by SIGKILL of the engine: the provider leaves by itself, unlock frees the stack, and up goes on", async () => {
    const project = await newProject(slow);
    const up = await underWay(project);
    up.kill();
    await up.result;
    await eventually("the provider has left", () => !project.processes().some(({ role }) => role === "provider") || undefined, 10_000);
    const before = await tableferryStatus(project);
    expect(before).toMatchObject({ stage: "copying" });

    const locked = await project.up("--skip-preview");
    expect(locked.stderr + locked.stdout).toContain("locked");
    const unlocked = await tableferry(project, "unlock", "--stack", "test", "--yes", "--pulumi", project.cli.bin);
    expect(unlocked.exitCode, unlocked.stdout + unlocked.stderr).toBe(0);
    expect((await project.exportStack()).deployment.pending_operations ?? []).toEqual([]);

    project.writeFile("index.ts", program(""));
    const resumed = await project.up("--skip-preview");
    expect(resumed.exitCode, resumed.stdout + resumed.stderr).toBe(0);
    expect(outputsOf(await project.exportStack(), "move")).toMatchObject({ outcome: "complete", rows: ROWS });
  });
});

/** What the job's own state says, asked in the way an on-call engineer would. */
async function tableferryStatus(project: StackProject): Promise<Record<string, unknown>> {
  const store = outputsOf(await project.exportStack(), "store");
  const job = `
name: move
source: { type: file, path: orders.csv }
target: { type: table-store, endpoint: "${String(store["endpoint"])}", instance: modern, table: orders, credentials: { file: .tableferry/store/keys.json } }
`;
  writeFileSync(join(project.folder, "move.yaml"), job);
  const { stdout } = await tableferry(project, "status", "move.yaml", "--json");
  return JSON.parse(stdout) as Record<string, unknown>;
}

describe("a provider that is killed in the middle of create", () => {
  let project: StackProject;
  const migrations: string[] = [];

  beforeAll(async () => {
    project = await StackProject.create({ files: { "index.ts": "export {};", "orders.csv": csvOf(20_000) } });
  }, FIRST_PROJECT_MS);

  afterAll(() => project[Symbol.asyncDispose]());

  test.each(["plan", "acknowledged:2", "verify:1", "certificate"])(
    "at %s: the next up goes on, and the copy is complete, proved and recorded",
    async (point) => {
      const name = `at-${point.replace(":", "-")}`;
      const table = name.replaceAll("-", "_");
      migrations.push(`
      new Migration("${name}", {
        source: { type: "file", path: "orders.csv" },
        target: new Table("${table}", { instance: modern, primaryKey: [{ name: "id", type: "string" }] }),
        leaseSeconds: 2,
      });`);
      project.writeFile("index.ts", `${program("").split("const orders")[0] ?? ""}${migrations.join("")}`);
      project.env["TABLEFERRY_FAULT"] = point;
      const killed = await project.up("--skip-preview");
      delete project.env["TABLEFERRY_FAULT"];
      expect(killed.exitCode, killed.stdout + killed.stderr).not.toBe(0);
      expect((await project.exportStack()).deployment.resources?.some(({ urn }) => urn.endsWith(`::${name}`))).toBe(false);

      const again = await project.up("--skip-preview");
      expect(again.exitCode, again.stdout + again.stderr).toBe(0);
      const outputs = outputsOf(await project.exportStack(), name);
      expect(outputs).toMatchObject({ outcome: "complete", rows: 20_000, rejectedRows: 0 });
      expect(outputs["certificateFingerprint"]).toMatch(/^SHA256:/);
    },
  );
});

describe("a migration that is complete", () => {
  let project: StackProject;
  let digest: unknown;

  beforeAll(async () => {
    project = await StackProject.create({ files: { "index.ts": program(""), "orders.csv": csvOf(300) } });
    const up = await project.up("--skip-preview");
    expect(up.exitCode, up.stdout + up.stderr).toBe(0);
    digest = outputsOf(await project.exportStack(), "move")["digest"];
  }, FIRST_PROJECT_MS);

  afterAll(() => project[Symbol.asyncDispose]());

  test("does nothing for other limits, and the preview says so", async () => {
    project.writeFile("index.ts", program("limits: { workers: 2 }"));
    const before = outputsOf(await project.exportStack(), "move");
    expect(messagesOf(await project.preview())).toEqual(["info: nothing runs now; the change takes effect in the next run"]);
    expect((await project.up("--skip-preview")).exitCode).toBe(0);
    expect(outputsOf(await project.exportStack(), "move")).toEqual({ ...before, limits: { workers: 2 } });
  });

  test("refuses a changed mapping in the preview, until recopy is declared, and says what that does", async () => {
    const mapping = 'mapping: { columns: { title: "name" } }';
    project.writeFile("index.ts", program(mapping));
    const refused = await project.preview();
    expect(refused.exitCode).not.toBe(0);
    expect(refused.stdout + refused.stderr).toContain('mapping: changed after the migration was made; set onChange: "recopy"');
    project.writeFile("index.ts", program(`${mapping}, onChange: "recopy"`));
    const up = await project.up();
    expect(up.exitCode, up.stdout + up.stderr).toBe(0);
    const after = outputsOf(await project.exportStack(), "move");
    expect(after).toMatchObject({ outcome: "complete", rows: 300 });
    expect(after["digest"]).not.toBe(digest);
    project.writeFile("index.ts", program('onChange: "recopy"'));
    expect((await project.up("--skip-preview")).exitCode).toBe(0);
    expect(outputsOf(await project.exportStack(), "move")["digest"]).toBe(digest);
  });

  test("runs again when a trigger changes", async () => {
    writeFileSync(join(project.folder, "orders.csv"), `${csvOf(300)}999999,late,1\n`);
    project.writeFile("index.ts", program('onChange: "recopy", triggers: ["once more"]'));
    const up = await project.up("--skip-preview");
    expect(up.exitCode, up.stdout + up.stderr).toBe(0);
    expect(outputsOf(await project.exportStack(), "move")).toMatchObject({ rows: 301 });
  });

  test("runs again by --replace", async () => {
    writeFileSync(join(project.folder, "orders.csv"), readFileSync(join(project.folder, "orders.csv"), "utf8").replace("late", "later"));
    const before = outputsOf(await project.exportStack(), "move");
    const up = await project.up("--skip-preview", "--replace", resourceOf(await project.exportStack(), "move").urn);
    expect(up.exitCode, up.stdout + up.stderr).toBe(0);
    const after = outputsOf(await project.exportStack(), "move");
    expect(after).toMatchObject({ outcome: "complete", rows: 301 });
    expect(after["digest"]).not.toBe(before["digest"]);
  });

  test("keeps its name and its completion through a rename with an alias", async () => {
    const renamed = program('onChange: "recopy", triggers: ["once more"]')
      .replace('Migration("move", {', 'Migration("relocate", {')
      .replace(/\}\);\nexport const rows/, '}, { aliases: [{ name: "move" }] });\nexport const rows');
    project.writeFile("index.ts", renamed);
    const up = await project.up("--skip-preview");
    expect(up.exitCode, up.stdout + up.stderr).toBe(0);
    expect(Object.keys(changesOf(up))).toEqual(["same"]);
    expect(outputsOf(await project.exportStack(), "relocate")).toMatchObject({ jobName: "move", outcome: "complete", rows: 301 });
  });
});
