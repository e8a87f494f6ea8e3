import { expect, test } from "vitest";
import { DecodedCanonicalizer } from "../../../src/connector/decoded-canonicalizer.ts";
import { markerColumn } from "../../../src/connector/engine-column.ts";
import type { Canonicalizer } from "../../../src/connector/connector.ts";
import { canonicalPlan, EncodedCanonicalizer } from "../../../src/connector/table-store/encoded-canonicalizer.ts";
import { compileMapping } from "../../../src/job/compile-mapping.ts";
import { loadedDefinition } from "../../../src/job/load-mapping.ts";
import type { Cell } from "../../../src/model/row.ts";
import type { KeySchema } from "../../../src/model/schema.ts";
import { flowBatch } from "../../../src/verify/flow-batch.ts";
import { encodeRows } from "../../../src/wire/plainbuffer/encode.ts";
import { RowWalker } from "../../../src/wire/plainbuffer/walk.ts";

const keySchema: readonly KeySchema[] = [{ name: "id", type: "string" }];
const renaming = compileMapping(loadedDefinition({ columns: { b: "a" } }), { sourceKey: keySchema, targetKey: keySchema });

function canonical(canonicalizer: Canonicalizer, cells: readonly Cell[]): string {
  const key = [{ name: "id", value: "k" }];
  const encoded = { format: "plainbuffer", bytes: encodeRows([{ key, cells }]) };
  let form = "";
  canonicalizer.each({ ...flowBatch([{ key, columns: cells }]), encoded }, (bytes, start, _keyEnd, end) => {
    form = Buffer.from(bytes.subarray(start, end)).toString("hex");
  });
  return form;
}

test.each([undefined, renaming])("canonical forms leave the engine's own column out, decoded and encoded alike (mapping %#)", (mapping) => {
  const scope = { versions: "keep" } as const;
  const cell: Cell = { name: "a", value: "x", timestamp: 1000 };
  const marker: Cell = { name: markerColumn, value: "write:A:1:1:0:0", timestamp: 2000 };
  for (const canonicalizer of [
    new DecodedCanonicalizer(mapping, scope),
    new EncodedCanonicalizer(canonicalPlan(mapping, keySchema, scope)!, new RowWalker("none")),
  ]) {
    const bare = canonical(canonicalizer, [cell]);
    expect(bare).not.toBe("");
    expect(canonical(canonicalizer, [cell, marker])).toBe(bare);
  }
});
