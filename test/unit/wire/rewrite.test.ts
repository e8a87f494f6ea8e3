import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { TableferryError } from "../../../src/base/error.ts";
import type { PutCell, Row } from "../../../src/model/row.ts";
import { typeOf, type KeyType, type KeyValue, type Value } from "../../../src/model/value.ts";
import { WireCorrupt } from "../../../src/wire/corrupt.ts";
import { ByteWriter } from "../../../src/wire/plainbuffer/byte-writer.ts";
import { canonicalOfRow, compileCanonical, type RowCanonicalizer } from "../../../src/wire/plainbuffer/canonical.ts";
import { decodeChange } from "../../../src/wire/plainbuffer/decode-change.ts";
import { encodeRow, encodeRows } from "../../../src/wire/plainbuffer/encode.ts";
import { identityPlan, type Origin, type RewritePlan } from "../../../src/wire/plainbuffer/rewrite-plan.ts";
import { compileRewrite, type Rewriter } from "../../../src/wire/plainbuffer/rewrite.ts";
import { RowWalker } from "../../../src/wire/plainbuffer/walk.ts";
import * as any from "./arbitraries.ts";

interface Mapped {
  readonly key: { readonly name: string; readonly value: KeyValue }[];
  readonly cells: PutCell[];
}

/** The plan applied to a decoded row, written for clarity: what the rewriter must equal. */
function mapRow(plan: RewritePlan, row: Row): Mapped | "filtered" | "refused" {
  const cells = row.cells.filter((cell) => plan.oldest === undefined || cell.timestamp >= plan.oldest);
  const newestOfRow = cells.length === 0 ? undefined : Math.max(...cells.map((cell) => cell.timestamp));
  const versions = (name: string) => cells.filter((cell) => cell.name === name);
  const keyColumn = (name: string) => row.key.find((column) => column.name === name);
  const input = (name: string): Value | undefined => keyColumn(name)?.value ?? versions(name)[0]?.value;
  const compute = (index: number) => plan.computed[index]!.apply(plan.computed[index]!.inputs.map(input)) ?? undefined;
  if (plan.keep !== undefined && compute(plan.keep) !== true) return "filtered";
  const valueOf = (from: Origin): Value | undefined =>
    from.kind === "constant" ? from.value : from.kind === "computed" ? compute(from.index) : input(from.name);
  const key = [];
  for (const column of plan.targetKey) {
    const value = valueOf(column.from);
    if (value === undefined || typeOf(value) !== column.type) return "refused";
    key.push({ name: column.name, value: value as KeyValue });
  }
  const stamped = (name: string, value: Value | undefined, timestamp: number | undefined): PutCell[] =>
    value === undefined ? [] : timestamp === undefined || !plan.keepTimestamps ? [{ name, value }] : [{ name, value, timestamp }];
  const out: PutCell[] = [];
  for (const { name, from } of plan.columns) {
    if (from.kind === "column") {
      for (const cell of plan.keepTimestamps ? versions(from.name) : versions(from.name).slice(0, 1)) {
        out.push(...stamped(name, cell.value, cell.timestamp));
      }
    } else if (from.kind === "computed") {
      const { inputs, perVersion, apply } = plan.computed[from.index]!;
      const found = versions(inputs[0]!);
      if (perVersion === true && plan.keepTimestamps && found.length > 0 && keyColumn(inputs[0]!) === undefined) {
        for (const cell of found) out.push(...stamped(name, apply([cell.value]) ?? undefined, cell.timestamp));
      } else {
        const times = inputs
          .filter((one) => keyColumn(one) === undefined)
          .flatMap((one) =>
            versions(one)
              .slice(0, 1)
              .map((cell) => cell.timestamp),
          );
        out.push(...stamped(name, compute(from.index), times.length > 0 ? Math.max(...times) : newestOfRow));
      }
    } else out.push(...stamped(name, valueOf(from), newestOfRow));
  }
  const taken = new Set([...plan.excluded, ...plan.columns.map((one) => one.name), ...plan.targetKey.map((one) => one.name)]);
  if (plan.rest === "copy") {
    for (const column of row.key) if (!taken.has(column.name)) out.push(...stamped(column.name, column.value, newestOfRow));
    for (const [at, cell] of cells.entries()) {
      if (taken.has(cell.name) || (!plan.keepTimestamps && cells[at - 1]?.name === cell.name)) continue;
      out.push(...stamped(cell.name, cell.value, cell.timestamp));
    }
  }
  return { key, cells: out };
}

