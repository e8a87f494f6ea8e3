import { describe, expect, test } from "vitest";
import { MemoryStateStore } from "../../../src/pipeline/memory-state-store.ts";
import { OwnedEntry } from "../../../src/pipeline/owned-entry.ts";

describe("an owned entry", () => {
  test("is written with growing sequence under its run's token", async () => {
    const state = new MemoryStateStore();
    const entry = await OwnedEntry.take<{ at: number }>(state, "k", "me");
    expect(entry.value).toBeUndefined();
    await entry.write({ at: 1 });
    await entry.write({ at: 2 });
    expect(state.entries.get("k")).toEqual({ token: "me", seq: 2, value: '{"at":2}' });
    expect(entry.value).toEqual({ at: 2 });
  });

  test("taken over by a newer run keeps its value, and the older one can write it no more", async () => {
    const state = new MemoryStateStore();
    const old = await OwnedEntry.take<number>(state, "k", "old");
    await old.write(7);
    const fresh = await OwnedEntry.take<number>(state, "k", "new");
    expect(fresh.value).toBe(7);
    await expect(old.write(8)).rejects.toMatchObject({ code: "TF_FENCED", place: "k" });
    await fresh.write(9);
    expect(state.entries.get("k")).toMatchObject({ token: "new", value: "9" });
  });

  test("an older run cannot even begin an entry that the newer one has begun", async () => {
    const state = new MemoryStateStore();
    const old = await OwnedEntry.take<number>(state, "k", "old");
    await (await OwnedEntry.take<number>(state, "k", "new")).write(1);
    await expect(old.write(8)).rejects.toMatchObject({ code: "TF_FENCED" });
  });

  test("is taken also while the older run still writes", async () => {
    const state = new MemoryStateStore();
    const old = await OwnedEntry.take<number>(state, "k", "old");
    await old.write(1);
    const get = state.get.bind(state);
    let writes = 0;
    state.get = async (key) => {
      const stored = await get(key);
      if (writes++ < 3) await old.write(writes + 1);
      return stored;
    };
    const fresh = await OwnedEntry.take<number>(state, "k", "new");
    expect(fresh.value).toBe(4);
  });

  test("that is no JSON says where", async () => {
    const state = new MemoryStateStore();
    state.entries.set("k", { token: "t", seq: 1, value: "{" });
    await expect(OwnedEntry.take(state, "k", "me")).rejects.toMatchObject({ code: "TF_STATE_CORRUPT", place: "k" });
  });
});
