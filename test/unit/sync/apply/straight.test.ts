import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { seededChance } from "../../../../src/base/chance.ts";
import { hasCode } from "../../../../src/base/error.ts";
import { Gate } from "../../../../src/base/gate.ts";
import { VirtualClock } from "../../../../src/base/virtual-clock.ts";
import type { SourceChange } from "../../../../src/connector/change.ts";
import type { RowOutcome, ScanScope, Source, Target } from "../../../../src/connector/connector.ts";
import { TableChangeEncoder } from "../../../../src/connector/table-store/change-encoder.ts";
import { BatchParcel, WideParcel } from "../../../../src/connector/table-store/change-parcels.ts";
import { ParcelBuilder } from "../../../../src/connector/table-store/parcel-builder.ts";
import { compileMapping } from "../../../../src/job/compile-mapping.ts";
import { loadedDefinition } from "../../../../src/job/load-mapping.ts";
import type { ColumnRule, CompiledMapping, MappingDefinition } from "../../../../src/job/mapping.ts";
import type { KeySchema } from "../../../../src/model/schema.ts";
import type { UpdateCell } from "../../../../src/model/row.ts";
import type { Value } from "../../../../src/model/value.ts";
import { openFence } from "../../../../src/pipeline/fence.ts";
import { MemoryStateStore } from "../../../../src/pipeline/memory-state-store.ts";
import { Throttle } from "../../../../src/pipeline/throttle.ts";
import { Writer } from "../../../../src/pipeline/writer.ts";
import { ChangeApplier } from "../../../../src/sync/apply/change-applier.ts";
import { ParkedKeys } from "../../../../src/sync/apply/parked-keys.ts";
import type { Applied } from "../../../../src/sync/apply/window.ts";
import { encodeStreamRecord } from "../../../../src/wire/plainbuffer/encode.ts";
import { decodedChange, streamedChanges } from "./streamed-changes.ts";

/** When everything was committed, milliseconds. */
const COMMIT = 1_700_000_000_000;
const sourceKey: readonly KeySchema[] = [
  { name: "k", type: "string" },
  { name: "n", type: "integer" },
];
const swappedKey: readonly KeySchema[] = [
  { name: "n", type: "integer" },
  { name: "other", type: "string" },
];

interface Written {
  readonly type: SourceChange["type"];
  readonly key: readonly [string, bigint];
  readonly cells: readonly UpdateCell[];
}

function recordsOf(written: readonly Written[], committedAt?: number): readonly SourceChange[] {
  return streamedChanges(
    written.map(({ type, key: [k, n], cells }, rowIndex) => {
      const key = [
        { name: "k", value: k },
        { name: "n", value: n },
      ];
      const sequence = { epoch: 0, timestamp: (committedAt ?? COMMIT) * 1000 + rowIndex, rowIndex };
      return { action: type, record: encodeStreamRecord(key, cells, sequence) };
    }),
  );
}

interface Surroundings {
  readonly mapping: CompiledMapping;
  readonly versions: "latest" | "keep";
  readonly allowUpdate?: boolean | undefined;
  readonly oldest?: number | undefined;
  readonly scope?: Partial<ScanScope> | undefined;
  /** Rows, by their place in the requests, that the target refuses. */
  readonly refuses?: ((change: Uint8Array) => boolean) | undefined;
}

