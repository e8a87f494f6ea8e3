import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Comparison, Properties } from "../../../components/provider/handlers.ts";
import { jobInputNames } from "../../../components/provider/job-inputs.ts";
import { migrationHandlers } from "../../../components/provider/migration.ts";
import { UNKNOWN } from "../../../components/provider/unknown.ts";
import { verificationHandlers } from "../../../components/provider/verification.ts";
import { migrationSpec } from "../../../src/job/job-spec.ts";
import { testSubject, type TestSubject } from "./subject.ts";

let folder: string;
let subject: TestSubject;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tableferry-jobs-"));
  subject = testSubject(folder);
  write("source.csv", "id,name\n1,one\n2,two\n3,three\n");
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(path: string, text: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
}

const source = { type: "file", path: "source.csv", key: [{ name: "id", type: "string" }] };
const target = { type: "file", path: "target.jsonl" };
const asked = (more: Properties = {}): Properties => ({ source, target, ...more });

const checkOf = (kind: typeof migrationHandlers, given: Properties, before?: Properties, name = "move") =>
  kind.check({ asked: given, before, name }, subject);
const checked = async (given: Properties, before?: Properties) => {
  const { inputs, failures } = await checkOf(migrationHandlers, given, before);
  expect(failures).toEqual([]);
  return inputs;
};
const made = async (inputs: Properties): Promise<Properties> => ({
  ...inputs,
  ...(await migrationHandlers.create(inputs, subject)).outputs,
});
const compare = (before: Properties, now: Properties): Comparison => ({ id: "move", before, now });
const updated = async (before: Properties, now: Properties): Promise<Properties> => ({
  ...now,
  ...(await migrationHandlers.update(compare(before, now), subject)),
});
const targetRows = () => readFileSync(join(folder, "target.jsonl"), "utf8").trim().split("\n").length;

describe("checking a job", () => {
  test.each([
    ["an unknown field", { source: { ...source, heaer: false } }, "source.heaer", "did you mean `header`"],
    ["a missing side", { target: undefined }, "target", "missing"],
    ["a wrong limit", { limits: { workers: 0 } }, "limits.workers", "1"],
    [
      "a secret",
      { source: { type: "table-store", endpoint: "http://h", instance: "i", table: "t", credentials: { env: "LTAIabcdefghijklmnop" } } },
      "source.credentials.env",
      "secret",
    ],
    ["a wrong time-out", { timeoutSeconds: 0 }, "timeoutSeconds", "above 0"],
    ["a wrong policy", { onChange: "ignore" }, "onChange", "recopy"],
  ])("names %s by its property", async (_title, wrong, property, hint) => {
    const { failures } = await checkOf(migrationHandlers, asked(wrong));
    expect(failures).toContainEqual({ property, reason: expect.stringContaining(hint) });
  });

  test("finds what makes no sense together", async () => {
    const { failures } = await checkOf(migrationHandlers, asked({ target: source }));
    expect(failures).toMatchObject([{ reason: expect.stringContaining("is the source itself") }]);
  });

  test("names a mapping that cannot be loaded", async () => {
    write("mapping.ts", "export default { columns: ");
    const { failures } = await checkOf(migrationHandlers, asked({ mapping: "mapping.ts" }));
    expect(failures).toMatchObject([{ property: "mapping", reason: expect.stringContaining("TF_MAPPING_INVALID") }]);
  });

  test("leaves what is not known yet for when it is, and finds what is wrong beside it", async () => {
    const unknownTable = { type: "table-store", endpoint: UNKNOWN, instance: "i", table: UNKNOWN };
    const { failures } = await checkOf(migrationHandlers, asked({ source: unknownTable, mapping: UNKNOWN, limits: { workers: 0 } }));
    expect(failures.map(({ property }) => property)).toEqual(["limits.workers"]);
    expect((await checkOf(migrationHandlers, asked({ source: UNKNOWN }))).failures).toEqual([]);
  });

  test("a name that no job can have is refused", async () => {
    const { failures } = await checkOf(migrationHandlers, asked(), undefined, "my move!");
    expect(failures).toMatchObject([{ reason: expect.stringContaining("name") }]);
  });

  test("the mapping's hash changes with what the mapping imports", async () => {
    write("names.ts", "export const title = 'name';");
    write("mapping.ts", "import { title } from './names.ts'; export default { columns: { title } };");
    const first = await checked(asked({ mapping: "mapping.ts" }));
    write("names.ts", "export const title = 'id';");
    write("other.ts", readFileSync(join(folder, "mapping.ts"), "utf8"));
    const { failures } = await checkOf(migrationHandlers, asked({ mapping: "mapping.ts" }), first);
    // This process has loaded the old one, as the provider of one `up` has; a new process takes the new one.
    expect(failures).toMatchObject([{ property: "mapping", reason: expect.stringContaining("names.ts changed") }]);
  });

  test("every field of a specification counts as an input", () => {
    const fields = Object.keys(migrationSpec.shape).filter((field) => field !== "kind" && field !== "name");
    expect(jobInputNames).toEqual(expect.arrayContaining(fields));
  });
});