const NAMES = ["a", "b", "c", "amount", "größe", "zz"];
const tableRow = fc
  .record({
    k1: fc.oneof(any.text),
    k2: any.integer,
    cells: fc.uniqueArray(fc.record({ name: fc.oneof(fc.constantFrom(...NAMES), any.name), value: any.value, timestamp: fc.nat(50) }), {
      maxLength: 12,
      selector: (cell) => `${cell.name}/${cell.timestamp}`,
    }),
  })
  .map(({ k1, k2, cells }): Row => {
    const own = cells.filter((cell) => cell.name !== "k1" && cell.name !== "k2");
    return {
      key: [
        { name: "k1", value: k1 },
        { name: "k2", value: k2 },
      ],
      cells: any.sortCells(own),
    };
  });

const describeValue = (values: readonly (Value | undefined)[]): Value | undefined =>
  values.every((one) => one === undefined)
    ? undefined
    : values.map((one) => (one instanceof Uint8Array ? one.length : String(one))).join("/");
const computed: RewritePlan["computed"] = [
  { inputs: ["a"], perVersion: true, apply: describeValue },
  { inputs: ["a", "k2", "b"], apply: describeValue },
  { inputs: ["k2"], apply: ([value]) => (value as bigint) % 3n !== 0n },
  { inputs: ["amount"], apply: ([value]) => (typeof value === "bigint" ? value : null) },
];
const origin: fc.Arbitrary<Origin> = fc.oneof(
  fc.constantFrom("k1", "k2").map((name): Origin => ({ kind: "key", name })),
  fc.constantFrom(...NAMES).map((name): Origin => ({ kind: "column", name })),
  any.value.map((value): Origin => ({ kind: "constant", value })),
  fc.constantFrom(0, 1, 3).map((index): Origin => ({ kind: "computed", index })),
);
const keyType = fc.constantFrom<KeyType>("string", "integer", "binary");
const plan: fc.Arbitrary<RewritePlan> = fc.record({
  sourceKey: fc.constant([
    { name: "k1", type: "string" as const },
    { name: "k2", type: "integer" as const },
  ]),
  targetKey: fc.oneof(
    fc.constant([
      { name: "id", type: "integer" as const, from: { kind: "key" as const, name: "k2" } },
      { name: "k1", type: "string" as const, from: { kind: "key" as const, name: "k1" } },
    ]),
    fc.array(fc.record({ name: fc.constantFrom("x", "y"), type: keyType, from: origin }), { minLength: 1, maxLength: 1 }),
  ),
  columns: fc.uniqueArray(fc.record({ name: fc.oneof(fc.constantFrom(...NAMES), any.name), from: origin }), {
    maxLength: 5,
    selector: (one) => one.name,
  }),
  rest: fc.constantFrom("copy", "drop"),
  excluded: fc.subarray(["k1", "k2", "a", "b", "zz"]),
  computed: fc.constant(computed),
  keep: fc.constantFrom(undefined, 2),
  keepTimestamps: fc.boolean(),
  oldest: fc.constantFrom(undefined, 20),
});

function walkerOn(row: Row, verification: "row" | "cells" = "row"): RowWalker {
  const walker = new RowWalker(verification).open(encodeRow(row));
  walker.next();
  return walker;
}

function rewritten(rewriter: Rewriter, row: Row, writer = new ByteWriter(16)): Mapped | "filtered" | "refused" {
  const outcome = rewriter.rewrite(walkerOn(row), writer);
  if (outcome !== "written") return outcome;
  const change = decodeChange("put", writer.bytes.subarray(rewriter.start, rewriter.end));
  return change.type === "put" ? { key: [...change.key] as Mapped["key"], cells: [...change.cells] } : "refused";
}

/** Computations of these tests throw only what damaged values make them throw: a remainder of something that is no bigint. */
const coded = (refusal: Rewriter["refusal"]): boolean =>
  refusal?.cause !== "threw" || refusal.error instanceof TypeError || refusal.error instanceof TableferryError;