/** What an applier sends for some windows and says of them, with a target that only takes note. */
async function applied(windows: readonly (readonly SourceChange[])[], surroundings: Surroundings) {
  const { mapping, versions, allowUpdate = true, oldest, scope, refuses } = surroundings;
  const clock = new VirtualClock();
  const sent: string[] = [];
  const write = async (parcel: unknown): Promise<readonly RowOutcome[]> => {
    const outcomes: RowOutcome[] = [];
    const rows =
      parcel instanceof BatchParcel
        ? Array.from({ length: parcel.rows }, (_, row) => ({ kind: parcel.kind(row), change: parcel.change(row) }))
        : [{ kind: (parcel as WideParcel).kind, change: (parcel as WideParcel).whole }];
    for (const [row, { kind, change }] of rows.entries()) {
      sent.push(`${kind.type} ${kind.condition.existence} ${Buffer.from(change).toString("hex")}`);
      if (refuses?.(change) === true) outcomes.push({ row, kind: "refused", refusal: { cause: "test", text: "not this one" } });
    }
    return outcomes;
  };
  const builder = new ParcelBuilder({ table: "t", keysMayRepeat: false, allowUpdate });
  const changeEncoder = async () => new TableChangeEncoder(builder, { allowUpdate, oldest: () => oldest });
  const target = { write, changeEncoder } as Partial<Target> as Target;
  const asked: string[] = [];
  const lookUp: Source["lookUp"] = async (keys) =>
    keys.map(([k, n]) => {
      asked.push(`${String(k)}/${String(n)}`);
      const key = [
        { name: "k", value: k as string },
        { name: "n", value: n as bigint },
      ];
      return n === 0n ? undefined : { key, columns: [{ name: "a", value: "read" }] };
    });
  const signal = new AbortController().signal;
  const shared = { fence: openFence, clock, chance: seededChance(1), signal };
  const writer = new Writer({ target, slots: new Gate(4), throttle: new Throttle(clock, {}), ...shared });
  const state = new MemoryStateStore();
  const parked = await ParkedKeys.open({ state, job: "job", token: "t", mappingHash: "h", clock, fence: openFence });
  const applier = await ChangeApplier.open({
    ...{ mapping, scope: { versions, ...scope }, sourceKey, target, writer, parked, clock, doubtMs: 1 },
    source: { lookUp } as Partial<Source> as Source,
    described: { allowUpdate, title: "t" },
  });
  const counts: Applied[] = [];
  for (const window of windows) counts.push(await applier.apply(window, signal));
  const kept: string[] = [];
  for await (const [place, entry] of state.scan("job/")) kept.push(`${place} ${entry.value}`);
  return { sent: sent.sort(), asked: asked.sort(), counts, kept: kept.sort() };
}

const compiled = (definition: MappingDefinition, targetKey = sourceKey) =>
  compileMapping(loadedDefinition(definition), { sourceKey, targetKey });

const anyValue: fc.Arbitrary<Value> = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 6 }),
  fc.bigInt({ min: -3n, max: 1n << 62n }),
  fc.boolean(),
  fc.constantFrom(1.5, -0, Number.POSITIVE_INFINITY, Number.NaN),
  fc.uint8Array({ maxLength: 4 }),
);
const anyStamp = fc.oneof(
  { weight: 12, arbitrary: fc.integer({ min: COMMIT - 101, max: COMMIT + 101 }) },
  { weight: 1, arbitrary: fc.constantFrom(0, 5, COMMIT - 5000, COMMIT + 5000) },
);
const columns = ["a", "b", "c", "d", "é"] as const;
type Column = (typeof columns)[number];

/** The cells of a record: in the order of their names, versions newest first. */
function anyCells(ops: readonly UpdateCell["op"][]): fc.Arbitrary<readonly UpdateCell[]> {
  const cell = fc.record({ name: fc.constantFrom(...columns), op: fc.constantFrom(...ops), value: anyValue, timestamp: anyStamp });
  const ordered = (a: { name: Column; timestamp: number }, b: { name: Column; timestamp: number }) =>
    a.name === b.name ? b.timestamp - a.timestamp : a.name < b.name ? -1 : 1;
  return fc.array(cell, { maxLength: 5 }).map((cells) =>
    cells.toSorted(ordered).map(({ name, op, value, timestamp }): UpdateCell => {
      if (op === "put") return { op, name, value, timestamp };
      return op === "deleteOne" ? { op, name, timestamp } : { op: "deleteAll", name };
    }),
  );
}

