import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { parseJob } from "../../../src/job/parse-job.ts";
import { explainJob } from "../../../src/run/explain-job.ts";
import { forgetJob } from "../../../src/run/forget-job.ts";
import { jobStatus } from "../../../src/run/job-status.ts";
import { planJob } from "../../../src/run/plan-job.ts";
import { runJob } from "../../../src/run/run-job.ts";
import { asVerification } from "../../../src/run/verify-job.ts";
import { JobInStore } from "./job-in-store.ts";

let at: JobInStore;
beforeEach(async () => {
  at = await JobInStore.open();
});
afterEach(() => at[Symbol.asyncDispose]());

describe("a job between two tables", () => {
  test("makes the target, copies, maps, verifies, and is done", async () => {
    await at.loadOrders(1500);
    const result = await runJob(at.spec(), at.context());
    expect(result).toMatchObject({
      outcome: "complete",
      rowsRead: 1500,
      rowsWritten: 1500,
      rejects: 0,
      verification: { equal: true, sourceRows: 1500, targetRows: 1500 },
    });
    const rows = await at.rows(at.modern, "orders");
    expect(rows).toHaveLength(1500);
    expect(rows[0]).toEqual({ customer: "c0", id: 0n, amount: 0.5, note: "hello" });
    expect((await runJob(at.spec(), at.context())).outcome).toBe("nothing-to-do");
    expect(await at.modern.listTable()).toEqual(["orders", "tableferry_state"]);
  });

  test("runs the same with a module as its mapping", async () => {
    await at.loadOrders(300);
    at.write(
      "mapping.ts",
      `export default { key: { customer: "customer", id: "id" }, columns: { amount: { inputs: ["total"], derive: (total: string) => Number(total) * 2 } }, drop: ["total"] };`,
    );
    const result = await runJob(at.spec({ mapping: "mapping.ts" }), at.context());
    expect(result).toMatchObject({ rowsWritten: 300, verification: { equal: true } });
    expect((await at.rows(at.modern, "orders"))[1]).toEqual({ customer: "c0", id: 10n, amount: 21, note: "hello" });
  });

  test("stopped, says where it is, and goes on from there", async () => {
    await at.loadOrders(3000);
    const spec = at.spec({ limits: { workers: 1, rowsPerSecond: 2000 } });
    const stop = new AbortController();
    const running = runJob(
      spec,
      at.context({ signal: stop.signal, onProgress: ({ rowsWritten }) => rowsWritten > 0 && stop.abort(new Error("enough")) }),
    );
    await expect(running).rejects.toMatchObject({ code: "TF_STOPPED", wayOut: "Run the same job again; it goes on from there." });
    const status = await jobStatus(spec, at.context());
    expect(status).toMatchObject({ stage: "copying", owner: undefined });
    expect(await runJob(at.spec(), at.context())).toMatchObject({
      outcome: "complete",
      resumed: true,
      rowsRead: 3000,
      rowsWritten: 3000,
      verification: { equal: true },
    });
  });

  test("a wrong value is rejected with its place, the rest is copied", async () => {
    await at.loadOrders(50, (i) => (i === 7 ? { total: "seven" } : {}));
    await expect(runJob(at.spec(), at.context())).rejects.toMatchObject({
      code: "TF_REJECTS",
      sentence: expect.stringContaining('\n  id=7: total cannot become a double in amount: "seven" (string) [cast]'),
    });
    expect(await at.rows(at.modern, "orders")).toHaveLength(49);
    await at.putRow(at.legacy, "orders", { id: 7n }, { customer: "c7", total: "7.5", note: "hello" });
    expect(await runJob(at.spec(), at.context())).toMatchObject({
      outcome: "complete",
      rowsWritten: 50,
      rejects: 0,
      verification: { equal: true },
    });
  });
});

