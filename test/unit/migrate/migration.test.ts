import { describe, expect, test } from "vitest";
import { constant, derive, integer, type MappingDefinition } from "../../../src/job/mapping.ts";
import type { KeySchema } from "../../../src/model/schema.ts";
import type { Value } from "../../../src/model/value.ts";
import { SimulatedMigration, type SpecChange } from "../support/simulated-migration.ts";
import { flowRow, SimulatedTable, type TableShape } from "../support/simulated-tables.ts";

const id: readonly KeySchema[] = [{ name: "id", type: "integer" }];
const rows = (count: number) => Array.from({ length: count }, (_, i) => flowRow({ id: BigInt(i) }, { n: `${i}`, even: i % 2 === 0 }));

function migration(
  count: number,
  {
    definition = {},
    spec = {},
    source = {},
    target = {},
  }: { definition?: MappingDefinition; spec?: SpecChange; source?: Partial<TableShape>; target?: Partial<TableShape> } = {},
): SimulatedMigration {
  return new SimulatedMigration(
    count,
    new SimulatedTable({ title: "source", key: id, ...source }, rows(count)),
    new SimulatedTable({ title: "target", key: id, exists: false, ...target }),
    definition,
    { limits: { workers: 3, writesInFlight: 4 }, ...spec },
  );
}