const anyKey = fc.tuple(fc.constantFrom("", "x", "é"), fc.constantFrom(0n, 1n, 2n, -1n)).map(([k, n]) => [k, n] as const);
const anyWritten: fc.Arbitrary<Written> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ type: fc.constant("put" as const), key: anyKey, cells: anyCells(["put"]) }) },
  {
    weight: 6,
    arbitrary: fc.record({
      type: fc.constant("update" as const),
      key: anyKey,
      cells: anyCells(["put", "put", "put", "put", "deleteAll", "deleteAll", "deleteOne"]),
    }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("delete" as const), key: anyKey, cells: fc.constant([]) }) },
);

const anyRule: fc.Arbitrary<ColumnRule> = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom<ColumnRule>("a", "b", "c", "gone") },
  { weight: 1, arbitrary: fc.constantFrom<ColumnRule>({ from: "a", as: "string" }, { constant: 7n }, "k", { from: "b", default: "none" }) },
  { weight: 1, arbitrary: fc.constant<ColumnRule>({ inputs: ["a"], derive: (a?: Value) => a && `${String(a)}!` }) },
);
const anyDefinition: fc.Arbitrary<MappingDefinition> = fc.record(
  {
    columns: fc.dictionary(fc.constantFrom("a", "new", "è", "long_name"), anyRule, { maxKeys: 3 }),
    rest: fc.constantFrom("copy", "drop"),
    drop: fc.uniqueArray(fc.constantFrom("b", "d", "é"), { maxLength: 2 }),
  },
  { requiredKeys: [] },
);
const anyTarget = fc.constantFrom(
  { targetKey: sourceKey, key: undefined },
  { targetKey: swappedKey, key: { n: "n", other: "k" } },
  { targetKey: sourceKey, key: { k: "k", n: "n" } },
);

