import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { StateEntry, StateStore } from "../../../src/pipeline/state-store.ts";

const entry = (token: string, seq: number, value = "{}"): StateEntry => ({ token, seq, value });

export async function scanned(store: StateStore, prefix: string): Promise<[string, StateEntry][]> {
  const found: [string, StateEntry][] = [];
  for await (const [key, stored] of store.scan(prefix)) found.push([key, stored]);
  return found;
}

/** What every state store promises. `open` gives an empty one; `reopen`, where there is one, the same one after a restart. */
export function stateStoreContract(
  name: string,
  open: () => Promise<StateStore>,
  reopen?: (store: StateStore) => Promise<StateStore>,
): void {
  describe(`${name} keeps the contract of state stores`, () => {
    async function using(run: (store: StateStore) => Promise<void>): Promise<void> {
      const store = await open();
      try {
        await run(store);
      } finally {
        await store.close();
      }
    }

    test("an empty store has nothing", () =>
      using(async (store) => {
        expect(await store.get("a")).toBeUndefined();
        expect(await scanned(store, "")).toEqual([]);
      }));

    test("the first write succeeds only where nothing is", () =>
      using(async (store) => {
        expect(await store.compareAndSet("a", entry("x", 1), entry("me", 1))).toBe(false);
        expect(await store.compareAndSet("a", undefined, entry("me", 1, "one"))).toBe(true);
        expect(await store.compareAndSet("a", undefined, entry("you", 1))).toBe(false);
        expect(await store.get("a")).toEqual(entry("me", 1, "one"));
      }));

    test.each([
      ["another token", entry("you", 1)],
      ["another sequence", entry("me", 2)],
    ])("a write that expects %s changes nothing", (_, expected) =>
      using(async (store) => {
        await store.compareAndSet("a", undefined, entry("me", 1, "one"));
        expect(await store.compareAndSet("a", expected, entry("new", 9, "nine"))).toBe(false);
        expect(await store.get("a")).toEqual(entry("me", 1, "one"));
      }),
    );

    test("a write that expects what is there replaces it", () =>
      using(async (store) => {
        await store.compareAndSet("a", undefined, entry("me", 1, "one"));
        expect(await store.compareAndSet("a", entry("me", 1), entry("you", 7, "seven"))).toBe(true);
        expect(await store.get("a")).toEqual(entry("you", 7, "seven"));
      }));

    test("a write repeated because its answer was lost is a success", () =>
      using(async (store) => {
        await store.compareAndSet("a", undefined, entry("me", 1));
        await store.compareAndSet("a", entry("me", 1), entry("me", 2, "two"));
        expect(await store.compareAndSet("a", entry("me", 1), entry("me", 2, "two"))).toBe(true);
      }));

    test("of many writers that expect the same, one wins", () =>
      using(async (store) => {
        await store.compareAndSet("a", undefined, entry("none", 0));
        const won = await Promise.all(
          Array.from({ length: 8 }, (_, i) => store.compareAndSet("a", entry("none", 0), entry(`writer ${i}`, 1))),
        );
        expect(won.filter(Boolean)).toHaveLength(1);
        expect((await store.get("a"))!.token).toBe(`writer ${won.indexOf(true)}`);
      }));

    test("a scan gives the keys of its prefix in order, and no other", () =>
      using(async (store) => {
        for (const key of ["job/split/b", "job/split/a", "job/split", "job/splitter", "jobs/split/a", "job/run", "job/split/a/x"]) {
          await store.compareAndSet(key, undefined, entry("me", 1, key));
        }
        expect((await scanned(store, "job/split/")).map(([key]) => key)).toEqual(["job/split/a", "job/split/a/x", "job/split/b"]);
        expect((await scanned(store, "job/")).map(([, stored]) => stored.value)).toEqual([
          "job/run",
          "job/split",
          "job/split/a",
          "job/split/a/x",
          "job/split/b",
          "job/splitter",
        ]);
      }));

    test("what was removed is gone, and may be written anew", () =>
      using(async (store) => {
        await store.compareAndSet("a", undefined, entry("me", 1));
        await store.remove("a");
        await store.remove("never there");
        expect(await store.get("a")).toBeUndefined();
        expect(await store.compareAndSet("a", entry("me", 1), entry("me", 2))).toBe(false);
        expect(await store.compareAndSet("a", undefined, entry("you", 1))).toBe(true);
      }));

    test("values come back as they were, whatever stands in them", () =>
      using(async (store) => {
        const value = JSON.stringify({ text: 'ü "\n\u2028\0', long: "x".repeat(200_000) });
        await store.compareAndSet("a", undefined, entry("me", 1, value));
        expect((await store.get("a"))!.value).toBe(value);
      }));

    if (reopen === undefined) return;
    test("everything accepted is there after a restart, and nothing refused is", async () => {
      const operation = fc.record({ key: fc.constantFrom("a", "b", "c"), seq: fc.nat(2), next: fc.nat(2), remove: fc.boolean() });
      await fc.assert(
        fc.asyncProperty(fc.array(operation, { maxLength: 12 }), async (operations) => {
          let store = await open();
          const model = new Map<string, StateEntry>();
          for (const [i, { key, seq, next, remove }] of operations.entries()) {
            if (remove) {
              await store.remove(key);
              model.delete(key);
            } else {
              const expected = model.has(key) ? entry("me", seq) : undefined;
              const accepted = await store.compareAndSet(key, expected, entry("me", next, `${i}`));
              const same = model.get(key)?.seq === (expected as StateEntry | undefined)?.seq;
              if (same) model.set(key, entry("me", next, `${i}`));
              expect(accepted).toBe(same || model.get(key)?.seq === next);
            }
          }
          store = await reopen(store);
          expect(await scanned(store, "")).toEqual([...model].sort(([x], [y]) => (x < y ? -1 : 1)));
          await store.close();
        }),
        { numRuns: 20 },
      );
    });
  });
}
