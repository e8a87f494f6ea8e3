import { describe, expect, test } from "vitest";
import { compare, mapping, row, rows } from "./support/compare.ts";
import { MemorySide } from "./support/memory-side.ts";

const set = (side: MemorySide, id: number, value: bigint) => {
  side.rows = side.rows.map((one) => (one.key[0]!.value === BigInt(id) ? row(id, { value }) : one));
};
const valued = (count: number) => Array.from({ length: count }, (_, id) => row(id, { value: 0n }));

describe("sides that are written while they are compared", () => {
  test("a change that reached the target after its row was read raises no alarm", async () => {
    const source = new MemorySide(valued(50));
    const target = new MemorySide(valued(50));
    // The source is changed before it is read, the target follows when it is asked again.
    set(source, 9, 1n);
    target.onLookUp = () => set(target, 9, 1n);
    const { result } = await compare(source, target, { quiescent: false });
    expect(result).toMatchObject({ equal: true, differenceCount: 0, unsettled: 0, live: true });
  });

  test("a difference is final only in the last round where nothing says that the target has caught up", async () => {
    const source = new MemorySide(valued(50));
    const target = new MemorySide(valued(50));
    set(source, 9, 1n);
    target.onLookUp = (count) => count === 3 && set(target, 9, 1n);
    const late = await compare(source, target, { quiescent: false, verify: { rounds: 3 } });
    expect(late.result.equal).toBe(true);
    set(target, 9, 0n);
    target.lookedUp = 0;
    const tooLate = await compare(source, target, { quiescent: false, verify: { rounds: 2 } });
    expect(tooLate.result.differences).toMatchObject([{ kind: "different", key: "id=9" }]);
  });

  test("between two rounds it waits as long as the job says", async () => {
    const source = new MemorySide(valued(5));
    const target = new MemorySide(valued(4));
    const { clock, result } = await compare(source, target, { quiescent: false, verify: { rounds: 4, roundSeconds: 30 } });
    expect(result.seconds).toBe(90);
    expect(clock.now() - 1_700_000_000_000).toBe(90_000);
  });

  test("a row that never stands still is unsettled, and only equal where the job allows it", async () => {
    const source = new MemorySide(valued(50));
    const target = new MemorySide(valued(50));
    set(source, 9, 1n);
    source.onLookUp = (count) => set(source, 9, BigInt(count + 1));
    const { result } = await compare(source, target, { quiescent: false });
    expect(result).toMatchObject({ equal: false, unsettled: 1, differenceCount: 1, differences: [{ kind: "unsettled", key: "id=9" }] });
    const allowed = await compare(source, target, { quiescent: false, verify: { unsettledAllowed: 1 } });
    expect(allowed.result).toMatchObject({ equal: true, unsettled: 1 });
  });

  test("a row that agrees by chance while it changes is still unsettled", async () => {
    const source = new MemorySide(valued(5));
    const target = new MemorySide(valued(5));
    set(source, 2, 1n);
    source.onLookUp = (count) => set(source, 2, BigInt(count % 2));
    const { result } = await compare(source, target, { quiescent: false });
    expect(result).toMatchObject({ equal: false, unsettled: 1 });
  });

  test("rows written, deleted and inserted all along settle once the writing ends", async () => {
    const source = new MemorySide(valued(200));
    const target = new MemorySide(valued(200));
    // Both sides take every write, the target a little later.
    const write = (side: MemorySide, n: number) => {
      set(side, (n * 7) % 200, BigInt(n));
      if (n % 5 === 0) side.rows.push(row(1000 + n, { value: 1n }));
      if (n % 6 === 0) side.rows = side.rows.filter(({ key }) => key[0]!.value !== BigInt(1000 + n - 6));
    };
    let written = 0;
    source.onBatch = () => written < 40 && write(source, ++written);
    let applied = 0;
    const applyAll = () => {
      while (applied < written) write(target, ++applied);
    };
    const stream = { awaitApplied: () => Promise.resolve(applyAll()), positions: () => ({ c1: String(applied) }) };
    target.onBatch = () => applied < written - 3 && write(target, ++applied);
    const { result } = await compare(source, target, { quiescent: false, stream });
    expect(result).toMatchObject({ equal: true, differenceCount: 0, unsettled: 0, live: true });
  });

  test("with a stream the target is read only after it has been applied, and what differs once more", async () => {
    const source = new MemorySide(valued(5));
    const target = new MemorySide(valued(5));
    set(source, 2, 1n);
    const order: string[] = [];
    source.onLookUp = () => order.push("source");
    target.onLookUp = () => order.push("target");
    const stream = { awaitApplied: () => Promise.resolve(void order.push("applied")), positions: () => ({}) };
    const { result } = await compare(source, target, { quiescent: false, stream });
    expect(order).toEqual(["source", "applied", "target", "source", "applied", "target", "source"]);
    expect(result.differences).toMatchObject([{ kind: "different", key: "id=2" }]);
  });

  test("with a stream a row that came and went between two readings of the source is no extra row", async () => {
    const source = new MemorySide(valued(5));
    const target = new MemorySide(valued(6));
    // What follows its deletion is waited for a second time.
    let waits = 0;
    const stream = { awaitApplied: () => Promise.resolve(void (++waits === 2 && target.rows.pop())), positions: () => ({}) };
    const { result } = await compare(source, target, { quiescent: false, stream });
    expect(result).toMatchObject({ equal: true, differenceCount: 0 });
  });

  test("sides that were said to rest and did not are not called quiescent", async () => {
    const source = new MemorySide(valued(50));
    const target = new MemorySide(valued(50));
    set(target, 9, 1n);
    target.onLookUp = () => set(target, 9, 0n);
    const { result, notes } = await compare(source, target, { quiescent: true });
    expect(result).toMatchObject({ equal: true, live: true });
    expect(notes.join()).toContain("said to rest");
  });

  test("nor where what differed was alike again when it was listed", async () => {
    const source = new MemorySide(valued(50));
    const target = new MemorySide(valued(50));
    set(target, 9, 1n);
    // Eight batches are the first pass.
    target.onBatch = (count) => count === 10 && set(target, 9, 0n);
    const { result } = await compare(source, target, { quiescent: true });
    expect(result).toMatchObject({ equal: true, live: true });
  });

  test("a side that was made anew meanwhile is an error, not a result", async () => {
    const source = new MemorySide(rows(20));
    source.onBatch = (count) => count === 2 && (source.incarnation = "2");
    await expect(compare(source, new MemorySide(rows(20)))).rejects.toMatchObject({ code: "TF_INCARNATION" });
  });

  test.each(["source", "target"] as const)("a %s that is not there is named", async (which) => {
    const sides = { source: new MemorySide([], { title: "table a" }), target: new MemorySide([], { title: "table b" }) };
    sides[which].exists = false;
    await expect(compare(sides.source, sides.target)).rejects.toMatchObject({
      code: which === "source" ? "TF_SOURCE_MISSING" : "TF_TARGET_MISSING",
      place: which,
    });
  });
});

