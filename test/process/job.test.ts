import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Workplace } from "./run-command.ts";

/** The life of a job by the command alone: planned, copied, proved, looked at, forgotten. */
let place: Workplace;
const ROWS = 20_000;

beforeAll(async () => {
  place = new Workplace();
  const server = await place.serve("--memory", "--instance", "legacy", "--instance", "modern");
  place.write("keys.json", readFileSync(server.keysFile, "utf8"));
  place.write("orders.csv", `customer,order,amount\n${Array.from({ length: ROWS }, (_, i) => `c${i % 50},${i},${i}.5`).join("\n")}\n`);
  const side = (instance: string, create: string) =>
    `{ type: table-store, endpoint: "${server.endpoint}", instance: ${instance}, table: orders, credentials: { file: keys.json }, create: { primaryKey: [${create}] } }`;
  const key = "{ name: customer, type: string }, { name: order, type: integer }";
  place.write(
    "load.yaml",
    `name: load\nsource: { type: file, path: orders.csv, types: { order: integer, amount: double } }\ntarget: ${side("legacy", key)}\n`,
  );
  const source = side("legacy", key).replace(/, create: .*/, " }");
  place.write(
    "move.yaml",
    `name: move\nsource: ${source}\ntarget: ${side("modern", "{ name: number, type: integer }")}\nmapping: { key: { number: order }, columns: { price: amount } }\n`,
  );
  await place.must("migrate", "load.yaml");
});
afterAll(() => place[Symbol.asyncDispose]());

const lines = (text: string) =>
  text
    .trim()
    .split("\n")
    .map((line): Record<string, unknown> => JSON.parse(line));

describe("a job by the command alone", () => {
  test("is planned without touching anything", async () => {
    const out = await place.must("plan", "move.yaml");
    expect(out).toContain("table orders of instance legacy");
    expect(out).toContain("will be made");
    expect(await place.must("table", "list", "--instance", "modern")).toBe("");
    expect(JSON.parse(await place.must("plan", "move.yaml", "--json"))).toMatchObject({ job: "move", action: "copy" });
  });

  test("tells machines its progress and its result, and nothing on standard error", async () => {
    const { exit, out, err } = await place.run("migrate", "move.yaml", "--json");
    expect([exit, err]).toEqual([0, ""]);
    const said = lines(out);
    expect(said.at(-1)).toMatchObject({
      type: "result",
      job: "move",
      outcome: "complete",
      rowsWritten: ROWS,
      rejects: 0,
      verification: { equal: true },
    });
    expect(said.filter(({ type }) => type === "progress").length).toBeGreaterThan(0);
    expect(existsSync(join(place.folder, ".tableferry/certificates/move.json"))).toBe(true);
  });

  test("run again changes nothing and says so", async () => {
    expect(await place.must("migrate", "move.yaml")).toContain("✓ move: complete already, nothing was changed");
  });

  test("shows where it stands, alone and among the others, by file and by name", async () => {
    expect(await place.must("status", "move.yaml")).toContain("move: complete");
    expect(await place.must("status", "move")).toContain("move: complete");
    expect(await place.must("status")).toMatch(/load.yaml +load +complete +20,000 +0 +equal\nmove.yaml +move +complete +20,000 +0 +equal/);
    expect(JSON.parse(await place.must("status", "--json"))).toHaveLength(2);
  });

  test("is proved again, and by a certificate that anybody can check", async () => {
    expect(await place.must("verify", "move.yaml")).toContain("✓ move: equal, 20,000 rows on both sides");
    const file = ".tableferry/certificates/move.json";
    expect(await place.must("certificate", "check", file)).toContain("as it was signed");
    place.write("forged.json", readFileSync(join(place.folder, file), "utf8").replace(`"rows":${ROWS}`, `"rows":${ROWS + 1}`));
    const forged = await place.run("certificate", "check", "forged.json");
    expect(forged.exit).toBe(3);
    expect(forged.out).toContain("does not hold");
    const other = await place.run("certificate", "check", file, "--public-key", "SHA256:AAAA");
    expect(other.exit).toBe(3);
  });

  test("names the row that was edited by hand, exits with 3, and explains it", async () => {
    await place.must("table", "put", "orders", "--instance", "modern", '{"number": 17, "customer": "c17", "price": 17}');
    const verified = await place.run("verify", "move.yaml");
    expect(verified.exit).toBe(3);
    expect(verified.out).toContain("✗ move: not equal, 1 difference");
    expect(verified.out).toContain("number=17");
    expect(verified.out).toContain("price: 17.5 → 17");
    expect(verified.err).toContain("TF_DIFFERENT: source and target differ in 1 row");
    for (const key of [["customer=c17", "order=17"], ["customer=c17,order=17"]]) {
      expect(await place.must("explain", "move.yaml", ...key)).toMatch(/price .*17\.5 double .*17 integer .*type/);
    }
    // From the target's key there is no way back to the customer, and it says so instead of guessing.
    expect(await place.must("explain", "move.yaml", "number=17")).toContain("give the source's key, customer (string), order (integer)");
    const masked = await place.run("verify", "move.yaml", "--mask");
    expect(masked.out).not.toContain("17.5");
    expect(lines((await place.run("verify", "move.yaml", "--json", "--list", "0")).out).at(-1)).toMatchObject({
      type: "result",
      equal: false,
      differenceCount: 1,
      differences: [],
    });
  });

  test("copied once more mends it", async () => {
    await place.must("migrate", "move.yaml", "--again");
    await place.must("verify", "move.yaml");
  });

  test("quiet says nothing at all when all is well", async () => {
    expect(await place.run("verify", "move.yaml", "--quiet")).toMatchObject({ exit: 0, out: "", err: "" });
  });

  test("is forgotten only with a yes, and its rows stay", async () => {
    expect((await place.run("forget", "move.yaml")).exit).toBe(2);
    await place.must("forget", "move.yaml", "--yes");
    expect(await place.must("status", "move.yaml")).toContain("move: not begun");
    expect(lines(await place.must("table", "scan", "orders", "--instance", "modern", "--format", "jsonl"))).toHaveLength(ROWS);
  });
});