describe("a job out of a file", () => {
  const csv = "id,customer,total\n1,ann,1.5\n2,bob,2.5\n3,cid,3.5\n";
  const fromFile = (change: object = {}) =>
    at.spec({
      source: { type: "file", path: "orders.csv" },
      mapping: { key: { customer: "customer", id: { from: "id", as: "integer" } } },
      ...change,
    });

  test("loads it, verified", async () => {
    at.write("orders.csv", csv);
    expect(await runJob(fromFile(), at.context())).toMatchObject({ rowsWritten: 3, verification: { equal: true } });
    expect((await at.rows(at.modern, "orders"))[0]).toEqual({ customer: "ann", id: 1n, total: "1.5" });
  });

  test("names a second row of a key by its line", async () => {
    at.write("orders.csv", `${csv}2,bob,9.9\n`);
    await expect(runJob(fromFile(), at.context())).rejects.toMatchObject({
      code: "TF_REJECTS",
      sentence: expect.stringMatching(/orders\.csv:[35].*\[duplicate-key\]/),
    });
  });

  test("goes into a file, with its state beside it", async () => {
    at.write("orders.csv", csv);
    const spec = parseJob({
      name: "files",
      source: { type: "file", path: "orders.csv" },
      target: { type: "file", path: "out/orders.jsonl" },
      verify: { certificate: false },
    });
    expect(await runJob(spec, at.context())).toMatchObject({ rowsWritten: 3, verification: { equal: true } });
    expect(readFileSync(join(at.folder, "out/orders.jsonl"), "utf8").trim().split("\n")).toHaveLength(3);
    expect(existsSync(join(at.folder, ".tableferry/state/files.json"))).toBe(true);
    expect(await runJob(spec, at.context())).toMatchObject({ outcome: "nothing-to-do" });
  });

  test("a file that changed after it was loaded is another one", async () => {
    at.write("orders.csv", csv);
    await runJob(fromFile(), at.context());
    at.write("orders.csv", `${csv}4,dan,4.5\n`);
    await expect(runJob(fromFile(), at.context())).rejects.toMatchObject({ code: "TF_INCARNATION" });
    expect(await runJob(fromFile(), at.context({ again: true }))).toMatchObject({
      outcome: "complete",
      rowsWritten: 4,
      verification: { equal: true },
    });
  });
});

describe("a plan", () => {
  test("makes and writes nothing", async () => {
    await at.loadOrders(20);
    const plan = await planJob(at.spec(), at.context());
    expect(plan).toMatchObject({
      action: "copy",
      source: { exists: true },
      target: { exists: false, willBeCreated: true },
      mapping: { injective: "proved", sampled: 20 },
    });
    expect(plan.lines.at(-1)).toContain("about 20 rows");
    expect(await at.modern.listTable()).toEqual([]);
    expect(existsSync(join(at.folder, ".tableferry"))).toBe(false);
  });

  test("of a source that is not there yet waits for it", async () => {
    expect(await planJob(at.spec(), at.context())).toMatchObject({ action: "unknown" });
  });

  test("of a verification says what would be compared", async () => {
    await at.loadOrders(20);
    const verification = asVerification(at.spec());
    expect((await planJob(verification, at.context())).lines[0]).toContain("known once table orders of instance modern exists");
    await runJob(at.spec(), at.context());
    expect(await planJob(verification, at.context())).toMatchObject({ action: "verify", estimatedRows: 20 });
  });
});

describe("a verification", () => {
  test("names the row that somebody changed, and writes to neither side", async () => {
    await at.loadOrders(200);
    await runJob(at.spec(), at.context());
    const verification = asVerification(at.spec());
    expect(await runJob(verification, at.context())).toMatchObject({ equal: true, sourceRows: 200 });
    await at.putRow(at.modern, "orders", { customer: "c3", id: 3n }, { amount: 4, note: "hello" });
    await expect(runJob(verification, at.context())).rejects.toMatchObject({
      code: "TF_DIFFERENT",
      verification: { equal: false, differenceCount: 1, differences: [{ kind: "different", columns: [{ name: "amount" }] }] },
    });
    expect(await at.rows(at.modern, "orders")).toHaveLength(200);
  });

  test("that only reports gives its result", async () => {
    await at.loadOrders(20);
    await runJob(at.spec(), at.context());
    await at.putRow(at.modern, "orders", { customer: "new", id: 3n }, {});
    const verification = asVerification(at.spec({ verify: { certificate: false, onMismatch: "report" } }));
    expect(await runJob(verification, at.context())).toMatchObject({ equal: false, differences: [{ kind: "extra" }] });
  });

  test("knows the rejects of the migration it belongs to", async () => {
    await at.loadOrders(50, (i) => (i === 7 ? { total: "seven" } : {}));
    const spec = at.spec({ rejects: { allowed: 1 } });
    await runJob(spec, at.context());
    expect(await runJob(asVerification(spec), at.context())).toMatchObject({ equal: true, sourceRows: 49, rejectedRows: 1 });
  });

  test("certifies what it found", async () => {
    await at.loadOrders(20);
    await runJob(at.spec(), at.context());
    const { certificate } = await runJob(asVerification(at.spec({ verify: {} })), at.context());
    expect(JSON.parse(readFileSync(join(at.folder, certificate!), "utf8"))).toBeTypeOf("object");
  });
});