describe("a migration", () => {
  test("copies every row and accounts for each", async () => {
    const job = migration(23);
    const result = await job.complete();
    expect(job.target.texts).toEqual(job.expected.rows);
    expect(result).toMatchObject({
      job: "job",
      outcome: "complete",
      rowsRead: 23,
      rowsWritten: 23,
      filteredRows: 0,
      rejects: 0,
      resumed: false,
      rewrittenAtMost: 0,
    });
    expect(job.target.settings).toBe("own");
  });

  test("maps, filters and changes the key on the way", async () => {
    const definition = {
      key: { id: integer("n") },
      columns: { label: derive<[string]>(["n"], (n) => `#${n}`) },
      keep: { inputs: ["even"], when: (even: boolean) => even },
    } satisfies MappingDefinition;
    const job = migration(10, { definition });
    expect(await job.complete()).toMatchObject({ rowsRead: 10, rowsWritten: 5, filteredRows: 5, rejects: 0 });
    expect(job.target.texts).toEqual(job.expected.rows);
    expect(job.target.texts[0]).toBe('id=0n even=true,id=0n,label="#0"'.replace(",id=0n", ""));
  });

  test("of nothing is complete too", async () => {
    const job = migration(0);
    expect(await job.complete()).toMatchObject({ outcome: "complete", rowsRead: 0 });
    expect(job.target.exists).toBe(true);
  });

  test("run again, complete and unchanged, does nothing and says so", async () => {
    const job = migration(12);
    const first = await job.complete();
    const writes = job.target.written.length;
    expect(await job.complete()).toEqual({ ...first, outcome: "nothing-to-do", seconds: expect.any(Number) });
    expect(job.target.written).toHaveLength(writes);
  });

  test("with other limits is the same job", async () => {
    const job = migration(12);
    await job.complete();
    job.change({ limits: { workers: 1, rowsPerSecond: 5 }, rejects: { allowed: 9 } });
    expect((await job.complete()).outcome).toBe("nothing-to-do");
  });

  test("with another mapping is another job, for which the target is not empty", async () => {
    const job = migration(12);
    await job.complete();
    job.definition = { columns: { extra: constant(1n) } };
    await expect(job.complete()).rejects.toMatchObject({ code: "TF_TARGET_NOT_EMPTY" });
    job.change({ onTargetNotEmpty: "merge" });
    expect((await job.complete()).outcome).toBe("complete");
    expect(job.target.texts).toEqual(job.expected.rows);
  });

  test("retries rows that are refused for now, alone, and loses none", async () => {
    const job = migration(20);
    for (const [row, times] of [
      ["3", 4],
      ["4", 1],
      ["17", 9],
    ] as const)
      job.target.busy.set(row, times);
    expect(await job.complete()).toMatchObject({ rowsWritten: 20, rejects: 0 });
    const writes = job.target.written.map(({ key }) => key);
    expect(writes).toHaveLength(new Set(writes).size);
  });

  test("stops with the cause when the target refuses for ever, and goes on from there", async () => {
    const job = migration(20);
    job.target.busy.set("19", 1000);
    await expect(job.complete()).rejects.toMatchObject({
      code: "TF_WRITE_FAILED",
      sentence: "1 row could not be written after 15 tries: OTSServerBusy: Server is busy.",
    });
    job.target.busy.clear();
    expect(await job.complete()).toMatchObject({ outcome: "complete", resumed: true });
    expect(job.target.texts).toEqual(job.expected.rows);
  });

  test("survives lost answers of writes, before and after they took effect", async () => {
    const job = migration(40);
    job.world.disturb = (name) =>
      name.startsWith("write rows") && job.world.chance.next() < 0.3 ? (job.world.chance.next() < 0.5 ? "before" : "after") : undefined;
    expect(await job.complete()).toMatchObject({ rowsWritten: 40 });
    expect(job.target.texts).toEqual(job.expected.rows);
  });

  test("copies what is in its range and passes its filter, and no more", async () => {
    const job = migration(20, { spec: { range: { from: [5], to: [15] }, filter: [{ column: "even", is: "=", value: true }] } });
    expect(await job.complete()).toMatchObject({ rowsWritten: 5 });
    expect(job.target.rows.map((row) => row.key[0]!.value)).toEqual([6n, 8n, 10n, 12n, 14n]);
  });

  test("keeps to its rate", async () => {
    const job = migration(40, { spec: { limits: { rowsPerSecond: 10 } } });
    const { seconds } = await job.complete();
    expect(seconds).toBeGreaterThan(3.7);
    expect(seconds).toBeLessThan(6);
  });

  test("tells its progress, which only grows", async () => {
    const job = migration(60, { spec: { limits: { rowsPerSecond: 20, workers: 2 } } });
    await job.complete();
    const copying = job.progress.filter(({ phase }) => phase === "copy");
    expect(copying.length).toBeGreaterThan(5);
    const counts = copying.map(({ rowsWritten }) => rowsWritten);
    expect(counts).toEqual(counts.toSorted((a, b) => a - b));
    expect(copying.at(-1)).toMatchObject({ splits: 2, estimatedRows: 60 });
    expect([...new Set(job.progress.map(({ phase }) => phase))]).toEqual(["plan", "prepare", "copy", "settle", "done"]);
    expect(job.progress.at(-1)).toMatchObject({ rowsRead: 60, rowsWritten: 60, splitsDone: 2 });
  });
});

