import { describe, expect, test } from "vitest";
import { derive, type MappingDefinition } from "../../../src/job/mapping.ts";
import { planMigration } from "../../../src/migrate/plan-migration.ts";
import type { MigrationPlan } from "../../../src/migrate/migration-plan.ts";
import type { KeySchema } from "../../../src/model/schema.ts";
import { SimulatedMigration, type SpecChange } from "../support/simulated-migration.ts";
import { flowRow, SimulatedTable, type TableShape } from "../support/simulated-tables.ts";
import { SimulatedProcess } from "../support/simulated-world.ts";

const id: readonly KeySchema[] = [{ name: "id", type: "integer" }];

function migration({
  definition = {},
  spec = {},
  source = {},
  target = {},
}: {
  definition?: MappingDefinition;
  spec?: SpecChange;
  source?: Partial<TableShape>;
  target?: Partial<TableShape>;
} = {}): SimulatedMigration {
  const rows = Array.from({ length: 12 }, (_, i) => flowRow({ id: BigInt(i) }, { n: `${i}` }));
  return new SimulatedMigration(
    1,
    new SimulatedTable({ title: "source", key: id, ...source }, rows),
    new SimulatedTable({ title: "target", key: id, exists: false, ...target }),
    definition,
    spec,
  );
}

/** Plans in a process of its own, and shows that planning wrote nothing. */
async function planOf(job: SimulatedMigration): Promise<MigrationPlan> {
  const process = new SimulatedProcess(job.world, "planner");
  const plan = await job.world.drive(planMigration(job.input(process)));
  expect(
    job.world.sent.filter(({ process: name, name: request }) => name === "planner" && !/^(read|state (get|scan))/.test(request)),
  ).toEqual([]);
  expect(JSON.parse(JSON.stringify(plan))).toEqual(plan);
  return plan;
}

describe("a plan", () => {
  test("of a first run says what will be copied, how and how long", async () => {
    const plan = await planOf(migration());
    expect(plan).toMatchObject({
      job: "job",
      action: "copy",
      splits: 2,
      workers: 4,
      estimate: { rows: 12, bytes: 1200, seconds: 1 },
      target: { willBeCreated: true, empty: true },
      problems: [],
    });
    expect(plan.mapping).toMatchObject({ identity: true, injective: "proved", sampled: 12, refused: 0 });
    expect(plan.lines).toEqual([
      "from source, key id integer",
      "to target, key id integer (not there yet); will be made",
      "rows are carried over as they are",
      "! the copy will not be verified (verify.coverage: none)",
      "copies about 12 rows, 1.20 kB in 2 splits by 2 workers, about 1 s (at 20000 rows/s, not measured here)",
    ]);
  });

  test("of a job that is complete says that there is nothing to do", async () => {
    const job = migration();
    await job.complete();
    const plan = await planOf(job);
    expect(plan).toMatchObject({ action: "nothing-to-do", warnings: [] });
    expect(plan.lines.at(-1)).toBe("nothing to do: complete and unchanged");
  });

  test("of a job that was interrupted says what is done", async () => {
    const job = migration();
    await job.run([{ at: 1, what: "kill", moment: "before", of: "write settle" }]);
    const plan = await planOf(job);
    expect(plan.action).toBe("resume");
    expect(plan.done!.rowsWritten).toBeGreaterThan(0);
    expect(plan.lines.some((line) => line.startsWith("resumes: "))).toBe(true);
  });

  test("of a job whose target holds rows says that it would be refused", async () => {
    const job = migration({ target: { exists: true } });
    job.target.put(flowRow({ id: 99n }, {}));
    expect(await planOf(job)).toMatchObject({
      action: "refuse",
      target: { empty: false },
      problems: ["TF_TARGET_NOT_EMPTY: target holds rows already"],
    });
  });

  test("of a job whose sides were made anew says so", async () => {
    const job = migration();
    await job.complete();
    job.source.incarnation++;
    const { action, problems } = await planOf(job);
    expect([action, problems[0]]).toEqual(["refuse", expect.stringMatching(/^TF_INCARNATION: source is not the one/)]);
  });

  test("of a mapping that cannot work names every rule", async () => {
    const { action, problems, lines } = await planOf(migration({ definition: { key: {} } }));
    expect([action, problems[0]]).toEqual(["refuse", expect.stringContaining("TF_MAPPING_INVALID: key.id: missing")]);
    expect(lines.at(-1)).toContain("would stop: TF_MAPPING_INVALID");
  });

  test("of a source that is not there yet waits for it", async () => {
    const plan = await planOf(migration({ source: { exists: false } }));
    expect(plan).toMatchObject({ action: "unknown", problems: [] });
    expect(plan.lines.at(-1)).toBe("known once the source exists");
  });

  test("forecasts rejects from a sample", async () => {
    const picky = derive<[string]>(["n"], (n) => {
      if (n.length > 1) throw new Error("too long");
      return n;
    });
    const plan = await planOf(migration({ definition: { columns: { m: picky } } }));
    expect(plan.mapping).toMatchObject({ sampled: 12, refused: 2, firstRefusals: ["the mapping threw for m: Error: too long"] });
    expect(plan.lines).toContain("! 2 of 12 sampled rows would be rejected: the mapping threw for m: Error: too long");
  });

  test.each<[string, Parameters<typeof migration>[0], RegExp]>([
    [
      "keys that may collide",
      { definition: { key: { id: derive<[bigint]>(["id"], (value) => value / 2n) } } },
      /not proved to keep different keys apart: rows are written on condition/,
    ],
    ["a source that may repeat keys", { source: { isFile: true } }, /source may hold one key twice/],
    [
      "a promise",
      { definition: { injective: true, key: { id: derive<[bigint]>(["id"], (value) => value) } } },
      /only as the mapping promises/,
    ],
    ["columns that no row has", { definition: { columns: { m: "nn" } } }, /reads `nn`, which none of the 12 sampled rows has/],
    ["a source that is being written", { spec: { quiescent: false } }, /fuzzy copy/],
  ])("warns of %s", async (_, options, expected) => {
    expect((await planOf(migration(options))).warnings.join("\n")).toMatch(expected);
  });

  test("estimates by the limits that are set", async () => {
    expect((await planOf(migration({ spec: { limits: { rowsPerSecond: 2 } } }))).estimate).toMatchObject({
      seconds: 6,
      basis: "the limit of 2 rows/s",
    });
    expect((await planOf(migration({ spec: { limits: { bytesPerSecond: 100 } } }))).estimate).toMatchObject({
      seconds: 12,
      basis: "the limit of 100 bytes/s",
    });
  });
});