describe("looking at a job", () => {
  test("that never ran finds nothing", async () => {
    expect(await jobStatus(at.spec(), at.context())).toEqual({
      job: "orders",
      state: "table tableferry_state of instance modern",
      rejects: [],
    });
  });

  test("that is done finds its result and its rejects", async () => {
    await at.loadOrders(50, (i) => (i === 7 ? { total: "seven" } : {}));
    await runJob(at.spec({ rejects: { allowed: 1 } }), at.context());
    expect(await jobStatus(at.spec(), at.context())).toMatchObject({
      stage: "done",
      source: "table orders of instance legacy",
      totals: { rowsRead: 50, rowsWritten: 49, rejects: 1 },
      rejects: [{ original: { key: [["id", { integer: "7" }]] }, cause: "cast", column: "amount" }],
      verification: { equal: true },
      result: { outcome: "complete" },
    });
  });

  test("that runs finds who runs it", async () => {
    await at.loadOrders(2000);
    const spec = at.spec({ limits: { workers: 1, rowsPerSecond: 3000 } });
    let seen: Promise<unknown> | undefined;
    const look = () => (seen ??= Promise.all([jobStatus(spec, at.context()), runJob(spec, at.context()).catch((error: unknown) => error)]));
    await runJob(spec, at.context({ onProgress: ({ phase }) => void (phase === "copy" && look()) }));
    const [status, second] = (await seen) as unknown[];
    expect(status).toMatchObject({ owner: { pid: process.pid, condition: "alive" } });
    expect([expect.objectContaining({ code: "TF_RUN_HELD" }), expect.objectContaining({ outcome: "nothing-to-do" })]).toContainEqual(
      second,
    );
  });

  test("one row of it shows both sides", async () => {
    await at.loadOrders(20);
    await runJob(at.spec(), at.context());
    const found = await explainJob(at.spec(), ["id=5"], at.context());
    expect(found).toMatchObject({ keyOf: "source", targets: [{ key: "customer=c5,id=5", verdict: "equal" }] });
  });
});

describe("forgetting a job", () => {
  test("leaves the rows, and the next run meets them", async () => {
    await at.loadOrders(20);
    await runJob(at.spec(), at.context());
    expect(await forgetJob(at.spec(), at.context())).toBeGreaterThan(2);
    expect(await forgetJob(at.spec(), at.context())).toBe(0);
    expect(await jobStatus(at.spec(), at.context())).toMatchObject({ rejects: [] });
    await expect(runJob(at.spec(), at.context())).rejects.toMatchObject({ code: "TF_TARGET_NOT_EMPTY" });
    expect(await runJob(at.spec({ onTargetNotEmpty: "merge" }), at.context())).toMatchObject({
      outcome: "complete",
      verification: { equal: true },
    });
  });

  test("of one name leaves the others", async () => {
    await at.loadOrders(20);
    await runJob(at.spec(), at.context());
    await forgetJob(at.spec({ name: "order" }), at.context());
    expect(await runJob(at.spec(), at.context())).toMatchObject({ outcome: "nothing-to-do" });
  });
});

