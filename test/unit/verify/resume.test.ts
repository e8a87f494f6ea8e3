import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { TableferryError } from "../../../src/base/error.ts";
import { MemoryStateStore } from "../../../src/pipeline/memory-state-store.ts";
import { VerificationCheckpoints, type SavedVerification } from "../../../src/verify/checkpoint.ts";
import { Digest } from "../../../src/verify/digest.ts";
import type { VerificationState } from "../../../src/verify/verification-input.ts";
import { runVerification } from "../../../src/verify/verification.ts";
import { compare, inputOf, row, rows, type Comparison } from "./support/compare.ts";
import { MemorySide } from "./support/memory-side.ts";

const place = (store = new MemoryStateStore(), more: Partial<VerificationState> = {}): VerificationState => ({
  store,
  prefix: "test/verification",
  token: "run",
  ...more,
});

/** Runs until the source has given `batches`, then aborts. */
async function interrupted(source: MemorySide, target: MemorySide, batches: number, given: Comparison): Promise<unknown> {
  const stop = new AbortController();
  source.onBatch = (count) => count > batches && stop.abort(new Error("Ctrl-C"));
  const error: unknown = await compare(source, target, { ...given, signal: stop.signal }).catch((thrown: unknown) => thrown);
  source.onBatch = () => undefined;
  return error;
}

describe("the digest of a side", () => {
  test("is the same for any splits, batches, workers and order", async () => {
    const all = rows(60);
    const { result: plain } = await compare(new MemorySide(all, { splits: 1 }), new MemorySide(all, { splits: 1 }));
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 1, max: 6 }),
        fc.shuffledSubarray(all, { minLength: all.length }),
        async (splits, batchRows, workers, shuffled) => {
          const { result } = await compare(new MemorySide(shuffled, { splits, batchRows }), new MemorySide(all, { splits, batchRows }), {
            limits: { workers, inFlightBytes: 2 ** 30 },
          });
          expect([result.sourceDigest, result.targetDigest]).toEqual([plain.sourceDigest, plain.targetDigest]);
          expect(result.equal).toBe(true);
        },
      ),
      { numRuns: 15 },
    );
  });
});

