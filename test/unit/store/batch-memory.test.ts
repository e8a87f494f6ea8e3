import { expect, test } from "vitest";
import { VirtualClock } from "../../../src/base/virtual-clock.ts";
import { BatchMemory } from "../../../src/store/batch-memory.ts";
import { defaultTableOptions, type TableSchema } from "../../../src/model/schema.ts";
import { MemoryStore } from "../../../src/store/memory-store.ts";
import type { StoreChange } from "../../../src/store/ordered-store.ts";
import { TableStore } from "../../../src/store/table-store.ts";
import { encodeChange } from "../../../src/wire/plainbuffer/encode.ts";
import { RowWalker } from "../../../src/wire/plainbuffer/walk.ts";

const schemaOf = (stream: TableSchema["stream"]): TableSchema => ({
  name: "t",
  key: [{ name: "pk", type: "string" }],
  definedColumns: [],
  options: defaultTableOptions,
  stream,
  localTransactions: false,
  reserved: { read: 0, write: 0 },
  indexes: [],
});

/** A store whose writes wait until they are let through, and what they are to write. */
class HeldStore extends MemoryStore {
  readonly writes: (readonly StoreChange[])[] = [];
  holds = false;
  #letThrough: () => void = () => undefined;

  override async write(changes: readonly StoreChange[]): Promise<void> {
    this.writes.push(changes);
    if (this.holds) await new Promise<void>((resolve) => (this.#letThrough = resolve));
    await super.write(changes);
  }

  letThrough(): void {
    this.#letThrough();
  }
}

async function openHeld(stream: TableSchema["stream"]) {
  const ordered = new HeldStore();
  const store = await TableStore.open(ordered, { clock: new VirtualClock() });
  await store.catalogue.createInstance("one");
  const table = await store.catalogue.createTable("one", schemaOf(stream));
  const write = (pk: string): Promise<void> => {
    const batch = store.beginWrite();
    const walker = new RowWalker().open(encodeChange({ type: "put", key: [{ name: "pk", value: pk }], cells: [{ name: "c", value: pk }] }));
    walker.next();
    batch.put(table, walker, { existence: "ignore" });
    return batch.commit();
  };
  return { ordered, store, write };
}

const bytesOf = (changes: readonly StoreChange[]) =>
  changes.flatMap((change) => (change.type === "put" ? [Buffer.from(change.key), Buffer.from(change.value)] : []));
const memoryOf = (changes: readonly StoreChange[]) => new Set(changes.map(({ key }) => key.buffer));

for (const stream of [{ enabled: false }, { enabled: true, expirationHours: 24 }]) {
  test(`what is being written stays as it is while other batches are made (stream: ${stream.enabled})`, async () => {
    const { ordered, store, write } = await openHeld(stream);
    ordered.holds = true;
    const first = write("first");
    const changes = ordered.writes.at(-1)!;
    const before = bytesOf(changes);
    const others = ["second", "third"].map(write);
    expect(bytesOf(changes)).toEqual(before);
    ordered.holds = false;
    ordered.letThrough();
    await Promise.all([first, ...others]);
    await store.close();
  });

  test(`a batch is made in the memory of one that is committed (stream: ${stream.enabled})`, async () => {
    const { ordered, store, write } = await openHeld(stream);
    await write("first");
    const first = memoryOf(ordered.writes.at(-1)!);
    await write("second");
    const second = memoryOf(ordered.writes.at(-1)!);
    expect([...second].filter((memory) => !first.has(memory))).toEqual([]);
    await store.close();
  });
}

test("memory is as large as was asked for, and empty", () => {
  const memory = new BatchMemory();
  const writer = memory.take(100);
  writer.byte(1);
  memory.give(writer);
  const again = memory.take(10_000);
  expect(again.at).toBe(0);
  expect(again.bytes.length).toBeGreaterThanOrEqual(10_000);
});

test("memory that a very large batch grew is not kept", () => {
  const memory = new BatchMemory();
  const writer = memory.take(100);
  writer.reserve(8 * 1024 * 1024);
  memory.give(writer);
  expect(memory.take(100)).not.toBe(writer);
});

test("a very large batch takes nothing of what is kept for others", () => {
  const memory = new BatchMemory();
  const writer = memory.take(100);
  memory.give(writer);
  memory.take(8 * 1024 * 1024);
  expect(memory.take(100)).toBe(writer);
});

test("what many batches at once gave back is kept of 32 of them", () => {
  const memory = new BatchMemory();
  const given = new Set(Array.from({ length: 100 }, () => memory.take(100)));
  for (const writer of given) memory.give(writer);
  expect(Array.from({ length: 100 }, () => memory.take(100)).filter((writer) => given.has(writer))).toHaveLength(32);
});