describe("wrong inputs are stopped with a code, a place and a way out, and leave the state as it was", () => {
  test.each<[string, (job: JobInStore) => object, string, RegExp]>([
    [
      "a source that is not there",
      (job) => ({ source: job.table("legacy", "nowhere") }),
      "TF_SOURCE_MISSING",
      /there is no table nowhere of instance legacy/,
    ],
    ["a file that is not there", () => ({ source: { type: "file", path: "none.csv" } }), "TF_SOURCE_MISSING", /there is no .*none\.csv/],
    [
      "a target that nobody makes",
      (job) => ({ target: job.table("modern", "orders") }),
      "TF_TARGET_MISSING",
      /there is no table orders of instance modern/,
    ],
    [
      "a key of another type",
      () => ({ mapping: { key: { customer: "id", id: "id" } } }),
      "TF_MAPPING_INVALID",
      /key\.customer: the key column is a string, id an integer/,
    ],
    ["a mapping file that is not there", () => ({ mapping: "none.ts" }), "TF_MAPPING_INVALID", /there is no such file/],
    ["a bound of another type", () => ({ range: { from: ["x"] } }), "TF_SPEC_INVALID", /the key column id is an integer/],
    [
      "credentials that are not there",
      (job) => ({ source: job.table("legacy", "orders", { credentials: { env: "NONE" } }) }),
      "TF_CREDENTIALS_MISSING",
      /NONE_ACCESS_KEY_ID/,
    ],
    [
      "a server that does not run",
      (job) => ({ source: { ...job.table("legacy", "orders"), endpoint: "http://127.0.0.1:9" } }),
      "TF_CONNECTION",
      /does not answer/,
    ],
  ])(
    "%s",
    async (_, change, code, sentence) => {
      await at.loadOrders(5);
      await expect(runJob(at.spec(change(at)), at.context())).rejects.toMatchObject({
        code,
        sentence: expect.stringMatching(sentence),
        wayOut: expect.any(String),
      });
      expect(await at.modern.listTable()).toEqual([]);
    },
    30_000,
  );

  test("a wrong secret", async () => {
    await at.loadOrders(5);
    await expect(runJob(at.spec(), at.context({ env: { ...at.env, TABLESTORE_ACCESS_KEY_SECRET: "wrong" } }))).rejects.toMatchObject({
      code: "OTSAuthFailed",
    });
  });

  test("a target with another key", async () => {
    await at.loadOrders(5);
    await at.createTable(at.modern, "orders", [{ name: "other", type: "string" }]);
    await expect(runJob(at.spec(), at.context())).rejects.toMatchObject({
      code: "TF_MAPPING_INVALID",
      sentence: expect.stringContaining("key.other: missing"),
    });
  });

  test("a target that is not empty, and the way out works", async () => {
    await at.loadOrders(5);
    await at.createTable(at.modern, "orders", [
      { name: "customer", type: "string" },
      { name: "id", type: "integer" },
    ]);
    await at.putRow(at.modern, "orders", { customer: "x", id: 1n }, {});
    await expect(runJob(at.spec(), at.context())).rejects.toMatchObject({
      code: "TF_TARGET_NOT_EMPTY",
      wayOut: expect.stringContaining("mirror"),
    });
    const mirror = at.spec({ onTargetNotEmpty: "mirror" });
    await expect(runJob(mirror, at.context())).rejects.toMatchObject({ code: "TF_MIRROR" });
    expect(await runJob(mirror, at.context({ confirm: () => Promise.resolve(true) }))).toMatchObject({
      outcome: "complete",
      verification: { equal: true, targetRows: 5 },
    });
  });

  test("a state file that another run uses", async () => {
    at.write("orders.csv", "id,customer\n1,a\n");
    const spec = at.spec({
      source: { type: "file", path: "orders.csv" },
      state: { type: "file", path: "state.json" },
      mapping: { key: { customer: "customer", id: { from: "id", as: "integer" } } },
    });
    at.write("state.json.lock-1", "{}");
    await expect(runJob(spec, at.context())).rejects.toMatchObject({ code: "TF_STATE_LOCKED" });
  });

  test("a folder where no state can be", async () => {
    at.write("orders.csv", "id,customer\n1,a\n");
    at.write(".tableferry", "in the way");
    const spec = parseJob({ name: "files", source: { type: "file", path: "orders.csv" }, target: { type: "file", path: "out.csv" } });
    await expect(runJob(spec, at.context())).rejects.toMatchObject({ code: "TF_IO" });
  });
});