describe("an interrupted verification", () => {
  test("is stopped with a coded error that says where it stands, and goes on there", async () => {
    const source = new MemorySide(rows(200));
    const target = new MemorySide(rows(200));
    const state = place();
    const error = await interrupted(source, target, 12, { state });
    expect(error).toMatchObject({
      code: "TF_STOPPED",
      message: expect.stringMatching(/test was stopped: \d+ rows were read and need not be read again/) as string,
    });
    const [before, beforeTarget] = [source.batches, target.batches];
    const { result, notes } = await compare(source, target, { state });
    expect(result).toMatchObject({ equal: true, sourceRows: 200, targetRows: 200 });
    expect(source.batches - before).toBeLessThan(30 - 10);
    expect(target.batches - beforeTarget).toBeLessThan(30 - 5);
    expect(notes).toEqual([expect.stringContaining("goes on with the verification begun at 2023-11-14T22:13:20.000Z")]);
  });

  test("gives the digest of an uninterrupted one, wherever it was interrupted and however often", async () => {
    const uninterrupted = (await compare(new MemorySide(rows(150)), new MemorySide(rows(149)))).result;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: 12 }), { minLength: 1, maxLength: 4 }),
        fc.integer({ min: 1, max: 6 }),
        async (stops, splits) => {
          const source = new MemorySide(rows(150), { splits });
          const target = new MemorySide(rows(149), { splits });
          const state = place();
          for (const batches of stops) await interrupted(source, target, source.batches + batches, { state });
          const { result } = await compare(source, target, { state });
          expect(result).toEqual({ ...uninterrupted, seconds: expect.any(Number) as number });
        },
      ),
      { numRuns: 12 },
    );
  });

  test("that was killed goes on from its last checkpoint", async () => {
    const source = new MemorySide(rows(300), { splits: 1 });
    const target = new MemorySide(rows(300), { splits: 1 });
    const store = new MemoryStateStore();
    const { input, around } = inputOf(source, target, { state: place(store, { everySeconds: 1 }) });
    // Killed: the sides stop answering for ever, and nobody tidies up.
    const killed = new Promise<void>((resolve) => {
      source.onBatch = (count) => {
        void around.clock.advance(300);
        if (count === 35) resolve();
      };
    });
    const lost = runVerification({ ...input, fault: (name) => void (name === "verify" && source.batches > 36 && unanswered()) });
    lost.catch(() => undefined);
    await killed;
    const copy = new MemoryStateStore();
    await expect.poll(() => store.entries.has("test/verification/head")).toBe(true);
    for (const [key, entry] of store.entries) copy.entries.set(key, entry);
    source.onBatch = () => undefined;
    const read = source.batches;
    const { result } = await compare(source, target, { state: place(copy, { token: "second run" }) });
    expect(result).toMatchObject({ equal: true, sourceRows: 300, targetRows: 300 });
    expect(source.batches - read).toBeLessThan(43);
  });

  test("leaves nothing behind when it is complete", async () => {
    const state = place();
    const source = new MemorySide(rows(100));
    await interrupted(source, new MemorySide(rows(100)), 5, { state });
    expect((state.store as MemoryStateStore).entries.size).toBeGreaterThan(0);
    await compare(source, new MemorySide(rows(100)), { state });
    expect((state.store as MemoryStateStore).entries.size).toBe(0);
  });

  test.each<[string, Comparison, Partial<VerificationState>, (source: MemorySide, target: MemorySide) => void]>([
    ["the source was made anew", {}, {}, (source) => (source.incarnation = "2")],
    ["the target was made anew", {}, {}, (_source, target) => (target.incarnation = "2")],
    ["something was written by another run in between", {}, { after: "another run" }, () => undefined],
    ["another part is compared", { scope: { versions: "latest", range: { from: [0n] } } }, {}, () => undefined],
    ["timestamps are to be kept now", { scope: { versions: "keep" } }, {}, () => undefined],
  ])("begins anew when %s", async (_why, change, stateChange, remake) => {
    const source = new MemorySide(rows(100));
    const target = new MemorySide(rows(100));
    const state = place();
    await interrupted(source, target, 8, { state });
    const read = source.batches;
    remake(source, target);
    const { result, notes } = await compare(source, target, { ...change, state: { ...state, ...stateChange } });
    expect(result.equal).toBe(true);
    expect(source.batches - read).toBe(15);
    expect(notes).toEqual([]);
  });

  test("begins anew when it is too old", async () => {
    const source = new MemorySide(rows(100));
    const state = place(undefined, { maxAgeSeconds: 60 });
    await interrupted(source, new MemorySide(rows(100)), 8, { state });
    const { input, around } = inputOf(source, new MemorySide(rows(100)), { state });
    await around.clock.advance(61_000);
    const read = source.batches;
    await runVerification(input);
    expect(source.batches - read).toBe(15);
  });

  test("that was stopped while differences were settled does not read the sides again from the beginning", async () => {
    const source = new MemorySide(rows(100));
    const target = new MemorySide([...rows(99), row(500)]);
    const stop = new AbortController();
    const state = place();
    target.onLookUp = () => stop.abort(new Error("Ctrl-C"));
    const error: unknown = await compare(source, target, { state, quiescent: false, signal: stop.signal }).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toMatchObject({ code: "TF_STOPPED" });
    target.onLookUp = () => undefined;
    const read = source.batches;
    const { result } = await compare(source, target, { state });
    expect(result.differenceCount).toBe(2);
    expect(source.batches - read).toBe(15);
  });

  test("keeps what it has read whole before it settles, where reading took long", async () => {
    const source = new MemorySide(rows(60));
    const target = new MemorySide(rows(59));
    const state = place(undefined, { everySeconds: 0 });
    let seen: Promise<SavedVerification | undefined> | undefined;
    target.onLookUp = () => {
      const head = JSON.parse((state.store as MemoryStateStore).entries.get("test/verification/head")!.value) as { identity: string };
      seen ??= new VerificationCheckpoints(state, head.identity).load(0);
    };
    await compare(source, target, { state });
    const saved = (await seen)!;
    expect([...saved.source.splits, ...saved.target.splits].every(({ done }) => done)).toBe(true);
    expect([saved.source.digest.rows, saved.target.digest.rows]).toEqual([60, 59]);
  });

  test("passes on the reason of a stop that is an error of its own", async () => {
    const stop = new AbortController();
    const source = new MemorySide(rows(50));
    source.onBatch = () => stop.abort(new TableferryError("TF_FENCED", { message: "taken over" }));
    await expect(compare(source, new MemorySide(rows(50)), { signal: stop.signal })).rejects.toMatchObject({ code: "TF_FENCED" });
  });

  test("reads no faster than the job's limits, and stops while it waits", async () => {
    const stop = new AbortController();
    const taken: number[] = [];
    const throttle = {
      take: (count: number, _bytes: number, signal: AbortSignal) => {
        taken.push(count);
        return taken.length < 5
          ? Promise.resolve()
          : new Promise<void>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error)));
      },
    };
    const source = new MemorySide(rows(500));
    const running = compare(source, new MemorySide(rows(500)), { throttle, signal: stop.signal });
    running.catch(() => undefined);
    await expect.poll(() => taken.length).toBe(8);
    stop.abort(new Error("Ctrl-C"));
    await expect(running).rejects.toMatchObject({ code: "TF_STOPPED" });
    expect(taken).toEqual(taken.map(() => 7));
  });

  test("stops all readers when a side fails, and throws what it threw", async () => {
    const source = new MemorySide(rows(50));
    source.onBatch = (count) => {
      if (count === 4) throw new Error("the line is dead");
    };
    const target = new MemorySide(rows(5000));
    await expect(compare(source, target)).rejects.toThrow("the line is dead");
    expect(target.batches).toBeLessThan(50);
  });

  test("goes on when its progress cannot be kept, and says so", async () => {
    const store = new MemoryStateStore();
    store.compareAndSet = () => Promise.reject(new Error("no space left"));
    const source = new MemorySide(rows(100));
    const { input, around } = inputOf(source, new MemorySide(rows(100)), { state: place(store, { everySeconds: 0 }) });
    expect(await runVerification(input)).toMatchObject({ equal: true });
    expect(around.notes).toEqual(["progress of the verification cannot be kept: no space left"]);
  });
});