describe("a target that is not empty", () => {
  const filled = (policy: string, definition: MappingDefinition = {}) => {
    const job = migration(6, { spec: { onTargetNotEmpty: policy }, target: { exists: true }, definition });
    job.target.put(flowRow({ id: 3n }, { n: "old" }));
    job.target.put(flowRow({ id: 77n }, { n: "mine" }));
    return job;
  };

  test("is refused, and nothing is written", async () => {
    const job = filled("refuse");
    await expect(job.complete()).rejects.toMatchObject({ code: "TF_TARGET_NOT_EMPTY" });
    expect(job.target.written).toEqual([]);
  });

  test("and after a refusal, the way out works", async () => {
    const job = filled("refuse");
    await expect(job.complete()).rejects.toMatchObject({ code: "TF_TARGET_NOT_EMPTY" });
    job.change({ onTargetNotEmpty: "merge" });
    expect((await job.complete()).outcome).toBe("complete");
  });

  test("is merged with: rows under the same keys replaced, others kept", async () => {
    const job = filled("merge");
    await job.complete();
    expect(job.target.texts).toEqual([...job.expected.rows, 'id=77n n="mine"'].sort());
  });

  test("is mirrored after asking: what the source does not have goes", async () => {
    const job = filled("mirror");
    const questions: string[] = [];
    await job.complete({ confirm: (question) => Promise.resolve(questions.push(question) > 0) });
    expect(job.target.texts).toEqual(job.expected.rows);
    expect(questions).toEqual(["Delete 1 row of target that source does not have? For example id=77n."]);
  });

  test.each([
    ["nobody can be asked", undefined],
    ["the answer is no", () => Promise.resolve(false)],
  ])("nothing is deleted when %s, and a later yes goes on from there", async (_, confirm) => {
    const job = filled("mirror");
    await expect(job.complete(confirm === undefined ? {} : { confirm })).rejects.toMatchObject({
      code: "TF_MIRROR",
      sentence: expect.stringContaining("id=77n"),
    });
    expect(job.target.find([{ name: "id", value: 77n }])).toBeDefined();
    const writes = job.target.written.length;
    await job.complete({ confirm: () => Promise.resolve(true) });
    expect(job.target.texts).toEqual(job.expected.rows);
    expect(job.target.written).toHaveLength(writes);
  });

  test("a mirror with a changed key finds extras all the same", async () => {
    const job = filled("mirror", { key: { id: derive<[bigint]>(["id"], (value) => value * 10n) }, injective: true });
    await job.complete({ confirm: () => Promise.resolve(true) });
    expect(job.target.texts).toEqual(job.expected.rows);
  });

  test("a mirror deletes nothing while rows cannot be mapped: whose target rows are theirs is not known", async () => {
    const broken = derive<[bigint]>(["id"], (value) => {
      if (value === 2n) throw new Error("no");
      return value;
    });
    const job = filled("mirror", { key: { id: broken } });
    job.change({ onTargetNotEmpty: "mirror", rejects: { allowed: 1 } });
    await expect(job.complete({ confirm: () => Promise.resolve(true) })).rejects.toMatchObject({
      code: "TF_MIRROR",
      sentence: expect.stringContaining("id=2n"),
    });
    expect(job.target.find([{ name: "id", value: 77n }])).toBeDefined();
  });
});

describe("keys that repeat", () => {
  const lines = [
    ["1", "a"],
    ["2", "b"],
    ["1", "c"],
    ["2", "b"],
    ["3", "d"],
  ].map(([key, value]) => flowRow({}, { id: BigInt(key!), v: value! }));
  const file = (spec: SpecChange = {}) =>
    new SimulatedMigration(
      7,
      new SimulatedTable({ title: "rows.csv", key: [], isFile: true, splits: 1 }, lines),
      new SimulatedTable({ title: "target", key: id, exists: false }),
      {},
      { limits: { workers: 1 }, ...spec },
    );

  test("the second row of a key is rejected with its line, an equal row is not", async () => {
    const job = file({ rejects: { allowed: 1 } });
    expect(await job.complete()).toMatchObject({ rowsRead: 5, rowsWritten: 4, rejects: 1 });
    const [reject] = await job.rejects();
    expect(reject).toMatchObject({
      cause: "duplicate-key",
      split: "part 0",
      original: {
        key: [],
        columns: [
          ["id", { integer: expect.stringMatching(/[12]/) }],
          ["v", expect.stringMatching(/[ac]/)],
        ],
      },
    });
    expect(["rows.csv:1", "rows.csv:3"]).toContain(reject!.place);
  });

  test("a mapping that is not proved injective is held to it the same way", async () => {
    const half = derive<[bigint]>(["id"], (value) => value / 2n);
    const job = migration(6, { definition: { key: { id: half } }, spec: { rejects: { allowed: 3 } } });
    expect(await job.complete()).toMatchObject({ rowsWritten: 3, rejects: 3 });
  });

  test("a promise is taken at its word where verification will show", async () => {
    const definition: MappingDefinition = { key: { id: derive<[bigint]>(["id"], (value) => value / 2n) }, injective: true };
    const spec = { verify: { coverage: "all", certificate: false } };
    const job = migration(6, { definition, spec });
    await expect(job.complete()).rejects.toMatchObject({ code: "TF_DIFFERENT" });
  });
});

