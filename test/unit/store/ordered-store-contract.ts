import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Cursor, OrderedStore, StoreChange } from "../../../src/store/ordered-store.ts";

const bytes = (...values: number[]) => Uint8Array.from(values);
const text = (value: string) => Buffer.from(value);
const put = (key: string, value: string): StoreChange => ({ type: "put", key: text(key), value: text(value) });
const del = (key: string): StoreChange => ({ type: "del", key: text(key) });
const all = { from: bytes(0), to: bytes(255, 255) };

async function drain<Item>(cursor: Cursor<Item>, page = 3): Promise<Item[]> {
  const items: Item[] = [];
  for (let next = await cursor.next(page); next.length > 0; next = await cursor.next(page)) items.push(...next);
  await cursor.close();
  return items;
}

async function listing(store: OrderedStore, range = all): Promise<string[]> {
  return (await drain(store.entries(range))).map(({ key, value }) => `${Buffer.from(key)}=${Buffer.from(value)}`);
}

/** What every ordered store must do; `open` makes an empty one. */
export function orderedStoreContract(name: string, open: () => Promise<OrderedStore>): void {
  describe(`${name} as an ordered store`, () => {
    let store: OrderedStore;
    const write = (...changes: StoreChange[]) => store.write(changes, { sync: false });

    beforeEach(async () => {
      store = await open();
    });
    afterEach(() => store.close());

    it("returns the value last written, and undefined for a key never written", async () => {
      await write(put("a", "1"));
      await write(put("a", "2"));
      expect(Buffer.from(store.get(text("a"))!).toString()).toBe("2");
      expect(store.get(text("b"))).toBeUndefined();
    });

    it("keeps empty values apart from missing ones", async () => {
      await write(put("a", ""));
      expect(store.get(text("a"))).toHaveLength(0);
    });

    it("applies a batch in order, so that the last change of a key wins", async () => {
      await write(put("a", "1"), del("a"), put("b", "1"), put("b", "2"), put("c", "1"), del("c"));
      expect(await listing(store)).toEqual(["b=2"]);
    });

    it("applies a batch put together bit by bit when it is written, and in order", async () => {
      const batch = store.batch({ sync: false });
      batch.add([put("a", "1"), put("b", "1")]);
      await write(put("a", "0"));
      batch.add([put("b", "2"), del("c")]);
      expect(await listing(store)).toEqual(["a=0"]);
      await batch.write();
      expect(await listing(store)).toEqual(["a=1", "b=2"]);
    });

    it("has two batches apart, and forgets one that nobody writes", async () => {
      const [first, second, dropped] = [store.batch({ sync: true }), store.batch({ sync: true }), store.batch({ sync: false })];
      first.add([put("a", "1")]);
      dropped.add([put("x", "1")]);
      second.add([put("b", "1")]);
      await second.write();
      expect(await listing(store)).toEqual(["b=1"]);
      await first.write();
      const third = store.batch({ sync: false });
      third.add([put("c", "1")]);
      await third.write();
      expect(await listing(store)).toEqual(["a=1", "b=1", "c=1"]);
    });

    it("forgets deleted keys and allows deleting a missing one", async () => {
      await write(put("a", "1"), put("b", "1"));
      await write(del("a"), del("x"));
      expect(store.get(text("a"))).toBeUndefined();
      expect(await listing(store)).toEqual(["b=1"]);
    });

    it("keeps no reference to the buffers written", async () => {
      const key = text("a");
      const value = text("1");
      await write({ type: "put", key, value });
      key[0] = 0x7a;
      value[0] = 0x39;
      expect(await listing(store)).toEqual(["a=1"]);
    });

    it("orders keys by unsigned bytes, a prefix first", async () => {
      const keys = [bytes(1), bytes(1, 0), bytes(1, 127), bytes(1, 128), bytes(1, 255), bytes(1, 255, 0), bytes(2)];
      await store.write(
        keys.toReversed().map((key) => ({ type: "put", key, value: key })),
        { sync: true },
      );
      expect((await drain(store.entries(all))).map(({ key }) => Buffer.from(key).toString("hex"))).toEqual(
        keys.map((key) => Buffer.from(key).toString("hex")),
      );
    });

    it("ranges include their lower end and exclude their upper one, in both directions", async () => {
      await write(put("a", "1"), put("b", "2"), put("c", "3"), put("d", "4"));
      const range = { from: text("b"), to: text("d") };
      expect(await listing(store, range)).toEqual(["b=2", "c=3"]);
      expect(await listing(store, { ...range, ...{ reverse: true } })).toEqual(["c=3", "b=2"]);
    });

    it("ranges may begin and end between keys, and may be empty", async () => {
      await write(put("b", "2"), put("d", "4"));
      const range = (from: string, to: string, reverse: boolean) => ({ from: text(from), to: text(to), reverse });
      expect(await listing(store, range("a", "c", false))).toEqual(["b=2"]);
      expect(await listing(store, range("c", "z", true))).toEqual(["d=4"]);
      expect(await listing(store, range("e", "z", false))).toEqual([]);
      expect(await listing(store, range("a", "b", true))).toEqual([]);
      expect(await listing(store, range("d", "b", false))).toEqual([]);
    });

    it("value cursors give the values of the same entries", async () => {
      await write(put("a", "1"), put("b", "2"));
      expect((await drain(store.values({ ...all, reverse: true }))).map((value) => Buffer.from(value).toString())).toEqual(["2", "1"]);
    });

    it("value cursors keep to bounds that are no text", async () => {
      const puts = [bytes(1, 128), bytes(1, 200), bytes(1, 254)].map((key) => ({ type: "put" as const, key, value: key.slice(1) }));
      await store.write(puts, { sync: true });
      expect((await drain(store.values({ from: bytes(1, 200), to: bytes(1, 254) }))).map(([value]) => value)).toEqual([200]);
    });

    it("a cursor shows the state of the moment it was made", async () => {
      await write(...Array.from({ length: 300 }, (_, i) => put(`k${String(i).padStart(3, "0")}`, "old")));
      const cursor = store.entries(all);
      const first = await cursor.next(10);
      await write(put("k005", "new"), put("k200", "new"), put("k2005", "new"), del("k250"));
      const rest = await drain(cursor, 100);
      expect(first).toHaveLength(10);
      expect(rest).toHaveLength(290);
      expect(new Set(rest.map(({ value }) => Buffer.from(value).toString()))).toEqual(new Set(["old"]));
    });

    it("a cursor brings everything once, however far it is told to read ahead", async () => {
      await write(...Array.from({ length: 50 }, (_, i) => put(`k${String(i).padStart(2, "0")}`, "1")));
      const everything = await listing(store);
      for (const ahead of [0, 1, 7, 100]) {
        const cursor = store.entries(all);
        const seen: string[] = [];
        for (let next = await cursor.next(7, ahead); next.length > 0; next = await cursor.next(7, ahead)) {
          seen.push(...next.map(({ key, value }) => `${Buffer.from(key)}=${Buffer.from(value)}`));
        }
        await cursor.close();
        expect(seen).toEqual(everything);
      }
    });

    it("a cursor may be closed while it reads ahead", async () => {
      await write(...Array.from({ length: 50 }, (_, i) => put(`k${String(i).padStart(2, "0")}`, "1")));
      const cursor = store.values(all);
      expect(await cursor.next(7, 40)).toHaveLength(7);
      await cursor.close();
      await write(put("k99", "2"));
      expect(await listing(store)).toHaveLength(51);
    });

    it("reads of one snapshot agree, whatever is written between them", async () => {
      await write(put("a", "1"), put("b", "1"));
      const snapshot = store.snapshot();
      await write(put("a", "2"), del("b"), put("c", "2"));
      const seen = await drain(store.entries(all, snapshot));
      await write(put("d", "3"));
      const again = await drain(store.values(all, snapshot));
      expect(seen.map(({ value }) => Buffer.from(value).toString())).toEqual(["1", "1"]);
      expect(again.map((value) => Buffer.from(value).toString())).toEqual(["1", "1"]);
      await snapshot.close();
    });

    it("has room for values of 5 MB", async () => {
      const value = Buffer.alloc(5 * 1024 * 1024, 7);
      await store.write([{ type: "put", key: text("a"), value }], { sync: true });
      expect(Buffer.compare(store.get(text("a"))!, value)).toBe(0);
    });

    it("estimates the size of nothing as nothing", async () => {
      await write(put("a", "1"));
      expect(await store.approximateSize(text("x"), text("y"))).toBe(0);
    });

    it("refuses to work once closed, and may be closed twice", async () => {
      await store.close();
      await store.close();
      await expect((async () => store.write([put("a", "1")], { sync: false }))()).rejects.toThrow("store");
      expect(() => store.entries(all)).toThrow("store");
    });

    it("agrees with a sorted map after any sequence of batches", async () => {
      const key = fc.uint8Array({ minLength: 1, maxLength: 3 }).map((raw) => raw.map((byte) => byte & 0x83));
      const change = fc.record({ key, value: fc.option(fc.uint8Array({ maxLength: 4 })) });
      await fc.assert(
        fc.asyncProperty(fc.array(fc.array(change, { maxLength: 80 }), { maxLength: 6 }), async (batches) => {
          const existing = await drain(store.entries(all));
          await store.write(
            existing.map((entry) => ({ type: "del", key: entry.key })),
            { sync: false },
          );
          const model = new Map<string, string>();
          for (const batch of batches) {
            await store.write(
              batch.map(({ key, value }) => (value === null ? { type: "del", key } : { type: "put", key, value })),
              { sync: false },
            );
            for (const { key, value } of batch) {
              const name = Buffer.from(key).toString("latin1");
              if (value === null) model.delete(name);
              else model.set(name, Buffer.from(value).toString("hex"));
            }
          }
          const expected = [...model].sort(([a], [b]) => (a < b ? -1 : 1));
          const seen = await drain(store.entries({ from: bytes(), to: bytes(255) }), 50);
          expect(seen.map(({ key, value }) => [Buffer.from(key).toString("latin1"), Buffer.from(value).toString("hex")])).toEqual(expected);
          const back = await drain(store.values({ from: bytes(), to: bytes(255), reverse: true }), 50);
          expect(back.map((value) => Buffer.from(value).toString("hex"))).toEqual(expected.map(([, value]) => value).reverse());
        }),
        { numRuns: 40 },
      );
    });
  });
}