describe("rewriting an encoded row", () => {
  test("equals mapping the decoded row, row after row with one rewriter", () => {
    fc.assert(
      fc.property(plan, fc.array(tableRow, { minLength: 1, maxLength: 4 }), (one, rows) => {
        const rewriter = compileRewrite(one);
        for (const row of rows) expect(rewritten(rewriter, row)).toEqual(mapRow(one, row));
      }),
      { numRuns: 500 },
    );
  });

  test("appends to a shared writer and takes refused rows back", () => {
    fc.assert(
      fc.property(plan, fc.array(tableRow, { maxLength: 6 }), (one, rows) => {
        const writer = new ByteWriter(16);
        const rewriter = compileRewrite(one);
        let end = 0;
        for (const row of rows) {
          const outcome = rewriter.rewrite(walkerOn(row), writer);
          if (outcome === "written") {
            expect(rewriter.start).toBe(end);
            end = rewriter.end;
          }
          expect(writer.at).toBe(end);
        }
      }),
    );
  });

  test("carries a value broken on the way to where it is found", () => {
    const schema = [{ name: "k", type: "string" as const }];
    const row: Row = { key: [{ name: "k", value: "key" }], cells: [{ name: "a", value: "some value", timestamp: 1 }] };
    const bytes = encodeRow(row);
    const walker = new RowWalker("row").open(bytes);
    walker.next();
    bytes[walker.valueEnd[1]! - 1]! ^= 0x10;
    const moves = { ...identityPlan(schema, false), columns: [{ name: "renamed", from: { kind: "column" as const, name: "a" } }] };
    const rewriter = compileRewrite(moves);
    const writer = new ByteWriter();
    rewriter.rewrite(walker, writer);
    expect(() => decodeChange("put", writer.bytes.subarray(rewriter.start, rewriter.end))).toThrow(WireCorrupt);
  });

  test("gives a coded refusal or an outcome for damaged rows", () => {
    const verification = fc.constantFrom<"none" | "row">("none", "row");
    fc.assert(
      fc.property(plan, tableRow, fc.nat(), fc.integer({ min: 0, max: 255 }), verification, (one, row, at, mask, checked) => {
        const bytes = encodeRow(row);
        const damaged = mask === 0 ? bytes.slice(0, at % bytes.length) : bytes.with(at % bytes.length, bytes[at % bytes.length]! ^ mask);
        const rewriter = compileRewrite(one);
        const canonical = compileCanonical(one);
        const writer = new ByteWriter(16);
        const rewriteAll = (): void => {
          const walker = new RowWalker(checked).open(damaged);
          while (walker.next()) {
            rewriter.rewrite(walker, writer);
            canonical.write(walker, writer);
          }
        };
        return any.survives(rewriteAll, (error) => error instanceof WireCorrupt) && coded(rewriter.refusal) && coded(canonical.refusal);
      }),
      { numRuns: 400 },
    );
  });

  test("checks what a computation reads", () => {
    const bytes = encodeRow({ key: [{ name: "k", value: "key" }], cells: [{ name: "a", value: 5n, timestamp: 1 }] });
    const walker = new RowWalker("row").open(bytes);
    walker.next();
    bytes[walker.valueEnd[1]! - 1]! ^= 1;
    const rewriter = compileRewrite({
      ...identityPlan([{ name: "k", type: "string" }], false),
      columns: [{ name: "b", from: { kind: "computed", index: 0 } }],
      computed: [{ inputs: ["a"], apply: ([value]) => value }],
    });
    expect(() => rewriter.rewrite(walker, new ByteWriter())).toThrow(WireCorrupt);
  });

  test("refuses the row, not the batch, when a computation throws", () => {
    const error = new Error("no");
    const rewriter = compileRewrite({
      ...identityPlan([{ name: "k", type: "string" }], false),
      columns: [{ name: "b", from: { kind: "computed", index: 0 } }],
      computed: [
        {
          inputs: ["a"],
          apply: () => {
            throw error;
          },
        },
      ],
    });
    rewritten(rewriter, { key: [{ name: "k", value: "v" }], cells: [] });
    expect(rewriter.refusal).toEqual({ cause: "threw", column: "b", error });
  });

  test("names the key column that has no value", () => {
    const rewriter = compileRewrite({
      ...identityPlan([{ name: "k", type: "string" }], false),
      targetKey: [{ name: "id", type: "integer", from: { kind: "column", name: "a" } }],
    });
    rewritten(rewriter, { key: [{ name: "k", value: "v" }], cells: [] });
    expect(rewriter.refusal).toEqual({ cause: "missingKey", column: "id" });
  });

  test("names the key column that has another type", () => {
    const rewriter = compileRewrite({
      ...identityPlan([{ name: "k", type: "string" }], false),
      targetKey: [{ name: "id", type: "integer", from: { kind: "column", name: "a" } }],
    });
    rewritten(rewriter, { key: [{ name: "k", value: "v" }], cells: [{ name: "a", value: "1", timestamp: 1 }] });
    expect(rewriter.refusal).toEqual({ cause: "wrongKeyType", column: "id", expected: "integer", found: "VT_STRING" });
  });

  test("stops on a row of another table", () => {
    const rewriter = compileRewrite(identityPlan([{ name: "other", type: "string" }], false));
    expect(() => rewritten(rewriter, { key: [{ name: "k", value: "v" }], cells: [] })).toThrow("'other'");
  });

  test("forgets free column names before they fill the memory", () => {
    const rewriter = compileRewrite(identityPlan([{ name: "k", type: "integer" }], false));
    for (let i = 0; i < 40; i++) {
      const cells = Array.from({ length: 500 }, (_, at) => ({ name: `c${i}-${at}`, value: BigInt(at), timestamp: 1 }));
      const row: Row = { key: [{ name: "k", value: BigInt(i) }], cells: any.sortCells(cells) };
      expect(rewritten(rewriter, row)).toEqual(mapRow(identityPlan([{ name: "k", type: "integer" }], false), row));
    }
  });
});

