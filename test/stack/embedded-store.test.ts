import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { changesOf, FIRST_PROJECT_MS, messagesOf, StackProject } from "./harness.ts";

const program = (rest = "") => `
import { EmbeddedStore, Instance, Table } from "tableferry/pulumi";
const store = new EmbeddedStore("laptop", { dataDir: "data/store" });
const legacy = new Instance("legacy", { store });
const orders = new Table("orders", { instance: legacy, primaryKey: [{ name: "id", type: "string" }] });
export const endpoint = store.endpoint;
export const place = orders.place;
${rest}`;

let project: StackProject;

beforeAll(async () => {
  project = await StackProject.create({ files: { "index.ts": program() } });
}, FIRST_PROJECT_MS);

afterAll(async () => {
  await project[Symbol.asyncDispose]();
});

describe("an embedded store as a resource", () => {
  test("knows its address in the first preview", async () => {
    const preview = await project.preview();
    expect(preview.stdout + preview.stderr).toMatch(/endpoint: "http:\/\/127\.0\.0\.1:\d+"/);
  });

  test("up starts the server, and a second up changes nothing", async () => {
    const first = await project.up();
    console.log(first.stdout, first.stderr);
    expect(first.exitCode).toBe(0);
    const second = await project.up();
    expect(changesOf(second)).toEqual({ same: 6 });
    console.log(second.stdout, second.stderr, second.milliseconds, messagesOf(second));
  });

  test("destroy stops it and leaves the data, saying so", async () => {
    const destroyed = await project.destroy();
    expect(destroyed.exitCode).toBe(0);
    console.log(destroyed.stdout, messagesOf(destroyed), project.processes());
    expect(existsSync(join(project.folder, "data/store/store.json"))).toBe(true);
    console.log(readFileSync(join(project.folder, "data/store/server.log"), "utf8"));
  });
});
