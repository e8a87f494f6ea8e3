import { describe, expect, test } from "vitest";
import type { Batch, SourceRefusal } from "../../../src/connector/connector.ts";
import { MemoryStateStore } from "../../../src/pipeline/memory-state-store.ts";
import { RejectStore, rejectsOf, type Reject } from "../../../src/pipeline/rejects.ts";
import { flowRow } from "../support/simulated-tables.ts";

const rows = [
  flowRow({ id: 1n }, { a: "x" }),
  flowRow({ id: 2n }, { b: new Uint8Array([1, 2]), c: -0 }),
  flowRow({ id: 3n }, { long: "y".repeat(100_000) }),
];
const unread: SourceRefusal = { cause: "format", text: "no", place: "f:9", original: "###" };

function batch(refused: readonly SourceRefusal[] = []): Batch & { readonly decodings: number } {
  let decodings = 0;
  return {
    rows: rows.length,
    bytes: 1,
    split: "s",
    from: undefined,
    position: "p",
    decoded: () => (decodings++, rows),
    place: (index) => `row ${index}`,
    refused,
    get decodings() {
      return decodings;
    },
  };
}
const refusal = (text: string) => ({ cause: "c", text });

describe("rejects of a batch", () => {
  test("are none, without decoding anything, where nothing was refused", () => {
    const nothing = batch();
    expect(rejectsOf(nothing, [], "h", 1)).toEqual([]);
    expect(nothing.decodings).toBe(0);
  });

  test("hold what the source could not read, and each refused row once, in order", () => {
    const found = rejectsOf(
      batch([unread]),
      [
        { index: 1, refusal: refusal("first") },
        { index: 0, refusal: refusal("other") },
        { index: 1, refusal: refusal("second") },
      ],
      "h",
      5,
    );
    const frame = { split: "s", mappingHash: "h", at: 5 };
    expect(found).toEqual([
      { ...unread, ...frame },
      { ...refusal("other"), ...frame, place: "row 0", original: { key: [["id", { integer: "1" }]], columns: [["a", "x"]] } },
      {
        ...refusal("first"),
        ...frame,
        place: "row 1",
        original: {
          key: [["id", { integer: "2" }]],
          columns: [
            ["b", { base64: "AQI=" }],
            ["c", { double: "-0" }],
          ],
        },
      },
    ]);
  });

  test("keep 64 KiB of a long row, and say so", () => {
    const [found] = rejectsOf(batch(), [{ index: 2, refusal: refusal("long") }], "h", 1);
    expect(found).toMatchObject({ cut: true, place: "row 2" });
    expect(found!.original).toHaveLength(65_536);
  });
});

describe("the store of rejects", () => {
  const reject = (split: string, place: string): Reject => ({
    cause: "c",
    text: "t",
    split,
    place,
    original: "o",
    mappingHash: "h",
    at: 1,
  });
  const places = async (store: RejectStore, counts: Record<string, number>) => {
    const found: string[] = [];
    for await (const { place } of store.read(new Map(Object.entries(counts).map(([split, rejects]) => [split, { rejects }]))))
      found.push(place);
    return found;
  };

  test("gives back what the checkpoints count, in order", async () => {
    const store = new RejectStore(new MemoryStateStore(), "job", "g");
    await store.add(
      "s",
      0,
      Array.from({ length: 25 }, (_, i) => reject("s", `s${i}`)),
      "me",
    );
    await store.add("t/1", 0, [reject("t/1", "t0")], "me");
    await store.add("s", 25, [reject("s", "s25")], "me");
    expect(await places(store, { s: 26, "t/1": 1 })).toEqual([...Array.from({ length: 26 }, (_, i) => `s${i}`), "t0"]);
    expect(await places(store, { s: 2 })).toEqual(["s0", "s1"]);
  });

  test("writes the same numbers again after a crash, under another token", async () => {
    const store = new RejectStore(new MemoryStateStore(), "job", "g");
    await store.add("s", 0, [reject("s", "old")], "killed");
    await store.add("s", 0, [reject("s", "new")], "me");
    expect(await places(store, { s: 1 })).toEqual(["new"]);
  });

  test("says where they are kept", () => {
    expect(new RejectStore(new MemoryStateStore(), "job", "g").title).toBe("memory, under job/g/reject/");
  });
});
