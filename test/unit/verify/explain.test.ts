import { describe, expect, test } from "vitest";
import type { Reject } from "../../../src/pipeline/rejects.ts";
import { explainKey, type ExplainInput } from "../../../src/verify/explain.ts";
import { keyed, mapping, row, rows } from "./support/compare.ts";
import { MemorySide } from "./support/memory-side.ts";

const numberKey = [{ name: "number", type: "integer" }] as const;
const renamed = mapping({ key: { number: "id" }, columns: { title: "name" } }, numberKey);
const derived = mapping(
  { drop: ["id"], key: { number: { inputs: ["id"], derive: (id: never) => (id as bigint) + 100n } }, injective: true },
  numberKey,
);

function explain(key: ExplainInput["key"], source: MemorySide, target: MemorySide, more: Partial<ExplainInput> = {}) {
  return explainKey({
    key,
    source,
    target,
    mapping: undefined,
    scope: { versions: "latest" },
    signal: new AbortController().signal,
    ...more,
  });
}

async function* stored(reject: Partial<Reject>): AsyncGenerator<Reject> {
  yield { cause: "too-large", text: "the row is too large", split: "s0", place: "?", original: "", mappingHash: "m", at: 0, ...reject };
}

describe("explaining a row", () => {
  test("shows source row, mapped row, target row and the verdict by column", async () => {
    const target = new MemorySide([keyed({ number: 3n }, { title: "Name 3", size: 9n, ratio: 3 / 7 })], { key: numberKey });
    const explanation = await explain("id=3", new MemorySide(rows(10)), target, { mapping: renamed });
    expect(explanation).toMatchObject({
      keyOf: "source",
      sourceKey: "id=3",
      source: {
        key: "id=3",
        columns: [
          { name: "name", type: "string", value: '"name 3"' },
          { name: "size", type: "integer", value: "9" },
          { name: "ratio", type: "double" },
        ],
      },
      mappingHash: "m".repeat(64),
      refusal: null,
      reject: null,
      targets: [
        {
          key: "number=3",
          verdict: "different",
          mapped: { key: "number=3" },
          target: { key: "number=3" },
          columns: [{ name: "title", source: '"name 3"', target: '"Name 3"', why: "value differs" }],
        },
      ],
      notes: [],
    });
  });

  test("takes the target's key where the mapping only renames it", async () => {
    const explanation = await explain("number=3", new MemorySide(rows(10)), new MemorySide([], { key: numberKey }), { mapping: renamed });
    expect(explanation).toMatchObject({
      keyOf: "target",
      sourceKey: "id=3",
      source: { key: "id=3" },
      targets: [{ key: "number=3", verdict: "missing", target: null }],
    });
  });

  test("says so where the target's key is derived and the source can only be asked by its own", async () => {
    const target = new MemorySide([keyed({ number: 103n })], { key: numberKey });
    const explanation = await explain("number=103", new MemorySide(rows(10)), target, { mapping: derived });
    expect(explanation).toMatchObject({
      keyOf: "target",
      sourceKey: null,
      source: null,
      targets: [{ key: "number=103", verdict: "unknown", target: { key: "number=103" } }],
    });
    expect(explanation.notes).toEqual([
      "the mapping derives the target's key, so the source row cannot be found by it; give the source's key, id (integer)",
    ]);
  });

  test("searches a file for a derived target key, and names line and split", async () => {
    const target = new MemorySide([keyed({ number: 105n }, { name: "name 5", size: 15n, ratio: 5 / 7 })], { key: numberKey });
    const explanation = await explain("number=105", new MemorySide(rows(10), { looksUp: false }), target, { mapping: derived });
    expect(explanation).toMatchObject({
      place: "memory:6",
      split: { id: "s1", title: "piece 1" },
      sourceKey: "id=5",
      targets: [{ verdict: "equal", columns: [] }],
    });
  });

  test("names the split of a table where the source can tell", async () => {
    const source = new MemorySide(rows(10));
    const split = { id: "0002", title: "(5) to (8)", spec: null };
    Object.assign(source, { holds: (one: { id: string }, key: readonly unknown[]) => one.id === "0002" && key[0] === 5n });
    const explanation = await explain(["id=5"], source, new MemorySide(rows(10)), {
      splits: [{ id: "0001", title: "", spec: null }, split],
    });
    expect(explanation.split).toEqual({ id: "0002", title: "(5) to (8)" });
  });

  test("says why the mapping refuses the row, and shows what an earlier run left in the target", async () => {
    const cast = mapping({ columns: { size: { from: "name", as: "integer" } } });
    const explanation = await explain("id=1", new MemorySide(rows(3)), new MemorySide([row(1, { size: 5n })]), { mapping: cast });
    expect(explanation).toMatchObject({
      refusal: { cause: "cast" },
      targets: [{ key: "id=1", mapped: null, target: { key: "id=1" }, verdict: "rejected" }],
    });
  });

  test("shows why the job put the row aside, known by its key", async () => {
    const rejects = stored({ place: "(1)", original: { key: [["id", { integer: "1" }]], columns: [] } });
    const explanation = await explain("id=1", new MemorySide(rows(3)), new MemorySide([]), { rejects });
    expect(explanation).toMatchObject({ reject: { cause: "too-large", text: "the row is too large" }, targets: [{ verdict: "rejected" }] });
  });

  test("of a row that is nowhere says so", async () => {
    const explanation = await explain('{"id": 77}', new MemorySide(rows(3)), new MemorySide([]));
    expect(explanation).toMatchObject({
      source: null,
      targets: [{ key: "id=77", verdict: "absent", mapped: null, target: null }],
      notes: ["there is no such row in the source"],
    });
  });

  test("of a row that only the target has says extra", async () => {
    const explanation = await explain("id=77", new MemorySide(rows(3)), new MemorySide([row(77)]));
    expect(explanation).toMatchObject({ source: null, targets: [{ verdict: "extra" }] });
  });

  test("masks values when asked", async () => {
    const explanation = await explain("id=1", new MemorySide([row(1, { name: "secret" })]), new MemorySide([row(1, { name: "other" })]), {
      maskWith: new Uint8Array([1]),
    });
    expect(explanation.targets[0]!.columns[0]!.source).toMatch(/^string#[0-9a-f]{8}$/);
    expect(JSON.stringify(explanation)).not.toContain("secret");
  });

  test("refuses a key of neither side, and names both", async () => {
    await expect(explain("city=3", new MemorySide(rows(3)), new MemorySide([], { key: numberKey }), { mapping: renamed })).rejects.toThrow(
      expect.objectContaining({
        code: "TF_KEY_INVALID",
        message: expect.stringContaining("the source's key is id (integer), the target's number (integer)") as string,
      }),
    );
  });

  test("is JSON-clean", async () => {
    const explanation = await explain("id=3", new MemorySide(rows(10)), new MemorySide(rows(10)));
    expect(JSON.parse(JSON.stringify(explanation))).toEqual(explanation);
  });
});