describe("Ctrl-C", () => {
  const slow = () => {
    const job = readFileSync(join(place.folder, "move.yaml"), "utf8")
      .replace("name: move", "name: slow")
      .replace("instance: modern, table: orders", "instance: modern, table: slow");
    place.write("slow.yaml", `${job}limits: { rowsPerSecond: 3000, workers: 2 }\n`);
  };

  test("once stops at a checkpoint within 3 s, says so, and the same command goes on from there", async () => {
    slow();
    const run = place.start(["migrate", "slow.yaml"]);
    await run.saying(/slow: copying, .*\d+ rows/);
    const asked = performance.now();
    run.signal("SIGINT");
    const { exit, err } = await run.ended;
    expect(performance.now() - asked).toBeLessThan(3000);
    expect(exit).toBe(5);
    expect(err).toContain("Stopping at the next checkpoint");
    expect(err).toContain("TF_STOPPED");
    expect(await place.must("status", "slow.yaml")).toContain("slow: interrupted");
    place.write("slow.yaml", readFileSync(join(place.folder, "slow.yaml"), "utf8").replace("rowsPerSecond: 3000, ", ""));
    const result = lines(await place.must("migrate", "slow.yaml", "--json")).at(-1);
    expect(result).toMatchObject({ outcome: "complete", resumed: true, verification: { equal: true, targetRows: ROWS } });
  });

  test("twice stops at once, and nothing is lost", async () => {
    slow();
    place.write("slow.yaml", readFileSync(join(place.folder, "slow.yaml"), "utf8").replaceAll(/slow/g, "twice"));
    const run = place.start(["migrate", "slow.yaml"]);
    await run.saying(/twice: copying, .*\d+ rows/);
    run.signal("SIGINT");
    await run.saying(/Stopping at the next checkpoint/);
    run.signal("SIGINT");
    expect([130, 5]).toContain((await run.ended).exit);
    place.write("slow.yaml", readFileSync(join(place.folder, "slow.yaml"), "utf8").replace("rowsPerSecond: 3000, ", ""));
    expect(lines(await place.must("migrate", "slow.yaml", "--json")).at(-1)).toMatchObject({
      verification: { equal: true, targetRows: ROWS },
    });
  });

  test("is not needed against a second run of the same job: that is refused and told who holds it", async () => {
    slow();
    place.write("slow.yaml", readFileSync(join(place.folder, "slow.yaml"), "utf8").replaceAll(/slow/g, "held"));
    const first = place.start(["migrate", "slow.yaml"]);
    await first.saying(/held: copying/);
    const second = await place.run("migrate", "slow.yaml");
    expect(second.exit).toBe(6);
    expect(second.err).toContain("TF_RUN_HELD");
    expect(second.err).toContain(`process ${first.pid}`);
    expect(await place.must("status", "slow.yaml")).toContain(`process ${first.pid} on `);
    expect((await place.run("forget", "slow.yaml", "--yes")).exit).toBe(6);
    first.signal("SIGTERM");
    expect((await first.ended).exit).toBe(5);
  });
});
