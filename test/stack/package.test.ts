import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { changesOf, FIRST_PROJECT_MS, StackProject, type StackProjectOptions } from "./harness.ts";
import { csvOf } from "./tableferry-project.ts";

/** What users get: the packed tarball, installed into an empty folder by npm, no source of this checkout within reach. */
const CHECKOUT = join(import.meta.dirname, "..", "..");
let folder: string;
const run = (command: string, ...args: string[]) =>
  execFileSync(command, args, {
    cwd: folder,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, NODE_OPTIONS: "" },
  });

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "tableferry-package-"));
  execFileSync("npm", ["pack", "--silent", "--pack-destination", folder], { cwd: CHECKOUT, stdio: ["ignore", "ignore", "inherit"] });
  const tarball = readdirSync(folder).find((name) => name.endsWith(".tgz"))!;
  writeFileSync(join(folder, "package.json"), '{ "private": true }');
  const { devDependencies }: { devDependencies: Record<string, string> } = JSON.parse(readFileSync(join(CHECKOUT, "package.json"), "utf8"));
  run(
    "npm",
    "install",
    "--no-audit",
    "--no-fund",
    "--loglevel=error",
    "--prefer-offline",
    `./${tarball}`,
    `@pulumi/pulumi@${devDependencies["@pulumi/pulumi"]!}`,
  );
}, FIRST_PROJECT_MS);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("the packed package", () => {
  test("holds compiled code, documents and no sources or tests", () => {
    const files = readdirSync(join(folder, "node_modules/tableferry"), { recursive: true, encoding: "utf8" }).filter(
      (path) => !path.startsWith("node_modules"),
    );
    expect(files).toEqual(
      expect.arrayContaining(["LICENSE", "README.md", "CHANGELOG.md", "dist/src/index.js", "dist/components/index.d.ts"]),
    );
    expect(files.filter((path) => /\.test\.|(^|[^d])\.ts$/.test(path) && !path.endsWith(".d.ts"))).toEqual([]);
  });

  test("runs the quick example: a store of one's own, a row in, a row out", () => {
    writeFileSync(
      join(folder, "quick.mjs"),
      `import { startTableStore } from "tableferry/testing";
       import { TableStoreClient } from "tableferry";
       const store = await startTableStore();
       const client = new TableStoreClient({ endpoint: store.endpoint, instance: store.instanceName, credentials: { id: store.accessKeyId, secret: store.accessKeySecret } });
       await client.createTable({ meta: { tableName: "greetings", key: [{ name: "id", type: "string" }], definedColumns: [] }, reserved: { read: 0, write: 0 }, options: { timeToLive: -1, maxVersions: 1 }, partitions: [], indexes: [] });
       console.log((await client.listTable()).join());
       await client.close();
       await store.close();`,
    );
    expect(run(process.execPath, "quick.mjs").trim()).toBe("greetings");
  });

  test("brings the command", () => {
    expect(run(process.execPath, "node_modules/.bin/tableferry", "--version").trim()).toMatch(/^\d+\.\d+\.\d+/);
  });

  test("is one library for all its entries, imported or required: an error's class is the same", () => {
    const refusal = `startTableStore({ instances: ["-"] }).catch((error) => console.log(error instanceof TableferryError, error.constructor.name));`;
    writeFileSync(
      join(folder, "one.mjs"),
      `import { TableferryError } from "tableferry"; import { startTableStore } from "tableferry/testing"; ${refusal}`,
    );
    writeFileSync(
      join(folder, "one.cjs"),
      `const { TableferryError } = require("tableferry"); const { startTableStore } = require("tableferry/testing"); ${refusal}`,
    );
    expect(run(process.execPath, "one.mjs").trim()).toBe("true TableferryError");
    expect(run(process.execPath, "one.cjs").trim()).toBe("true TableferryError");
  });

  test("starts a store in memory from a few files, without any other package", () => {
    writeFileSync(
      join(folder, "few.mjs"),
      `import { registerHooks } from "node:module";
       const loaded = [];
       registerHooks({ load: (url, context, next) => { if (url.startsWith("file:")) loaded.push(url); return next(url, context); } });
       const { startTableStore } = await import("tableferry/testing");
       await (await startTableStore()).close();
       console.log(JSON.stringify(loaded));`,
    );
    const loaded: string[] = JSON.parse(run(process.execPath, "few.mjs"));
    expect(loaded.filter((url) => !url.includes("/node_modules/tableferry/dist/"))).toEqual([]);
    expect(loaded.length).toBeLessThan(20);
  });

  test("never loads Pulumi for the library", () => {
    writeFileSync(
      join(folder, "light.mjs"),
      `import "tableferry"; import { createRequire } from "node:module"; console.log(Object.keys(createRequire(import.meta.url).cache).filter((path) => path.includes("@pulumi")).length);`,
    );
    expect(run(process.execPath, "light.mjs").trim()).toBe("0");
  });
});

describe("a consumer's pulumi up", () => {
  const program = (imports: string) => `${imports}
const store = new EmbeddedStore("store", { dataDir: "data" });
const instance = new Instance("shop", { store });
const table = new Table("people", { instance, primaryKey: [{ name: "id", type: "string" }] });
new Migration("load", { source: { type: "file", path: "people.csv" }, target: table });
`;
  const project = (type: string, main: string, text: string): StackProjectOptions => ({
    files: { "package.json": `{ "type": "${type}" }`, [main]: text, "people.csv": csvOf(200) },
    main,
    nodeModules: join(folder, "node_modules"),
    env: { NODE_OPTIONS: "" },
  });

  test.each([
    ["an ES module", "module", "index.js", 'import { EmbeddedStore, Instance, Migration, Table } from "tableferry/pulumi";'],
    ["CommonJS", "commonjs", "index.js", 'const { EmbeddedStore, Instance, Migration, Table } = require("tableferry/pulumi");'],
  ])("copies and proves as %s, and changes nothing the second time", async (_title, type, main, imports) => {
    await using consumer = await StackProject.create(project(type, main, program(imports)));
    const first = await consumer.up();
    expect(first.exitCode, first.stdout + first.stderr).toBe(0);
    expect(first.stdout).toContain("200");
    const second = await consumer.up("--skip-preview");
    expect(second.exitCode, second.stdout + second.stderr).toBe(0);
    expect(Object.keys(changesOf(second))).toEqual(["same"]);
    expect((await consumer.destroy()).exitCode).toBe(0);
  });
});
