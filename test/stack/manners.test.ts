import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { changesOf, FIRST_PROJECT_MS, messagesOf, StackProject, type CommandResult } from "./harness.ts";
import { csvOf, outputsOf, tableferry } from "./tableferry-project.ts";

const text = (result: CommandResult) => result.stdout + result.stderr;

interface Parts {
  readonly store?: string;
  readonly table?: string;
  readonly tableOptions?: string;
  readonly migration?: string;
}

const program = ({ store = "", table = "", tableOptions = "", migration = "" }: Parts = {}) => `
import { EmbeddedStore, Instance, Migration, Table } from "tableferry/pulumi";
const store = new EmbeddedStore("store", { dataDir: "data/store", ${store} });
const modern = new Instance("modern", { store });
const orders = new Table("orders", { instance: modern, primaryKey: [{ name: "id", type: "string" }], ${table} }, { ${tableOptions} });
const move = new Migration("move", { source: { type: "file", path: "orders.csv" }, target: orders, ${migration} });
export const place = orders.place;
`;

describe("Pulumi manners", () => {
  let project: StackProject;

  beforeAll(async () => {
    project = await StackProject.create({ files: { "index.ts": program(), "orders.csv": csvOf(100) } });
    const up = await project.up("--skip-preview");
    expect(up.exitCode, text(up)).toBe(0);
  }, FIRST_PROJECT_MS);

  afterAll(() => project[Symbol.asyncDispose]());

  const use = (parts: Parts) => project.writeFile("index.ts", program(parts));

  test("wrong arguments are named by their property, on the resource's row, before anything is done", async () => {
    use({ table: "maxVersions: 0", migration: 'verify: { coverge: "all" }, triggers: ["x"]' });
    const preview = await project.preview();
    expect(preview.exitCode).not.toBe(0);
    expect(text(preview)).toContain("maxVersions: expected a whole number from 1");
    use({ migration: 'verify: { coverge: "all" }, triggers: ["x"]' });
    const second = await project.preview();
    expect(text(second)).toMatch(/verify\.coverge: unknown field; did you mean `coverage`\?/);
    expect(text(second)).not.toMatch(/^\s+at .*\.(ts|js):\d+/m);
  });

  test("a key that changes is refused, with a way that works: another name is another table", async () => {
    const other = `tableName: "orders_by_amount"`;
    project.writeFile("index.ts", program().replace('name: "id", type: "string"', 'name: "amount", type: "string"'));
    expect(text(await project.preview())).toContain("the key of a table cannot change");
    project.writeFile(
      "index.ts",
      program({ table: other, migration: 'onChange: "recopy"' }).replace('name: "id", type: "string"', 'name: "amount", type: "string"'),
    );
    const up = await project.up("--skip-preview");
    expect(up.exitCode, text(up)).toBe(0);
    expect(messagesOf(up).join("\n")).toContain("table orders of instance modern stays with its rows");
    use({ migration: 'onChange: "recopy"' });
    const back = await project.up("--skip-preview");
    expect(back.exitCode, text(back)).toBe(0);
  });

  test("a table whose rows are protected is neither deleted nor replaced, and what stays is said", async () => {
    use({ tableOptions: "protect: true", migration: 'onChange: "recopy"' });
    expect((await project.up("--skip-preview")).exitCode).toBe(0);
    const refused = await project.destroy();
    expect(refused.exitCode).not.toBe(0);
    expect(text(refused)).toContain("protect");
    use({ migration: 'onChange: "recopy"' });
    expect((await project.up("--skip-preview")).exitCode).toBe(0);
  });

  test("refresh shows a table that was dropped by hand; up makes it and copies again", async () => {
    const dropped = await tableferry(project, "table", "delete", "orders", "--drop", "--yes", "--instance", "modern");
    expect(dropped.exitCode, dropped.stderr).toBe(0);
    const refreshed = await project.refresh();
    expect(changesOf(refreshed)).toMatchObject({ delete: 1 });
    const up = await project.up("--skip-preview");
    expect(up.exitCode, text(up)).toBe(0);
    expect(outputsOf(await project.exportStack(), "move")).toMatchObject({ outcome: "complete", rows: 100 });
    const { stdout } = await tableferry(project, "table", "scan", "orders", "--instance", "modern", "--format", "jsonl");
    expect(stdout.trim().split("\n")).toHaveLength(100);
  });

  test("refresh shows a table that was made anew with other options; up gives it the declared ones and copies again", async () => {
    await tableferry(project, "table", "delete", "orders", "--drop", "--yes", "--instance", "modern");
    const made = await tableferry(
      project,
      "table",
      "create",
      "orders",
      "--instance",
      "modern",
      "--key",
      "id:string",
      "--max-versions",
      "3",
    );
    expect(made.exitCode, made.stderr).toBe(0);
    const refreshed = await project.refresh();
    expect(changesOf(refreshed)).toMatchObject({ update: 1 });
    expect(outputsOf(await project.exportStack(), "orders-table")).toMatchObject({ maxVersions: 3 });
    const up = await project.up("--skip-preview");
    expect(up.exitCode, text(up)).toBe(0);
    const { stdout } = await tableferry(project, "table", "describe", "orders", "--instance", "modern", "--json");
    expect(JSON.parse(stdout)).toMatchObject({ options: { maxVersions: 1 } });
    expect(outputsOf(await project.exportStack(), "move")).toMatchObject({ outcome: "complete", rows: 100 });
  });

  test("refresh shows a server that is stopped, and leaves everything on it as it was recorded", async () => {
    const before = await project.exportStack();
    const store = outputsOf(before, "store");
    for (const { pid, command } of project.processes()) if (command.includes(" serve ")) process.kill(pid, "SIGTERM");
    const refreshed = await project.refresh();
    expect(refreshed.exitCode, text(refreshed)).toBe(0);
    const after = await project.exportStack();
    expect(outputsOf(after, "store")).toEqual({ ...store, status: "stopped" });
    expect(outputsOf(after, "orders-table")).toEqual(outputsOf(before, "orders-table"));
    expect((await project.up("--skip-preview")).exitCode).toBe(0);
    expect(outputsOf(await project.exportStack(), "store")).toEqual(store);
  });

  test("a table that is there as declared is taken; with other options only when it is adopted", async () => {
    const made = await tableferry(project, "table", "create", "found", "--instance", "modern", "--key", "id:string", "--max-versions", "5");
    expect(made.exitCode, made.stderr).toBe(0);
    const found = (adopt: string) => `${program({ migration: 'onChange: "recopy"' })}
new Table("found", { instance: modern, primaryKey: [{ name: "id", type: "string" }], ${adopt} });`;
    project.writeFile("index.ts", found(""));
    const refused = await project.up("--skip-preview");
    expect(refused.exitCode).not.toBe(0);
    expect(text(refused)).toMatch(/TF_TABLE_THERE[\s\S]*maxVersions 5[\s\S]*adopt: true/);
    project.writeFile("index.ts", found("adopt: true"));
    const adopted = await project.up("--skip-preview");
    expect(adopted.exitCode, text(adopted)).toBe(0);
    use({ migration: 'onChange: "recopy"' });
    const removed = await project.up("--skip-preview");
    expect(messagesOf(removed).join("\n")).toContain("table found of instance modern stays");
  });

  test("state as an earlier version recorded it is read: what is complete is not done again", async () => {
    const stack = await project.exportStack();
    const later = ["__self", "incarnation", "targetIncarnation", "sourceIncarnation", "storeId", "status", "certificateFingerprint"];
    const older = (properties: Readonly<Record<string, unknown>> = {}) =>
      Object.fromEntries(Object.entries(properties).filter(([name]) => !later.includes(name)));
    const resources = stack.deployment.resources?.map((resource) =>
      resource.type.startsWith("pulumi-nodejs:dynamic/")
        ? { ...resource, inputs: older(resource.inputs), outputs: older(resource.outputs) }
        : resource,
    );
    const file = join(project.folder, "older.json");
    writeFileSync(file, JSON.stringify({ ...stack, deployment: { ...stack.deployment, resources } }));
    expect((await project.run("stack", "import", "--stack", "test", "--file", file)).exitCode).toBe(0);
    const before = outputsOf(stack, "move");
    const up = await project.up("--skip-preview");
    expect(up.exitCode, text(up)).toBe(0);
    const after = outputsOf(await project.exportStack(), "move");
    expect(after).toMatchObject({ jobId: before["jobId"], seconds: before["seconds"], digest: before["digest"] });
    expect(Object.keys(changesOf(await project.up("--skip-preview")))).toEqual(["same"]);
  });

  test("deleteData, asked for by name, deletes the store's own files and nothing else", async () => {
    use({ store: "deleteData: true", migration: 'onChange: "recopy"' });
    expect((await project.up("--skip-preview")).exitCode).toBe(0);
    writeFileSync(join(project.folder, "data/store/notes.txt"), "mine");
    const destroyed = await project.destroy();
    expect(destroyed.exitCode, text(destroyed)).toBe(0);
    expect(existsSync(join(project.folder, "data/store/store.json"))).toBe(false);
    expect(existsSync(join(project.folder, "data/store/notes.txt"))).toBe(true);
    expect(project.processes()).toEqual([]);
  });
});