describe("rejects", () => {
  const picky: MappingDefinition = {
    columns: {
      n: derive<[string]>(["n"], (n) => {
        if (n === "4" || n === "9") throw new Error("I do not like it");
        return n;
      }),
    },
  };

  test("are kept with cause, place and original, and end the job when there are too many", async () => {
    const job = migration(12, { definition: picky });
    await expect(job.complete()).rejects.toMatchObject({
      code: "TF_REJECTS",
      sentence:
        "2 rows were rejected, 0 allowed\n  id=4: the mapping threw for n: Error: I do not like it [mapping-threw]\n  id=9: the mapping threw for n: Error: I do not like it [mapping-threw]",
      place: expect.stringContaining("simulated state"),
    });
    expect(job.target.texts).toEqual(job.expected.rows);
    const [first] = await job.rejects();
    expect(first).toEqual({
      cause: "mapping-threw",
      text: "the mapping threw for n: Error: I do not like it",
      column: "n",
      split: "part 0",
      place: "id=4n",
      original: {
        key: [["id", { integer: "4" }]],
        columns: [
          ["n", "4"],
          ["even", true],
        ],
      },
      mappingHash: job.loaded.hash,
      at: expect.any(Number),
    });
    expect(job.target.settings).toBe("own");
  });

  test("that are allowed do not keep it from being complete", async () => {
    const job = migration(12, { definition: picky, spec: { rejects: { allowed: 2 } } });
    expect(await job.complete()).toMatchObject({ outcome: "complete", rejects: 2, rowsRead: 12, rowsWritten: 10 });
  });

  test("of every origin stand beside each other", async () => {
    const job = migration(12, { definition: picky, spec: { rejects: { allowed: 9 } } });
    job.source.unreadable.add(1);
    job.target.poison.add("7");
    expect(await job.complete()).toMatchObject({ rejects: 4, rowsRead: 12, rowsWritten: 8 });
    expect((await job.rejects()).map(({ place, cause }) => `${place} ${cause}`).sort()).toEqual([
      "id=1n unreadable",
      "id=4n mapping-threw",
      "id=7n OTSParameterInvalid",
      "id=9n mapping-threw",
    ]);
  });

  test("after raising the allowance the same job is complete without another write", async () => {
    const job = migration(12, { definition: picky });
    await expect(job.complete()).rejects.toMatchObject({ code: "TF_REJECTS" });
    const writes = job.target.written.length;
    job.change({ rejects: { allowed: 2 } });
    expect(await job.complete()).toMatchObject({ outcome: "complete", rejects: 2, resumed: true });
    expect(job.target.written).toHaveLength(writes);
  });

  test("after correcting the rows in the source, running again carries them over", async () => {
    const job = migration(12);
    job.target.poison.add("4");
    await expect(job.complete()).rejects.toMatchObject({ code: "TF_REJECTS" });
    job.target.poison.clear();
    expect(await job.complete()).toMatchObject({ outcome: "complete", rejects: 0, rowsRead: 12, rowsWritten: 12 });
    expect(job.target.texts).toEqual(job.expected.rows);
    expect(await job.rejects()).toEqual([]);
  });

  test("with onReject: stop end the job at the first that is too many", async () => {
    const job = migration(200, {
      spec: { rejects: { onReject: "stop" }, limits: { workers: 1, writesInFlight: 1 } },
      source: { splits: 1 },
    });
    for (let row = 10; row < 200; row++) job.target.poison.add(`${row}`);
    await expect(job.complete()).rejects.toMatchObject({
      code: "TF_REJECTS",
      sentence: expect.stringMatching(/^5 rows were rejected so far, 0 allowed/),
    });
    expect(job.target.written).toHaveLength(10);
  });

  test("end a hopeless job before it has read everything", async () => {
    const job = migration(4000, { source: { pageRows: 100 }, target: { parcelRows: 50 } });
    for (let row = 0; row < 4000; row++) job.target.poison.add(`${row}`);
    await expect(job.complete()).rejects.toMatchObject({ code: "TF_REJECTS", sentence: expect.stringContaining("so far") });
    expect((await job.rejects()).length).toBeLessThan(1500);
  });
});