function unanswered(): never {
  throw new Error("killed");
}

describe("VerificationCheckpoints", () => {
  const digest = (count: number) => {
    const full = new Digest();
    for (let i = 0; i < count; i++) {
      const bytes = Buffer.from(`key ${i}`);
      full.add(bytes, 0, bytes.length, bytes.length);
    }
    return full;
  };
  const side = (count: number) => ({
    digest: digest(count),
    tally: { rowsRead: count, bytesRead: 0, refused: 0, filtered: 0, refusedPlaces: [] },
    splits: [{ split: { id: "s", title: "s", spec: 1 }, position: "p", done: false }],
  });

  test("keep two generations at most, each entry below what a cell holds", async () => {
    const store = new MemoryStateStore();
    const checkpoints = new VerificationCheckpoints(place(store), "same");
    const full = side(200_000);
    for (let i = 0; i < 4; i++) expect(await checkpoints.save({ begun: 1, saved: i, source: full, target: full })).toBe(true);
    const sizes = [...store.entries.values()].map(({ value }) => value.length);
    expect(Math.max(...sizes)).toBeLessThan(1_100_000);
    expect(sizes.reduce((a, b) => a + b)).toBeLessThan(2 * 7_500_000);
    const loaded = await new VerificationCheckpoints(place(store), "same").load(0);
    expect(loaded?.source.digest.root()).toBe(full.digest.root());
    expect(loaded).toMatchObject({ begun: 1, saved: 3, target: { splits: full.splits, tally: full.tally } });
  });

  test("never take up a torn or foreign generation", async () => {
    const store = new MemoryStateStore();
    const save = { begun: 1, saved: 1, source: side(10), target: side(10) };
    await new VerificationCheckpoints(place(store), "same").save(save);
    expect(await new VerificationCheckpoints(place(store), "other").load(0)).toBeUndefined();
    const [key, part] = [...store.entries].find(([name]) => name.endsWith("/0"))!;
    store.entries.set(key, { ...part, value: part.value.replace(/.$/, "!") });
    expect(await new VerificationCheckpoints(place(store), "same").load(0)).toBeUndefined();
    store.entries.delete(key);
    expect(await new VerificationCheckpoints(place(store), "same").load(0)).toBeUndefined();
  });

  test.each([0, 1])("a kill after %i writes of a later run leaves the earlier generation", async (writes) => {
    const store = new MemoryStateStore();
    const first = { begun: 1, saved: 1, source: side(10), target: side(10) };
    await new VerificationCheckpoints(place(store), "same").save(first);
    const checkpoints = new VerificationCheckpoints(place(store), "same");
    await checkpoints.load(0);
    let left = writes;
    const set = store.compareAndSet.bind(store);
    store.compareAndSet = (...given) => (left-- > 0 ? set(...given) : Promise.reject(new Error("killed")));
    await expect(checkpoints.save({ ...first, saved: 2, source: side(20) })).rejects.toThrow("killed");
    expect(await new VerificationCheckpoints(place(store), "same").load(0)).toMatchObject({ saved: 1 });
  });

  test("say when another run writes to the same place", async () => {
    const store = new MemoryStateStore();
    const save = { begun: 1, saved: 1, source: side(1), target: side(1) };
    await new VerificationCheckpoints(place(store), "same").save(save);
    const get = store.get.bind(store);
    store.get = async (key) => {
      const entry = await get(key);
      if (entry !== undefined) store.entries.set(key, { ...entry, token: "another", seq: entry.seq + 1 });
      return entry;
    };
    const checkpoints = new VerificationCheckpoints(place(store), "same");
    await checkpoints.load(0);
    await checkpoints.save(save);
    expect(await checkpoints.save(save)).toBe(false);
  });
});