describe("a change to a job that was made", () => {
  test.each([
    ["the source", { source: { ...source, path: "other.csv" } }, "source"],
    ["the mapping", { mapping: { columns: { title: "name" } } }, "mapping"],
    ["the filter", { filter: [{ column: "name", is: "exists" }] }, "filter"],
    ["the source table made anew", { sourceIncarnation: "2" }, "source"],
  ])("of %s is refused unless recopy is declared", async (_title, change, property) => {
    const before = { ...(await checked(asked())), sourceIncarnation: "1" };
    write("other.csv", "id,name\n9,nine\n");
    const { failures } = await checkOf(migrationHandlers, asked({ sourceIncarnation: "1", ...change }), before);
    expect(failures).toEqual([{ property, reason: expect.stringContaining('onChange: "recopy"') }]);
    expect((await checkOf(migrationHandlers, asked({ sourceIncarnation: "1", ...change, onChange: "recopy" }), before)).failures).toEqual(
      [],
    );
  });

  test("of an address or of credentials is none", async () => {
    const table = { type: "table-store", endpoint: "http://127.0.0.1:1", instance: "i", table: "t", credentials: { env: "A" } };
    const before = await checked(asked({ source: table }));
    const { failures } = await checkOf(
      migrationHandlers,
      asked({ source: { ...table, endpoint: "http://127.0.0.1:2", credentials: { env: "B" } } }),
      before,
    );
    expect(failures).toEqual([]);
  });

  test("of a verification is never refused, because it writes nothing", async () => {
    const before = (await checkOf(verificationHandlers, asked())).inputs;
    expect((await checkOf(verificationHandlers, asked({ mapping: { columns: { title: "name" } } }), before)).failures).toEqual([]);
  });
});

