import { describe, expect, test } from "vitest";
import type { Split } from "../../../src/connector/connector.ts";
import { CheckpointStore, firstCheckpoint, totalsOf } from "../../../src/pipeline/checkpoint.ts";
import { MemoryStateStore } from "../../../src/pipeline/memory-state-store.ts";

const split = (id: string, spec: unknown = null): Split => ({ id, title: `split ${id}`, spec });

describe("splits", () => {
  test.each([0, 1, 3, 5000])("%i of them come back as they were, in order", async (count) => {
    const state = new MemoryStateStore();
    const store = new CheckpointStore(state, "job", "g1");
    const splits = Array.from({ length: count }, (_, i) => split(`${i}`, { from: i, text: "x".repeat(i % 300) }));
    const pieces = await store.writeSplits(splits, "me");
    expect(await store.readSplits(pieces)).toEqual(splits);
    for (const { value } of state.entries.values()) expect(value.length).toBeLessThan(300_000);
  });

  test("of a large list are cut into pieces that fit a row", async () => {
    const store = new CheckpointStore(new MemoryStateStore(), "job", "g1");
    expect(
      await store.writeSplits(
        Array.from({ length: 3000 }, (_, i) => split(`${i}`, "x".repeat(200))),
        "me",
      ),
    ).toBeGreaterThan(1);
  });
});

describe("checkpoints", () => {
  test("are found by split, whatever stands in its name, and only of their generation", async () => {
    const state = new MemoryStateStore();
    const store = new CheckpointStore(state, "job", "g1");
    for (const id of ["a/b", "a", "ü %", "0"]) await (await store.take(id, "me")).write({ ...firstCheckpoint(id), rowsRead: id.length });
    await (await new CheckpointStore(state, "job", "g2").take("other", "me")).write(firstCheckpoint("other"));
    const found = await store.read();
    expect([...found.keys()].sort()).toEqual(["0", "a", "a/b", "ü %"]);
    expect(found.get("ü %")).toEqual({ ...firstCheckpoint("ü %"), rowsRead: 3 });
  });

  test("add up", () => {
    const one = { ...firstCheckpoint("1"), rowsRead: 5, rowsWritten: 3, bytesRead: 50, filtered: 1, rejects: 1, done: true };
    const two = { ...firstCheckpoint("2"), rowsRead: 2, rowsWritten: 2, bytesRead: 20 };
    expect(totalsOf([one, two])).toEqual({
      rowsRead: 7,
      rowsWritten: 5,
      bytesRead: 70,
      filtered: 1,
      expired: 0,
      rejects: 1,
      splitsDone: 1,
      splitsOpen: 1,
    });
  });
});

/** A checkpoint outlives the version that wrote it: change this text only together with a way to read the old form. */
test("the form of a checkpoint is fixed", async () => {
  const state = new MemoryStateStore();
  await (await new CheckpointStore(state, "job", "g").take("s 1", "t")).write({ ...firstCheckpoint("s 1"), position: "p" });
  expect([...state.entries]).toEqual([
    [
      "job/g/at/s%201",
      {
        token: "t",
        seq: 1,
        value: '{"split":"s 1","position":"p","done":false,"rowsRead":0,"rowsWritten":0,"bytesRead":0,"filtered":0,"rejects":0}',
      },
    ],
  ]);
});
