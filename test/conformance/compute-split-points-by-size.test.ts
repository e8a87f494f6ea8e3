import { expect, it } from "vitest";
import { compareKey } from "../../src/model/key.ts";
import { decodeRealKey } from "../../src/wire/plainbuffer/decode.ts";
import type { Caller } from "./caller.ts";
import { describeEverywhere } from "./endpoints.ts";

const twoKeys = [
  { name: "s", type: "string" },
  { name: "n", type: "integer" },
] as const;
const MB = 1024 * 1024;

/** 4 MB in rows of 32 KB: two partition keys, the second with three quarters of the rows. */
async function load(caller: Caller): Promise<void> {
  await caller.createTable("t", twoKeys);
  const cells = { v: "x".repeat(32 * 1024) };
  for (const [s, count] of [
    ["a", 32],
    ["b", 96],
  ] as const) {
    for (let from = 0; from < count; from += 32) {
      await caller.writeBatch(
        "t",
        Array.from({ length: 32 }, (_, i) => ({ key: { s, n: BigInt(from + i) }, cells })),
      );
    }
  }
}

describeEverywhere("ComputeSplitPointsBySize", (open) => {
  it("cuts a table into parts of the size asked for, at keys as short as can be", async () => {
    const { caller } = await open();
    await load(caller);
    const { splitPoints, key, locations } = await caller.call("ComputeSplitPointsBySize", { tableName: "t", splitSize: 1, unitBytes: MB });
    const points = splitPoints.map(decodeRealKey);
    expect(points).toHaveLength(3);
    expect(points.toSorted(compareKey)).toEqual(points);
    const sizes = [32, 32, 32, 32];
    expect(points[0]).toEqual([{ name: "s", value: "b" }]);
    expect(points.map((point) => point[1]?.value)).toEqual([undefined, BigInt(sizes[1]!), BigInt(sizes[1]! + sizes[2]!)]);
    expect(key.map(({ name }) => name)).toEqual(["s", "n"]);
    expect(locations.reduce((sum, { repeat }) => sum + repeat, 0)).toBe(points.length + 1);
  });

  it("answers no point for a small or empty table, and as many as the limit allows", async () => {
    const { caller } = await open();
    await load(caller);
    await caller.createTable("empty", twoKeys);
    expect((await caller.call("ComputeSplitPointsBySize", { tableName: "t", splitSize: 1 })).splitPoints).toEqual([]);
    expect((await caller.call("ComputeSplitPointsBySize", { tableName: "empty", splitSize: 1 })).locations).toMatchObject([{ repeat: 1 }]);
    expect(
      (await caller.call("ComputeSplitPointsBySize", { tableName: "t", splitSize: 1, unitBytes: MB, splitPointLimit: 2 })).splitPoints,
    ).toHaveLength(2);
  });

  it("refuses sizes that cannot be", async () => {
    const { caller } = await open();
    await caller.createTable("t", twoKeys);
    const refused = (change: object) => caller.refusal("ComputeSplitPointsBySize", { tableName: "t", splitSize: 1, ...change });
    const invalid = (text: string) => ({ status: 400, code: "OTSParameterInvalid", text });
    expect(await refused({ splitSize: 0 })).toEqual(invalid("The split_size should be greater than 0."));
    expect(await refused({ unitBytes: MB - 1 })).toEqual(invalid("The split_size_unit_in_byte should be greater equal than: 1048576"));
    expect(await refused({ splitPointLimit: 0 })).toEqual(invalid("The value of SplitPointLimit must be greater than 0."));
    expect(await refused({ tableName: "nope" })).toMatchObject({ status: 404, code: "OTSObjectNotExist" });
  });
});
