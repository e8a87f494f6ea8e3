import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { checkCertificate } from "../../src/verify/certificate.ts";
import { changesOf, FIRST_PROJECT_MS, messagesOf, StackProject } from "./harness.ts";
import { csvOf, outputsOf, tableferry } from "./tableferry-project.ts";

const ROWS = 500;

const program = (verification: string) => `
import { EmbeddedStore, Instance, Migration, Table, Verification } from "tableferry/pulumi";
const store = new EmbeddedStore("store", { dataDir: ".tableferry/store" });
const modern = new Instance("modern", { store });
const orders = new Table("orders", { instance: modern, primaryKey: [{ name: "id", type: "string" }] });
const copies = new Table("copies", { instance: modern, primaryKey: [{ name: "id", type: "string" }] });
const load = new Migration("load", { source: { type: "file", path: "orders.csv" }, target: orders, verify: { coverage: "none" } });
const copy = new Migration("copy", { source: load.target, target: copies, verify: { coverage: "none" } });
const proof = new Verification("proof", { source: load.target, target: copy.target, ${verification} });
export const equal = proof.equal;
`;

describe("a verification as a resource", () => {
  let project: StackProject;

  beforeAll(async () => {
    project = await StackProject.create({ files: { "index.ts": program(""), "orders.csv": csvOf(ROWS) } });
    const up = await project.up("--skip-preview");
    expect(up.exitCode, up.stdout + up.stderr).toBe(0);
  }, FIRST_PROJECT_MS);

  afterAll(() => project[Symbol.asyncDispose]());

  const proof = async () => outputsOf(await project.exportStack(), "proof");

  test("records that both sides are equal, with their digests and a certificate that holds", async () => {
    const outputs = await proof();
    expect(outputs).toMatchObject({ outcome: "complete", equal: true, sourceRows: ROWS, targetRows: ROWS, differenceCount: 0 });
    expect(outputs["sourceDigest"]).toBe(outputs["targetDigest"]);
    const { valid, certificate } = checkCertificate(readFileSync(join(project.folder, String(outputs["certificate"]))));
    expect([valid, certificate?.verdict, certificate?.signer.fingerprint]).toEqual([true, "equal", outputs["certificateFingerprint"]]);
  });

  test("a migration that was not verified claims no digest and no certificate", async () => {
    expect(outputsOf(await project.exportStack(), "copy")).toMatchObject({ outcome: "complete", rows: ROWS, digest: "", certificate: "" });
  });

  test("runs again when a trigger changes, fails by the name of the row that differs, and is repeated by the next up", async () => {
    const edit = await tableferry(
      project,
      "table",
      "put",
      "copies",
      "--instance",
      "modern",
      '{"id": "000007", "name": "somebody else", "amount": "21"}',
    );
    expect(edit.exitCode, edit.stderr).toBe(0);
    expect(Object.keys(changesOf(await project.up("--skip-preview")))).toEqual(["same"]);

    project.writeFile("index.ts", program('triggers: ["edited"]'));
    const different = await project.up("--skip-preview");
    expect(different.exitCode).not.toBe(0);
    expect(messagesOf(different).join("\n")).toMatch(/TF_DIFFERENT[\s\S]*000007/);
    expect(await proof()).toMatchObject({ outcome: "different", equal: false, differenceCount: 1 });

    const repaired = await tableferry(
      project,
      "table",
      "put",
      "copies",
      "--instance",
      "modern",
      '{"id": "000007", "name": "name 7", "amount": "21"}',
    );
    expect(repaired.exitCode, repaired.stderr).toBe(0);
    const again = await project.up("--skip-preview");
    expect(again.exitCode, again.stdout + again.stderr).toBe(0);
    expect(await proof()).toMatchObject({ outcome: "complete", equal: true });
  });

  test("reports instead of failing where that was asked for", async () => {
    await tableferry(
      project,
      "table",
      "put",
      "copies",
      "--instance",
      "modern",
      '{"id": "000008", "name": "somebody else", "amount": "24"}',
    );
    project.writeFile("index.ts", program('triggers: ["edited again"], verify: { onMismatch: "report" }'));
    const up = await project.up("--skip-preview");
    expect(up.exitCode, up.stdout + up.stderr).toBe(0);
    expect(await proof()).toMatchObject({ outcome: "complete", equal: false, differenceCount: 1 });
  });
});
