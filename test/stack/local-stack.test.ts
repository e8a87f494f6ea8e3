import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { checkCertificate } from "../../src/verify/certificate.ts";
import { changesOf, FIRST_PROJECT_MS, messagesOf, StackProject, type CommandResult, type ExportedStack } from "./harness.ts";
import { fileOf, killServer, outputsOf, resourceOf, tableferry } from "./tableferry-project.ts";

const ROWS = 42_049;

/** The very files of stacks/local, at the same places below a project's folder. */
const files = Object.fromEntries(["stacks/local/index.ts", "stacks/local/mappings/zipcodes.ts"].map((path) => [path, fileOf(path)]));

describe("stacks/local", () => {
  let project: StackProject;
  let preview: CommandResult;
  let first: CommandResult;
  let state: ExportedStack;

  beforeAll(async () => {
    project = await StackProject.create({ files, main: "stacks/local/index.ts" });
    preview = await project.preview();
    first = await project.up("--skip-preview");
    state = await project.exportStack("--show-secrets");
  }, FIRST_PROJECT_MS);

  afterAll(() => project[Symbol.asyncDispose]());

  test("its first preview plans everything, before there is a store", () => {
    expect(preview.exitCode).toBe(0);
    const plan = messagesOf(preview).join("\n");
    expect(plan).toMatch(/a new store in \.tableferry\/store, at http:\/\/127\.0\.0\.1:\d+/);
    expect(plan).toMatch(/reads node_modules\/vega-datasets\/data\/zipcodes\.csv, about 4\d,\d{3} rows, 2\.0 MB/);
  });

  test("moves all rows twice, rejects none, and proves both copies", () => {
    expect(first.exitCode, first.stdout + first.stderr).toBe(0);
    const [load, move] = [outputsOf(state, "load"), outputsOf(state, "move")];
    expect([load, move]).toMatchObject(Array(2).fill({ outcome: "complete", rows: ROWS, rejectedRows: 0 }));
    expect(move["digest"]).toMatch(/^[0-9a-f]{64}$/);
    expect(move["digest"]).not.toBe(load["digest"]);
  });

  test("the certificate holds, and says what the outputs say", () => {
    const move = outputsOf(state, "move");
    const { valid, certificate } = checkCertificate(readFileSync(join(project.folder, String(move["certificate"]))));
    expect(valid).toBe(true);
    expect(certificate).toMatchObject({
      verdict: "equal",
      target: { rows: ROWS, digest: move["digest"] },
      signer: { fingerprint: move["certificateFingerprint"] },
    });
  });

  test("rows arrive under the new key, parsed, renamed and derived", async () => {
    const row = await tableferry(
      project,
      "table",
      "scan",
      "places",
      "--instance",
      "modern",
      "--from",
      "state=NY",
      "--from",
      "county=Suffolk",
      "--from",
      "zip=00501",
      "--limit",
      "1",
      "--format",
      "jsonl",
    );
    expect(JSON.parse(row.stdout)).toEqual({
      state: "NY",
      county: "Suffolk",
      zip: "00501",
      latitude: 40.922326,
      longitude: -72.637078,
      town: "Holtsville",
      label: "Holtsville, NY 00501",
    });
  });

  test("no secret is in the state, in the logs or in what was printed", () => {
    const keys = JSON.parse(readFileSync(join(project.folder, ".tableferry/store/keys.json"), "utf8")) as { accessKeySecret: string };
    expect(keys.accessKeySecret).toHaveLength(30);
    const log = readFileSync(join(project.folder, ".tableferry/store/server.log"), "utf8");
    for (const text of [JSON.stringify(state), preview.stdout, first.stdout, first.stderr, log])
      expect(text).not.toContain(keys.accessKeySecret);
    expect(statSync(join(project.folder, ".tableferry/store/keys.json")).mode & 0o777).toBe(0o600);
  });

  test("state holds no code and no path of this machine", () => {
    const migration = resourceOf(state, "move");
    expect(String(migration.inputs?.["__provider"]).length).toBeLessThan(150);
    const recorded = state.deployment.resources?.map(({ inputs, outputs }) => ({ inputs, outputs }));
    expect(JSON.stringify(recorded)).not.toContain(project.folder);
  });

  test("a second up changes nothing", async () => {
    const second = await project.up();
    expect(second.exitCode).toBe(0);
    expect(Object.keys(changesOf(second))).toEqual(["same"]);
    expect(messagesOf(second)).toEqual([]);
  });

  test("a server that was killed is started again by up, at its address, and nothing is copied again", async () => {
    const before = outputsOf(state, "laptop");
    await killServer(project);
    const again = await project.up();
    expect(again.exitCode, again.stdout + again.stderr).toBe(0);
    expect(changesOf(again)).toMatchObject({ update: 1 });
    const after = await project.exportStack();
    expect(outputsOf(after, "laptop")).toMatchObject({ endpoint: before["endpoint"], storeId: before["storeId"], status: "running" });
    expect(outputsOf(after, "move")).toEqual(outputsOf(state, "move"));
  });

  test("destroy stops the server and says what stays; up then finds everything in place", async () => {
    const destroyed = await project.destroy();
    expect(messagesOf(destroyed)).toEqual(
      expect.arrayContaining([
        expect.stringContaining("table places of instance modern stays with its rows"),
        expect.stringContaining("the data stays in .tableferry/store"),
      ]),
    );
    expect(project.processes()).toEqual([]);
    const again = await project.up();
    expect(again.exitCode, again.stdout + again.stderr).toBe(0);
    expect(outputsOf(await project.exportStack(), "move")).toMatchObject({
      outcome: "complete",
      rows: ROWS,
      digest: outputsOf(state, "move")["digest"],
    });
  });
});