describe("the canonical form", () => {
  test("of an encoded row through a plan equals that of the mapped model row", () => {
    fc.assert(
      fc.property(
        plan,
        fc.array(tableRow, { minLength: 1, maxLength: 3 }),
        fc.constantFrom<"row" | "cells">("row", "cells"),
        (one, rows, verification) => {
          const canonical = compileCanonical(one);
          for (const row of rows) {
            const writer = new ByteWriter(16);
            const outcome = canonical.write(walkerOn(row, verification), writer);
            const mapped = mapRow(one, row);
            if (typeof mapped === "string") {
              expect(outcome).toBe(mapped);
              continue;
            }
            const expected = new ByteWriter(16);
            const keyEnd = canonicalOfRow(expected, mapped, one.keepTimestamps);
            expect(Buffer.from(writer.take()).toString("hex")).toBe(Buffer.from(expected.take()).toString("hex"));
            expect(canonical.keyEnd).toBe(keyEnd);
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  test("of a row is the same whatever rows went before it: what is kept for rows of one shape serves no other", () => {
    fc.assert(
      fc.property(
        plan,
        fc.array(tableRow, { minLength: 1, maxLength: 3 }),
        fc.array(fc.nat(2), { minLength: 2, maxLength: 10 }),
        (one, rows, order) => {
          const form = (canonical: RowCanonicalizer, row: Row): string => {
            const writer = new ByteWriter(16);
            return canonical.write(walkerOn(row), writer) + Buffer.from(writer.take()).toString("hex");
          };
          const used = compileCanonical(one);
          for (const at of order) {
            const row = rows[at % rows.length]!;
            expect(form(used, row)).toBe(form(compileCanonical(one), row));
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  test("leaves out ignored columns", () => {
    const row: Row = {
      key: [{ name: "k", value: "v" }],
      cells: [
        { name: "a", value: 1n, timestamp: 1 },
        { name: "tf", value: 2n, timestamp: 1 },
      ],
    };
    const schema = [{ name: "k", type: "string" as const }];
    const writer = new ByteWriter();
    compileCanonical({ ...identityPlan(schema, false), ignored: ["tf"] }).write(walkerOn(row), writer);
    const expected = new ByteWriter();
    canonicalOfRow(expected, { key: row.key, cells: row.cells.slice(0, 1) }, false);
    expect(writer.take()).toEqual(expected.take());
  });

  test("differs for different rows", () => {
    fc.assert(
      fc.property(tableRow, tableRow, (a, b) => {
        const form = (row: Row): string => {
          const writer = new ByteWriter();
          canonicalOfRow(writer, row, true);
          return Buffer.from(writer.take()).toString("hex");
        };
        return (form(a) === form(b)) === (Buffer.compare(encodeRows([a]), encodeRows([b])) === 0);
      }),
    );
  });

  test("is the same whatever order the cells come in", () => {
    fc.assert(
      fc.property(tableRow, (row) => {
        const form = (cells: readonly PutCell[]): string => {
          const writer = new ByteWriter();
          canonicalOfRow(writer, { key: row.key, cells }, true);
          return Buffer.from(writer.take()).toString("hex");
        };
        const latest = row.cells.filter((cell, at) => row.cells[at - 1]?.name !== cell.name);
        return form(latest) === form(latest.toReversed());
      }),
    );
  });
});
