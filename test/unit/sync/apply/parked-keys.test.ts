import { describe, expect, test } from "vitest";
import { openFence, type Fence } from "../../../../src/pipeline/fence.ts";
import { TableferryError } from "../../../../src/base/error.ts";
import { MemoryStateStore } from "../../../../src/pipeline/memory-state-store.ts";
import type { StateEntry } from "../../../../src/pipeline/state-store.ts";
import type { MappingDefinition } from "../../../../src/job/mapping.ts";
import type { Value } from "../../../../src/model/value.ts";
import { TransportError } from "../../../../src/client/transport-error.ts";
import type { Transport } from "../../../../src/wire/transport.ts";
import { ParkedKeys } from "../../../../src/sync/apply/parked-keys.ts";
import { listParked, replayParked, showParked } from "../../../../src/sync/apply/replay-parked.ts";
import { Replication, type ReplicationOptions } from "./replicated-table.ts";
import { decodedChange } from "./streamed-changes.ts";

/** A row is refused as long as `size` holds no number; `lenient` is the mapping that was corrected. */
const strict: MappingDefinition = { columns: { size: { from: "size", as: "double" } } };
const keyOf = (id: string) => [{ name: "id", value: id }];
const put = (id: string, columns: Readonly<Record<string, Value>>) => ({
  type: "put" as const,
  key: keyOf(id),
  cells: Object.entries(columns).map(([name, value]) => ({ name, value })),
});
const set = (id: string, name: string, value: Value) => ({
  type: "update" as const,
  key: keyOf(id),
  cells: [{ op: "put" as const, name, value }],
});

/** A replication whose row `bad` was refused, and what has become of everything written since. */
async function withParked(options: ReplicationOptions = { definition: strict }) {
  const at = await Replication.create(options);
  const { applier, parked } = await at.open();
  let next = 0;
  const follow = async () => {
    await at.read();
    const window = at.changes.slice(next);
    next = at.changes.length;
    return at.apply(applier, window);
  };
  await at.write(put("good", { size: "1" }));
  await at.write(put("bad", { size: "much" }));
  return { at, applier, parked, follow, first: await follow() };
}
const all = async (at: Replication) => {
  const found = [];
  for await (const one of listParked(at.state, "job")) found.push(one);
  return found;
};

describe("a refused change (R6)", () => {
  test("parks its key with cause, place and row, and the others are applied", async () => {
    const { at, first } = await withParked();
    expect(first).toMatchObject({ changes: 2, puts: 1, parked: 1 });
    expect(await at.found()).toEqual(["string good: size=number 1"]);
    const [parked] = await all(at);
    expect(parked).toMatchObject({
      cause: "cast",
      column: "size",
      key: [["id", "bad"]],
      place: "(bad)",
      original: { key: [["id", "bad"]], columns: [["size", "much", expect.any(Number)]] },
      refused: { put: 1, update: 0, delete: 0 },
      joined: { put: 0, update: 0, delete: 0 },
      newest: at.changes[1]!.committedAt,
      mappingHash: "hash",
      formerKeys: [],
    });
    expect(JSON.parse(JSON.stringify(parked))).toEqual(parked);
    expect(await showParked(at.state, "job", keyOf("bad"))).toEqual(parked);
    expect(await showParked(at.state, "job", keyOf("good"))).toBeUndefined();
  });

  test("is joined by all that follows it of its key, also after a restart", async () => {
    const { at, follow } = await withParked();
    await at.write(set("bad", "a", 1n));
    await at.write(set("bad", "size", "2"));
    expect(await follow()).toMatchObject({ parked: 2, puts: 0, updates: 0 });
    await at.write({ type: "delete", key: keyOf("bad") });
    await at.read();
    const { applier, parked } = await at.open();
    expect(parked.size).toBe(1);
    expect(await at.apply(applier, at.changes.slice(-1))).toMatchObject({ parked: 1, deletes: 0 });
    expect(await showParked(at.state, "job", keyOf("bad"))).toMatchObject({
      joined: { put: 0, update: 2, delete: 1 },
      newest: at.changes.at(-1)!.committedAt,
    });
    expect(await at.found()).toEqual(["string good: size=number 1"]);
  });

  test("of a key with more bytes than a state table's keys have is kept under a digest", async () => {
    const at = await Replication.create({ definition: strict });
    const long = "x".repeat(1000);
    const { applier } = await at.open();
    await at.write(put(long, { size: "much" }));
    await at.read();
    await at.apply(applier, at.changes);
    const [parked] = await all(at);
    expect(parked!.id.length).toBeLessThan(60);
    expect((await showParked(at.state, "job", keyOf(long)))!.key).toEqual([["id", long]]);
  });

  test("is kept with 64 KiB of its row at most", async () => {
    const at = await Replication.create({ definition: strict });
    const { applier } = await at.open();
    await at.write(put("big", { size: "much", a: "x".repeat(100_000) }));
    await at.read();
    await at.apply(applier, at.changes);
    const [parked] = await all(at);
    expect([typeof parked!.original, (parked!.original as string).length, parked!.cut]).toEqual(["string", 65_536, true]);
  });

  test("is not applied, and the window not done, where its key cannot be parked", async () => {
    class Refusing extends MemoryStateStore {
      override compareAndSet(): Promise<boolean> {
        return Promise.reject(new Error("the state store is gone"));
      }
    }
    const at = await Replication.create({ definition: strict });
    const { applier } = await at.open("token", new Refusing());
    await at.write(put("bad", { size: "much" }));
    await at.read();
    await expect(at.apply(applier, at.changes)).rejects.toThrow("the state store is gone");
  });

  test("is parked by nobody who has lost the channel (R2)", async () => {
    const lost: Fence = {
      ...openFence,
      assertMaySend: () => {
        throw new TableferryError("TF_FENCED", { message: "lost" });
      },
    };
    const at = await Replication.create({ definition: strict, fence: lost });
    const { applier } = await at.open();
    await at.write(put("bad", { size: "much" }));
    await at.read();
    await expect(at.apply(applier, at.changes)).rejects.toMatchObject({ code: "TF_FENCED" });
    expect(await all(at)).toEqual([]);
  });

  test("stops the channel where too many are put aside", async () => {
    const { at } = await withParked();
    const open = ParkedKeys.open({ state: at.state, job: "job", token: "t", mappingHash: "h", clock: at.clock, fence: openFence, most: 0 });
    await expect(open).rejects.toMatchObject({ code: "TF_REJECTS" });
  });
});

