import { describe, expect, it } from "vitest";
import { CommitQueue } from "../../../src/store/commit-queue.ts";
import { MemoryStore } from "../../../src/store/memory-store.ts";
import type { StoreBatch, StoreChange, WriteOptions } from "../../../src/store/ordered-store.ts";

const put = (key: string, value: string): StoreChange => ({ type: "put", key: Buffer.from(key), value: Buffer.from(value) });
const textOf = (value: Uint8Array | undefined) => (value === undefined ? undefined : Buffer.from(value).toString());

/** A store whose batches settle only when the test says so. */
class HeldStore extends MemoryStore {
  readonly batches: { readonly changes: readonly StoreChange[]; readonly sync: boolean; release(failure?: Error): void }[] = [];

  override write(changes: readonly StoreChange[], options?: { readonly sync: boolean }): Promise<void> {
    return new Promise((resolve, reject) => {
      const release = (failure?: Error) => (failure === undefined ? resolve(super.write(changes)) : reject(failure));
      this.batches.push({ changes, sync: options?.sync === true, release });
    });
  }
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

describe("commit queue", () => {
  it("has one synced batch in flight and puts everything enqueued meanwhile into the next", async () => {
    const store = new HeldStore();
    const queue = new CommitQueue(store, { sync: true });
    const commits = ["a", "b", "c"].map((key) => queue.commit([put(key, "1")]));
    expect(store.batches.map(({ changes, sync }) => [changes.length, sync])).toEqual([[1, true]]);
    store.batches[0]!.release();
    await commits[0];
    await turn();
    expect(store.batches.map(({ changes }) => changes.length)).toEqual([1, 2]);
    store.batches[1]!.release();
    await Promise.all(commits);
  });

  it("shows enqueued values at once, while the store still has the old ones", async () => {
    const store = new HeldStore();
    const queue = new CommitQueue(store, { sync: true });
    const first = queue.commit([put("a", "1")]);
    const second = queue.commit([put("a", "2")]);
    const third = queue.commit([{ type: "del", key: Buffer.from("a") }]);
    expect(queue.get(Buffer.from("a"))).toBeUndefined();
    expect(store.get(Buffer.from("a"))).toBeUndefined();
    store.batches[0]!.release();
    await first;
    expect(textOf(store.get(Buffer.from("a")))).toBe("1");
    expect(queue.get(Buffer.from("a"))).toBeUndefined();
    await turn();
    store.batches[1]!.release();
    await Promise.all([second, third]);
    expect(store.get(Buffer.from("a"))).toBeUndefined();
  });

  it("loses no update of those that read, decide and enqueue in one turn", async () => {
    const store = new MemoryStore();
    const queue = new CommitQueue(store, { sync: true });
    const increment = async () => {
      const value = Number(textOf(queue.get(Buffer.from("n"))) ?? "0");
      await queue.commit([put("n", String(value + 1))]);
    };
    await Promise.all(Array.from({ length: 100 }, increment));
    expect(textOf(store.get(Buffer.from("n")))).toBe("100");
  });

  it("settled waits for all that was enqueued before it", async () => {
    const store = new HeldStore();
    const queue = new CommitQueue(store, { sync: true });
    await queue.settled();
    const commit = queue.commit([put("a", "1")]);
    let settled = false;
    const waiting = queue.settled().then(() => (settled = true));
    await turn();
    expect(settled).toBe(false);
    store.batches[0]!.release();
    await Promise.all([commit, waiting]);
  });

  it("after a failed batch refuses everything that waited and everything that comes", async () => {
    const store = new HeldStore();
    const queue = new CommitQueue(store, { sync: true });
    const failure = new Error("disk full");
    const outcomes = Promise.allSettled([queue.commit([put("a", "1")]), queue.commit([put("b", "1")])]);
    store.batches[0]!.release(failure);
    expect(await outcomes).toEqual([
      { status: "rejected", reason: failure },
      { status: "rejected", reason: failure },
    ]);
    await expect(queue.commit([put("c", "1")])).rejects.toBe(failure);
    await expect(queue.settled()).rejects.toBe(failure);
    expect(queue.get(Buffer.from("a"))).toBeUndefined();
  });

  describe("with a store that stages batches", () => {
    /** A store whose batches are staged and written when the test says so. */
    class StagingStore extends HeldStore {
      readonly stages: { release(failure?: Error): void }[] = [];

      override batch(options: WriteOptions): StoreBatch {
        const stage = () =>
          new Promise<void>((resolve, reject) => {
            this.stages.push({ release: (failure) => (failure === undefined ? resolve() : reject(failure)) });
          });
        return { ...super.batch(options), stage };
      }
    }
    const begin = () => {
      const store = new StagingStore();
      const queue = new CommitQueue(store, { sync: true });
      const commit = (key: string) => queue.commit([put(key, "1")]);
      const counts = () => [store.stages.length, store.batches.length];
      return { store, commit, counts };
    };

    /** One batch is being written, and the next one staged. */
    const beginBoth = async () => {
      const { store, commit } = begin();
      const first = commit("a");
      store.stages[0]!.release();
      await turn();
      const second = commit("b");
      await turn();
      return { store, commit, first, second };
    };

    it("stages the next one while one is being written, and writes it behind that", async () => {
      const { store, commit, counts } = begin();
      const first = commit("a");
      expect(counts()).toEqual([1, 0]);
      store.stages[0]!.release();
      await turn();
      expect(counts()).toEqual([1, 1]);
      const second = commit("b");
      expect(counts()).toEqual([2, 1]);
      store.stages[1]!.release();
      await turn();
      expect(counts()).toEqual([2, 1]);
      store.batches[0]!.release();
      await first;
      await turn();
      expect(counts()).toEqual([2, 2]);
      store.batches[1]!.release();
      await second;
    });

    it("puts into the one behind what is enqueued while one is being staged", async () => {
      const { store, commit, first, second } = await beginBoth();
      const others = [commit("c"), commit("d")];
      store.batches[0]!.release();
      await first;
      await turn();
      expect([store.stages.length, store.batches.length]).toEqual([2, 1]);
      for (const stage of [1, 2]) {
        store.stages[stage]!.release();
        await turn();
        store.batches[stage]!.release();
        await turn();
      }
      await Promise.all([second, ...others]);
      expect(store.batches.map(({ changes }) => changes.length)).toEqual([1, 1, 2]);
    });

    it("refuses all where a batch cannot be staged, once the one before is through", async () => {
      const { store, commit, first, second } = await beginBoth();
      const third = commit("c");
      const failure = new Error("disk full");
      store.stages[1]!.release(failure);
      await expect(second).rejects.toBe(failure);
      await expect(third).rejects.toBe(failure);
      store.batches[0]!.release();
      await first;
      await expect(commit("d")).rejects.toBe(failure);
      expect(store.batches).toHaveLength(1);
    });

    it("refuses what is staged where the one before it fails", async () => {
      const { store, first, second } = await beginBoth();
      const failure = new Error("disk full");
      store.batches[0]!.release(failure);
      await expect(first).rejects.toBe(failure);
      await expect(second).rejects.toBe(failure);
      store.stages[1]!.release();
      await turn();
      expect(store.batches).toHaveLength(1);
    });
  });

  describe("with a flush for each group", () => {
    class FlushedStore extends HeldStore {
      override readonly durable = true;
    }
    const begin = (writers: number) => {
      const store = new FlushedStore();
      const queue = new CommitQueue(store, { sync: true });
      const commit = (key: string, bytes = 1) => queue.commit([put(key, "x".repeat(bytes))]);
      const first = commit("first");
      const others = Array.from({ length: writers - 1 }, (_, i) => commit(`other-${i}`));
      return { store, commit, first, others, sizes: () => store.batches.map(({ changes }) => changes.length) };
    };

    /** A queue whose last group was one of many writers. */
    const behindSixteen = async () => {
      const { store, commit, first, others, sizes } = begin(16);
      store.batches[0]!.release();
      await first;
      await turn();
      store.batches[1]!.release();
      await Promise.all(others);
      return { store, commit, sizes };
    };

    it("makes nobody wait for others where there are few", async () => {
      const { store, first, others, sizes } = begin(7);
      store.batches[0]!.release();
      await first;
      await turn();
      expect(sizes()).toEqual([1, 6]);
      store.batches[1]!.release();
      await Promise.all(others);
    });

    it("waits for most of the writers that were there lately", async () => {
      const { store, commit, sizes } = await behindSixteen();
      const again = Array.from({ length: 11 }, (_, i) => commit(`again-${i}`));
      expect(sizes()).toEqual([1, 15]);
      const last = commit("twelfth");
      await turn();
      expect(sizes()).toEqual([1, 15, 12]);
      store.batches[2]!.release();
      await Promise.all([...again, last]);
    });

    it("does not wait for long for who does not come", async () => {
      const { store, commit, sizes } = await behindSixteen();
      const alone = commit("alone");
      await expect.poll(sizes).toEqual([1, 15, 1]);
      store.batches[2]!.release();
      await alone;
    });

    it("does not wait where there is enough to flush", async () => {
      const { store, commit, sizes } = await behindSixteen();
      const large = commit("large", 100_000);
      await turn();
      expect(sizes()).toEqual([1, 15, 1]);
      store.batches[2]!.release();
      await large;
    });
  });
});