describe("running a migration", () => {
  test("records what it came to", async () => {
    const outputs = await made(await checked(asked()));
    expect(outputs).toMatchObject({
      outcome: "complete",
      rows: 3,
      rejectedRows: 0,
      jobId: expect.stringMatching(/^[0-9a-f]{64}$/),
      digest: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect(outputs["certificateFingerprint"]).toMatch(/^SHA256:/);
    expect(JSON.parse(readFileSync(join(folder, String(outputs["certificate"])), "utf8"))).toMatchObject({
      certificate: { verdict: "equal" },
    });
    expect(subject.lines.at(-1)).toMatch(/show: 3 rows, .* 0 rejected; verified, all rows equal/);
  });

  test("no output has the name of an input, or the next diff would take it for one", async () => {
    const { outputs } = await migrationHandlers.create(await checked(asked()), subject);
    expect(Object.keys(outputs).filter((name) => jobInputNames.includes(name))).toEqual([]);
  });

  test("made again after the engine was killed before it could record it, it copies nothing twice and records the same", async () => {
    const inputs = await checked(asked());
    const first = await made(inputs);
    expect(await made(inputs)).toMatchObject({ rows: 3, digest: first["digest"], outcome: "complete" });
    expect(targetRows()).toBe(3);
  });

  test("unchanged, there is nothing to do", async () => {
    const before = await made(await checked(asked()));
    const now = await checked(asked(), before);
    expect(await migrationHandlers.diff(compare(before, now), subject)).toEqual({ changes: false });
  });

  test("other limits are recorded, and nothing runs", async () => {
    const before = await made(await checked(asked()));
    rmSync(join(folder, "source.csv"));
    const now = await checked(asked({ limits: { workers: 2 } }), before);
    expect(await migrationHandlers.diff(compare(before, now), subject)).toEqual({ changes: true });
    expect(await migrationHandlers.plan?.(now, before, subject)).toEqual(["nothing runs now; the change takes effect in the next run"]);
    expect(await updated(before, now)).toMatchObject({ limits: { workers: 2 }, outcome: "complete", rows: 3, digest: before["digest"] });
  });

  test("a changed trigger runs it again, over what is there", async () => {
    const before = await made(await checked(asked({ triggers: ["monday"] })));
    write("source.csv", "id,name\n1,one\n2,TWO\n3,three\n4,four\n");
    const now = await checked(asked({ triggers: ["tuesday"] }), before);
    const after = await updated(before, now);
    expect(after).toMatchObject({ outcome: "complete", rows: 4 });
    expect(after["digest"]).not.toBe(before["digest"]);
  });

  test("deleted and made anew in one up, as --replace does, it runs again", async () => {
    const before = await made(await checked(asked()));
    write("source.csv", "id,name\n1,one\n2,TWO\n3,three\n");
    await migrationHandlers.delete("move", before, subject);
    expect((await made(await checked(asked())))["digest"]).not.toBe(before["digest"]);
  });

  test("a mapping changed with recopy copies anew", async () => {
    const before = await made(await checked(asked()));
    const now = await checked(asked({ mapping: { columns: { title: "name" } }, onChange: "recopy" }), before);
    expect(await updated(before, now)).toMatchObject({ outcome: "complete", rows: 3 });
    expect(readFileSync(join(folder, "target.jsonl"), "utf8")).toContain('"title":"one"');
  });

  test("what cannot begin leaves nothing behind in the state", async () => {
    const inputs = await checked(asked());
    rmSync(join(folder, "source.csv"));
    await expect(migrationHandlers.create(inputs, subject)).rejects.toSatisfy(
      (error: Error) => error.message.includes("TF_SOURCE_MISSING") && !("id" in error),
    );
  });

  test("destroy keeps rows, checkpoints and certificate, and says so", async () => {
    const before = await made(await checked(asked()));
    await migrationHandlers.delete("move", before, subject);
    expect(subject.lines.at(-1)).toContain("stay where they are");
    expect(targetRows()).toBe(3);
  });
});

describe("the plan in a preview", () => {
  test("says what will be read and written, the summary last", async () => {
    const lines = await migrationHandlers.plan?.(await checked(asked()), undefined, subject);
    expect(lines?.join("\n")).toMatch(/source\.csv[\s\S]*target\.jsonl/);
    expect(lines?.at(-1)).toContain("3 rows");
  });

  test("of a source that is not there yet is no error", async () => {
    const inputs = await checked(asked({ source: { ...source, path: "later.csv" } }));
    expect((await migrationHandlers.plan?.(inputs, undefined, subject))?.join("\n")).toContain("known once");
  });

  test("of a store that is not started yet says what can be said already", async () => {
    const table = {
      type: "table-store",
      endpoint: "http://127.0.0.1:9",
      instance: "legacy",
      table: "orders",
      credentials: { file: "keys.json" },
    };
    const lines = await migrationHandlers.plan?.(await checked(asked({ target: table })), undefined, subject);
    expect(lines).toEqual([
      expect.stringMatching(/^reads source\.csv, about \d+ rows/),
      "the plan is known once table orders of instance legacy can be reached",
    ]);
  });
});

describe("running a verification", () => {
  const verification = async (more: Properties = {}) =>
    (await checkOf(verificationHandlers, asked({ target: { ...target, key: source.key }, ...more }))).inputs;

  test("of equal sides records both digests and the certificate", async () => {
    await made(await checked(asked()));
    const { outputs } = await verificationHandlers.create(await verification(), subject);
    expect(outputs).toMatchObject({ outcome: "complete", equal: true, sourceRows: 3, targetRows: 3, differenceCount: 0 });
    expect(outputs["sourceDigest"]).toBe(outputs["targetDigest"]);
  });

  test("of different sides fails by name of the rows, and is recorded so that the next up repeats it", async () => {
    await made(await checked(asked()));
    write("source.csv", "id,name\n1,one\n2,TWO\n3,three\n");
    const failure = await verificationHandlers.create(await verification(), subject).catch((error: unknown) => error);
    expect(failure).toMatchObject({
      id: "move",
      message: expect.stringContaining("TF_DIFFERENT"),
      outputs: { outcome: "different", equal: false, differenceCount: 1 },
    });
  });

  test("only reported, a difference is an output", async () => {
    await made(await checked(asked()));
    write("source.csv", "id,name\n1,one\n2,TWO\n3,three\n");
    const { outputs } = await verificationHandlers.create(await verification({ verify: { onMismatch: "report" } }), subject);
    expect(outputs).toMatchObject({ outcome: "complete", equal: false, differenceCount: 1 });
  });
});