describe("changes sent as they came", () => {
  test("come to the same bytes, counts and parked keys as changes that are decoded, folded and mapped", async () => {
    const anySurroundings = fc.record({
      versions: fc.constantFrom("latest" as const, "keep" as const),
      allowUpdate: fc.constantFrom(true, true, true, false),
      oldest: fc.constantFrom(undefined, undefined, COMMIT - 50),
      refused: fc.constantFrom(0, 0, 1),
    });
    const windows = fc.array(fc.array(anyWritten, { maxLength: 8 }), { minLength: 1, maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(anyDefinition, anyTarget, windows, anySurroundings, async (definition, { targetKey, key }, written, around) => {
        const mapping = compiled(key === undefined ? definition : { ...definition, key }, targetKey);
        const refuses = (change: Uint8Array) => around.refused === 1 && change.at(-1)! % 3 === 0;
        const { versions, allowUpdate, oldest } = around;
        const surroundings = { mapping, versions, allowUpdate, oldest: versions === "keep" ? oldest : undefined, refuses };
        const streamed = written.map((window) => recordsOf(window));
        const straight = await applied(streamed, surroundings);
        expect(straight).toEqual(
          await applied(
            streamed.map((window) => window.map(decodedChange)),
            surroundings,
          ),
        );
      }),
      { numRuns: 1000 },
    );
  });

  /** Whether a change was decoded on its way. */
  async function isDecoded(written: Written, surroundings: Partial<Surroundings> = {}): Promise<boolean> {
    const [change] = recordsOf([written]);
    let decoded = false;
    const watched = new Proxy(change!, {
      get: (target, property) => {
        if (property === "key" || property === "cells") decoded = true;
        const value: unknown = Reflect.get(target, property, target);
        return value;
      },
    });
    const { sent, asked } = await applied([[watched]], { mapping: compiled({}), versions: "latest", ...surroundings });
    expect(sent.length + asked.length).toBeGreaterThan(0);
    return decoded;
  }
  const cell = (name: string, timestamp = COMMIT): UpdateCell => ({ op: "put", name, value: "x", timestamp });
  const put: Written = { type: "put", key: ["x", 1n], cells: [cell("a"), cell("b")] };
  const update: Written = { type: "update", key: ["x", 1n], cells: [cell("a"), { op: "deleteAll", name: "b" }] };

  test.each([
    ["a put", put, {}],
    ["an update", update, {}],
    ["a put that drops and renames", put, { mapping: compiled({ drop: ["a"], columns: { other: "b" } }) }],
    ["a put under another key", put, { mapping: compiled({ key: { n: "n", other: "k" } }, swappedKey) }],
    ["a record without the column of which another is made", put, { mapping: compiled({ columns: { c: { from: "d", as: "string" } } }) }],
    ["versions of a column, with their timestamps", { ...put, cells: [cell("a"), cell("a", 7)] }, { versions: "keep" }],
  ] as const)("are not decoded: %s", async (_title, written, surroundings) => {
    expect(await isDecoded(written, surroundings)).toBe(false);
  });

  test.each([
    ["a deletion", { type: "delete", key: ["x", 1n], cells: [] }, {}],
    ["a version deleted by its timestamp", { ...update, cells: [{ op: "deleteOne", name: "a", timestamp: 7 }] }, {}],
    ["an update with a timestamp of its writer's own", { ...update, cells: [cell("a", COMMIT - 101)] }, {}],
    ["two versions of a column where only the latest goes on", { ...put, cells: [cell("a"), cell("a", 7)] }, {}],
    ["an update where whole rows are taken", update, { allowUpdate: false }],
    ["a column that is the same everywhere", put, { mapping: compiled({ columns: { c: { constant: 1n } } }) }],
    ["a column of which another is made", put, { mapping: compiled({ columns: { c: { from: "a", as: "string" } } }) }],
    ["a job with a filter", put, { scope: { range: { from: ["a"] } } }],
    ["an update of nothing that is carried over", update, { mapping: compiled({ drop: ["a", "b"] }) }],
  ] as const)("are decoded where records do not say it as they are: %s", async (_title, written, surroundings) => {
    expect(await isDecoded(written as Written, surroundings as Partial<Surroundings>)).toBe(true);
  });

  test("never include two of one key, in one window or beside a parked one (R6, R10)", async () => {
    const other: Written = { ...put, key: ["y", 1n] };
    const refuses = (change: Uint8Array) => Buffer.from(change).includes("refuse me");
    const bad: Written = { ...put, cells: [{ ...cell("a"), value: "refuse me" } as UpdateCell] };
    const { sent, counts } = await applied([recordsOf([put, other, put]), recordsOf([bad, other]), recordsOf([put, other])], {
      mapping: compiled({}),
      versions: "latest",
      refuses,
    });
    expect(counts.map(({ puts, folded, parked }) => [puts, folded, parked])).toEqual([
      [2, 1, 0],
      [1, 0, 1],
      [1, 0, 1],
    ]);
    expect(sent).toHaveLength(5);
  });

  test("go out as one row and updates where they have more columns than a request takes (R10)", async () => {
    const cells = Array.from({ length: 1100 }, (_, at) => cell(`c${String(at).padStart(4, "0")}`));
    const surroundings = { mapping: compiled({}), versions: "latest" as const };
    const changes = recordsOf([{ ...put, cells }]);
    expect(await applied([changes], surroundings)).toEqual(await applied([changes.map(decodedChange)], surroundings));
  });

  test("stop at a record that is broken, before anything is sent", async () => {
    const changes = recordsOf([put, { ...put, key: ["y", 1n] }]);
    const { bytes, end } = changes[1]!.encoded!;
    bytes[end - 1]! ^= 1;
    await expect(applied([changes], { mapping: compiled({}), versions: "latest" })).rejects.toSatisfy((error) =>
      hasCode(error, "TF_WIRE_CORRUPT"),
    );
  });

  test("are told apart by their keys in a window of thousands", async () => {
    const written = Array.from({ length: 3000 }, (_, at): Written => ({ ...put, key: [`k${at}`, BigInt(at)] }));
    const { counts } = await applied([recordsOf([...written, ...written.slice(0, 10)])], { mapping: compiled({}), versions: "latest" });
    expect(counts).toMatchObject([{ changes: 3010, folded: 10, puts: 3000 }]);
  });
});