describe("an extra row under a mapping that derives the key", () => {
  test("is settled by searching the source, which cannot be asked by a target key", async () => {
    const through = mapping({ key: { id: { inputs: ["id"], derive: (id: never) => (id as bigint) * 10n } }, injective: true });
    const source = new MemorySide(rows(10));
    const target = new MemorySide(rows(10).map((one, i) => ({ ...one, key: [{ name: "id", value: BigInt(i * 10) }] })));
    target.rows.push(row(5), { ...row(100), columns: row(0, { name: "late" }).columns });
    // Row 10 arrives in the source after it was read, as a writer would have it.
    source.onLookUp = () => undefined;
    source.onBatch = (count) => count === 10 && source.rows.push(row(10, { name: "late" }));
    const { result } = await compare(source, target, { mapping: through, quiescent: false });
    expect(result.differences).toEqual([{ kind: "extra", key: "id=5", columns: [] }]);
  });
});

describe("a row that moves to another target key while it is compared", () => {
  const slots = mapping({ key: { id: "slot" }, injective: true });
  const at = (id: number, slot: bigint, value: bigint) => row(id, { slot, value });

  test("leaves its place to another row, which is searched for before it counts as extra", async () => {
    const source = new MemorySide([at(1, 5n, 0n), at(2, 7n, 0n)]);
    const target = new MemorySide([row(5, { value: 1n }), row(7, { value: 0n })]);
    // Row 1 goes elsewhere once it is known as where slot 5 comes from, and row 2 takes its place.
    source.onLookUp = (count) => {
      if (count !== 1) return;
      source.rows = [at(1, 6n, 0n), at(2, 5n, 9n)];
      target.rows = [row(5, { value: 9n }), row(6, { value: 0n })];
    };
    const stream = { awaitApplied: () => Promise.resolve(), positions: () => ({}) };
    const { result } = await compare(source, target, { mapping: slots, quiescent: false, stream });
    expect(result).toMatchObject({ equal: true, differences: [] });
  });

  test("and where no other row has taken it, the old target row is extra", async () => {
    const source = new MemorySide([at(1, 5n, 0n)]);
    const target = new MemorySide([row(5, { value: 1n })]);
    source.onLookUp = (count) => {
      if (count === 1) source.rows = [at(1, 6n, 0n)];
      if (count === 1) target.rows.push(row(6, { value: 0n }));
    };
    const stream = { awaitApplied: () => Promise.resolve(), positions: () => ({}) };
    const { result } = await compare(source, target, { mapping: slots, quiescent: false, stream });
    expect(result.differences).toEqual([{ kind: "extra", key: "id=5", columns: [] }]);
  });
});

describe("cells that expire", () => {
  const day = 86_400;
  const now = 1_700_000_000_000;
  const cells = (...ages: number[]) => ({
    key: [{ name: "id", value: 1n }],
    columns: ages.map((age, i) => ({ name: `c${i}`, value: 1n, timestamp: now - age * 1000 })),
  });

  test("are left out on both sides where timestamps are kept", async () => {
    const source = new MemorySide([cells(0, day - 1)], { timeToLiveSeconds: day });
    const target = new MemorySide([cells(0)], { timeToLiveSeconds: day });
    expect((await compare(source, target, { scope: { versions: "keep" } })).result).toMatchObject({ equal: true, live: false });
  });

  test("on one side first are left out on the other too", async () => {
    const source = new MemorySide([cells(0)], { timeToLiveSeconds: day });
    const target = new MemorySide([cells(0, 1.5 * day)], { timeToLiveSeconds: 2 * day });
    expect((await compare(source, target, { scope: { versions: "keep" } })).result).toMatchObject({ equal: true, live: false });
  });

  test("soon are compared where they cannot expire", async () => {
    const { result } = await compare(new MemorySide([cells(0, day - 1)]), new MemorySide([cells(0)]), { scope: { versions: "keep" } });
    expect(result.equal).toBe(false);
  });
});