describe("replaying parked keys (R6)", () => {
  test("carries the row over as it is now, not as it was stored, and lets its changes be applied again", async () => {
    const { at, follow, parked } = await withParked();
    await at.write(set("bad", "size", "2"));
    await follow();
    await at.write(set("bad", "a", "newer"));
    expect(await at.run(replayParked(at.replay))).toEqual({ replayed: 1, refused: [], held: [] });
    expect(await at.found()).toEqual(await at.wanted());
    expect(await all(at)).toEqual([]);
    // The change that was under way is applied by the worker, which finds out only now.
    expect(parked.size).toBe(1);
    expect(await follow()).toMatchObject({ updates: 1, parked: 0 });
    expect([parked.size, await at.found()]).toEqual([0, await at.wanted()]);
  });

  test("deletes the target row where the source row is gone", async () => {
    const { at, follow } = await withParked();
    await at.write(set("good", "size", "no number"));
    await follow();
    await at.write({ type: "delete", key: keyOf("good") });
    await at.write({ type: "delete", key: keyOf("bad") });
    await follow();
    expect(await at.found()).toEqual(["string good: size=number 1"]);
    expect(await at.run(replayParked(at.replay))).toMatchObject({ replayed: 2 });
    expect(await at.found()).toEqual([]);
  });

  test("leaves parked what is refused still, with the reason of now", async () => {
    const { at } = await withParked();
    await at.write(put("bad", { size: "even more" }));
    const result = await at.run(replayParked(at.replay, [keyOf("bad"), keyOf("unknown")]));
    expect(result).toMatchObject({ replayed: 0, refused: [{ cause: "cast" }], held: [] });
    expect(JSON.parse(JSON.stringify(result))).toEqual(result);
    const [parked] = await all(at);
    expect(parked!.text).toContain("even more");
    expect(parked!.claim).toBeUndefined();
  });

  test("can be parked again later", async () => {
    const { at, follow } = await withParked();
    await at.write(set("bad", "size", "3"));
    await at.run(replayParked(at.replay));
    await follow();
    await at.write(set("bad", "size", "much again"));
    expect(await follow()).toMatchObject({ parked: 1 });
    expect((await all(at)).length).toBe(1);
  });

  test("reads the row once more when a change joins meanwhile, so that it is not lost", async () => {
    const { at, applier } = await withParked();
    await at.write(set("bad", "size", "2"));
    let joined = false;
    const source = {
      ...at.replay.source,
      lookUp: async (...args: Parameters<NonNullable<typeof at.source.lookUp>>) => {
        const rows = await at.source.lookUp!(...args);
        if (!joined) {
          joined = true;
          // Committed after the row was read, and joined before it is unparked.
          await at.write(set("bad", "size", "4"));
          await at.read();
          await applier.apply(at.changes.slice(2), new AbortController().signal);
        }
        return rows;
      },
    };
    expect(await at.run(replayParked({ ...at.replay, source }))).toMatchObject({ replayed: 1 });
    expect(await at.found()).toEqual(await at.wanted());
  });

  test("waits for another replay to have had its time, and leaves the key to it where it is alive", async () => {
    const { at } = await withParked();
    await at.write(set("bad", "size", "2"));
    const [place, stored] = [...(at.state as MemoryStateStore).entries].find(([key]) => key.startsWith("job/parked/"))!;
    const claimed = (claim: string, seq: number): StateEntry => ({
      token: "other",
      seq,
      value: JSON.stringify({ ...JSON.parse(stored.value), claim }),
    });
    await at.state.compareAndSet(place, stored, claimed("first", 2));
    at.clock.after(30_000, () => void at.state.compareAndSet(place, claimed("first", 2), claimed("second", 3)));
    expect(await at.run(replayParked(at.replay))).toEqual({ replayed: 0, refused: [], held: ["(bad)"] });
    const began = at.clock.monotonic();
    expect(await at.run(replayParked(at.replay))).toMatchObject({ replayed: 1 });
    expect(at.clock.monotonic() - began).toBeGreaterThanOrEqual(70_000);
  });

  test("is done by one of two processes that begin at once", async () => {
    const { at } = await withParked();
    await at.write(set("bad", "size", "2"));
    const results = await at.run(Promise.all([replayParked(at.replay), replayParked(at.replay)]));
    expect(results.map(({ replayed, held }) => [replayed, held.length]).sort()).toEqual([
      [0, 1],
      [1, 0],
    ]);
  });

  test("is over only when a write whose answer was lost can take effect no more (R2)", async () => {
    let lost = true;
    const around =
      (inner: Transport): Transport =>
      async (request, signal) => {
        const reply = await inner(request, signal);
        if (request.path !== "/BatchWriteRow" || !lost) return reply;
        lost = false;
        throw new TransportError("TF_CONNECTION", true, { message: "the line was cut" });
      };
    const at = await Replication.create({ definition: strict, around });
    const { applier } = await at.open();
    await at.write(put("bad", { size: "much" }));
    await at.read();
    await at.apply(applier, at.changes);
    await at.write(set("bad", "size", "2"));
    const began = at.clock.monotonic();
    expect(await at.run(replayParked(at.replay))).toMatchObject({ replayed: 1 });
    expect([lost, at.clock.monotonic() - began >= 40_000]).toEqual([false, true]);
  });

  test("sends nothing once another may have taken over (R2)", async () => {
    const { at } = await withParked();
    await at.write(set("bad", "size", "2"));
    const source = {
      ...at.source,
      lookUp: async (...args: Parameters<NonNullable<typeof at.source.lookUp>>) => {
        const rows = await at.source.lookUp!(...args);
        await at.clock.advance(40_000);
        return rows;
      },
    };
    await expect(at.run(replayParked({ ...at.replay, source }))).rejects.toMatchObject({ code: "TF_FENCED" });
    expect(await at.found()).toEqual(["string good: size=number 1"]);
  });

  test("lets who tries next begin at once where the source could not be read", async () => {
    const { at } = await withParked();
    const source = { ...at.source, lookUp: () => Promise.reject(new Error("away")) };
    await expect(at.run(replayParked({ ...at.replay, source }))).rejects.toThrow("away");
    expect((await all(at))[0]!.claim).toBeUndefined();
  });

  test("is refused where old values are missing, because a stale row could stay under a former key", async () => {
    const at = await Replication.create({
      originColumns: ["mail"],
      targetKey: [{ name: "mail", type: "string" }],
      definition: { key: { mail: "mail" }, injective: true },
    });
    const { applier } = await at.open();
    await at.write(put("k", { mail: "m" }));
    await at.write(put("k", { mail: "n" }));
    await at.read();
    await at.apply(applier, at.changes.slice(0, 1));
    expect(await at.apply(applier, [{ ...decodedChange(at.changes[1]!), origin: undefined }])).toMatchObject({ parked: 1, puts: 0 });
    expect(await at.run(replayParked(at.replay))).toMatchObject({ replayed: 0, refused: [{ cause: "no-old-image" }] });
  });

  test("deletes the target rows under all keys that the row has had since", async () => {
    const options: ReplicationOptions = {
      originColumns: ["group", "size"],
      targetKey: [
        { name: "group", type: "string" },
        { name: "id", type: "string" },
      ],
      definition: { key: { group: "group", id: "id" }, columns: { size: { from: "size", as: "double" } } },
    };
    const at = await Replication.create(options);
    const { applier } = await at.open();
    await at.write(put("k", { group: "a", size: "1" }));
    await at.read();
    await at.apply(applier, at.changes);
    await at.write(put("k", { group: "b", size: "much" }));
    await at.write(put("k", { group: "c", size: "3" }));
    await at.read();
    await at.apply(applier, at.changes.slice(1, 2));
    await at.apply(applier, at.changes.slice(2));
    expect((await showParked(at.state, "job", keyOf("k")))!.formerKeys!.map(([[, group] = ["", ""]]) => group)).toEqual(["a", "b"]);
    expect(await at.run(replayParked(at.replay))).toMatchObject({ replayed: 1 });
    expect(await at.found()).toEqual(await at.wanted());
  });
});