describe("sides that were made anew (R9)", () => {
  test.each([
    ["source", "complete"],
    ["target", "complete"],
    ["source", "interrupted"],
    ["target", "interrupted"],
  ] as const)("a new %s stops a job that is %s", async (side, how) => {
    const job = migration(20);
    if (how === "complete") await job.complete();
    else await job.run([{ at: 3, what: "kill", moment: "after", of: "write rows" }]);
    job[side].incarnation++;
    await expect(job.complete()).rejects.toMatchObject({ code: "TF_INCARNATION", place: side });
  });

  test("a target that is gone is no target that is done", async () => {
    const job = migration(5);
    await job.complete();
    job.target.exists = false;
    job.target.rows = [];
    await expect(job.complete()).rejects.toMatchObject({ code: "TF_INCARNATION" });
  });

  test("asked to copy again, it starts from the beginning", async () => {
    const job = migration(5);
    await job.complete();
    job.target.incarnation++;
    job.target.rows = [];
    expect(await job.complete({ again: true })).toMatchObject({ outcome: "complete", rowsWritten: 5, resumed: false });
    expect(job.target.texts).toEqual(job.expected.rows);
  });
});

describe("copying again", () => {
  test("goes over what is there, without being refused for it", async () => {
    const job = migration(8);
    await job.complete();
    job.target.put(flowRow({ id: 2n }, { n: "spoilt" }));
    expect(await job.complete({ again: true })).toMatchObject({ outcome: "complete", rowsWritten: 8 });
    expect(job.target.texts).toEqual(job.expected.rows);
  });

  test("of a job that was interrupted is going on with it", async () => {
    const job = migration(40);
    expect(await job.run([{ at: 6, what: "kill", moment: "after", of: "write rows" }])).toBe("killed");
    expect(await job.complete({ again: true })).toMatchObject({ resumed: true });
  });

  test("leaves nothing of earlier attempts in the state", async () => {
    const job = migration(8, { definition: { columns: { n: integer("n") } } });
    await job.complete();
    await job.complete({ again: true });
    const generations = new Set(
      [...job.world.state.entries.keys()].map((key) => key.split("/")[1]).filter((part) => part !== "lease" && part !== "run"),
    );
    expect(generations.size).toBe(1);
  });
});

describe("verification", () => {
  const verified = { verify: { coverage: "all", certificate: false, roundSeconds: 0 } };

  test("proves the copy, rejects counted apart", async () => {
    const job = migration(30, { spec: { ...verified, rejects: { allowed: 1 } } });
    job.target.poison.add("11");
    const { verification } = await job.complete();
    expect(verification).toMatchObject({ equal: true, sourceRows: 30, targetRows: 29, rejectedRows: 1, differenceCount: 0 });
  });

  test("names what differs, fails the job, and is repeated by the next run alone", async () => {
    const job = migration(30, { spec: verified });
    const spoil = (phase: string) => phase === "settle" && job.target.put(flowRow({ id: 5n }, { n: "spoilt" }));
    await expect(job.complete({ onProgress: ({ phase }) => void spoil(phase) })).rejects.toMatchObject({
      code: "TF_DIFFERENT",
      sentence: expect.stringContaining("different: id=5"),
      verification: { equal: false, differenceCount: 1 },
    });
    const writes = job.target.written.length;
    await expect(job.complete()).rejects.toMatchObject({ code: "TF_DIFFERENT" });
    expect(job.target.written).toHaveLength(writes);
    job.target.put(job.source.rows[5]!);
    expect(await job.complete()).toMatchObject({ outcome: "complete", resumed: true, verification: { equal: true } });
  });

  test("that only reports lets the job be complete, and says what differs", async () => {
    const job = migration(30, { spec: { verify: { ...verified.verify, onMismatch: "report" } } });
    const spoil = (phase: string) => phase === "settle" && job.target.put(flowRow({ id: 5n }, { n: "spoilt" }));
    expect(await job.complete({ onProgress: ({ phase }) => void spoil(phase) })).toMatchObject({
      outcome: "complete",
      verification: { equal: false, differenceCount: 1 },
    });
    expect((await job.complete()).outcome).toBe("nothing-to-do");
    job.change(verified);
    await expect(job.complete()).rejects.toMatchObject({ code: "TF_DIFFERENT" });
  });

  test("asked for later is done then: a copy is not claimed proved that was not", async () => {
    const job = migration(10);
    expect((await job.complete()).verification).toBeUndefined();
    job.change(verified);
    expect(await job.complete()).toMatchObject({ outcome: "complete", verification: { equal: true } });
    expect((await job.complete()).outcome).toBe("nothing-to-do");
  });
});

test("an input that no row can hold is stopped before anything is written", async () => {
  const job = migration(5, { definition: { key: { id: constant("text" as Value) } } });
  await expect(job.complete()).rejects.toMatchObject({ code: "TF_MAPPING_INVALID" });
  expect(job.world.state.entries.size).toBe(0);
});

describe("memory (R14)", () => {
  test("that large rows need is found out on the way: scans give way to each other and none is lost", async () => {
    const rows = Array.from({ length: 60 }, (_, i) => flowRow({ id: BigInt(i) }, { cell: "x".repeat(i % 10 < 3 ? 10 : 2 * 1024 * 1024) }));
    const source = new SimulatedTable({ title: "source", key: id, splits: 6, pageRows: 1 }, rows);
    const job = new SimulatedMigration(
      1,
      source,
      new SimulatedTable({ title: "target", key: id, exists: false }),
      {},
      { limits: { workers: 6, inFlightBytes: 13 * 1024 * 1024 } },
    );
    expect(await job.complete()).toMatchObject({ rowsRead: 60, rowsWritten: 60 });
    expect(job.target.texts).toEqual(job.expected.rows);
    expect(new Set(job.target.written.map(({ key }) => key)).size).toBe(job.target.written.length);
  });

  test("is bounded by bytes in flight, however large the rows and however many the workers", async () => {
    const cell = "x".repeat(1024 * 1024);
    const rows = Array.from({ length: 40 }, (_, i) => flowRow({ id: BigInt(i) }, { cell }));
    const source = new SimulatedTable({ title: "source", key: id, splits: 10, pageRows: 2 }, rows);
    const job = new SimulatedMigration(
      1,
      source,
      new SimulatedTable({ title: "target", key: id, exists: false }),
      {},
      { limits: { workers: 10, writesInFlight: 32, inFlightBytes: 16 * 1024 * 1024 } },
    );
    await job.complete();
    // A batch of 2 MB counts three times: as read, as written, and one that is read ahead.
    expect(source.liveMost).toBeGreaterThan(1);
    expect(source.liveMost).toBeLessThanOrEqual(2);
    expect(job.target.rows).toHaveLength(40);
  });

  test("a row larger than all of it is copied alone", async () => {
    const rows = Array.from({ length: 6 }, (_, i) => flowRow({ id: BigInt(i) }, { cell: "x".repeat(9 * 1024 * 1024) }));
    const source = new SimulatedTable({ title: "source", key: id, splits: 6, pageRows: 1 }, rows);
    const job = new SimulatedMigration(
      1,
      source,
      new SimulatedTable({ title: "target", key: id, exists: false }),
      {},
      { limits: { workers: 6, inFlightBytes: 8 * 1024 * 1024 } },
    );
    await job.complete();
    expect(source.liveMost).toBe(1);
  });
});
