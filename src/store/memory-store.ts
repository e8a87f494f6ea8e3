import { assert } from "../base/assert.ts";
import { collectedBatch } from "./collected-batch.ts";
import type { Cursor, Entry, KeyRange, OrderedStore, Snapshot, StoreBatch, StoreChange, WriteOptions } from "./ordered-store.ts";

const LEAF_KEYS_MAX = 128;

/**
 * A run of neighbouring entries. Keys are Latin-1 strings, one character a byte: they compare in byte order, cost a fraction
 * of a Buffer's memory, and V8 compares them without a call into C++.
 */
interface Leaf {
  /** Leaves of an older epoch are seen by a snapshot and are copied before they change. */
  readonly epoch: number;
  /** Of keys and values. */
  bytes: number;
  readonly keys: string[];
  readonly values: Uint8Array[];
}

/**
 * An ordered store in memory, for tests and simulation: sorted leaves in one array, copied on write where a snapshot looks.
 * Everything happens within the call, on no other thread, so a simulation stays deterministic.
 */
export class MemoryStore implements OrderedStore {
  readonly durable: boolean = false;
  #leaves: Leaf[] = [{ epoch: 0, bytes: 0, keys: [], values: [] }];
  #leavesEpoch = 0;
  #epoch = 0;
  #open = true;

  get(key: Uint8Array): Uint8Array | undefined {
    const name = latin1(key);
    const leaf = this.#leaves[leafOf(this.#leaves, name)]!;
    const at = lowerBound(leaf.keys, name);
    return leaf.keys[at] === name ? leaf.values[at] : undefined;
  }

  async write(changes: readonly StoreChange[]): Promise<void> {
    assert(this.#open, "an open store");
    for (const change of changes) {
      if (change.type === "put") this.#put(latin1(change.key), Buffer.from(change.value));
      else this.#delete(latin1(change.key));
    }
  }

  batch(options: WriteOptions): StoreBatch {
    return collectedBatch(this, options);
  }

  entries(range: KeyRange, snapshot?: Snapshot): Cursor<Entry> {
    return new MemoryCursor(this.#view(snapshot), range, (key, value) => ({ key: Buffer.from(key, "latin1"), value }));
  }

  values(range: KeyRange, snapshot?: Snapshot): Cursor<Uint8Array> {
    return new MemoryCursor(this.#view(snapshot), range, (_key, value) => value);
  }

  keys(range: KeyRange, snapshot?: Snapshot): Cursor<Uint8Array> {
    return new MemoryCursor(this.#view(snapshot), range, (key) => Buffer.from(key, "latin1"));
  }

  snapshot(): MemorySnapshot {
    return new MemorySnapshot(this.#view());
  }

  /** Exact in the leaves between the ends, which are counted whole. */
  async approximateSize(from: Uint8Array, to: Uint8Array): Promise<number> {
    let bytes = 0;
    const last = leafOf(this.#leaves, latin1(to));
    for (let at = leafOf(this.#leaves, latin1(from)); at < last; at++) bytes += this.#leaves[at]!.bytes;
    return bytes;
  }

  async close(): Promise<void> {
    this.#open = false;
    this.#leaves = [{ epoch: 0, bytes: 0, keys: [], values: [] }];
  }

  #view(snapshot?: Snapshot): readonly Leaf[] {
    assert(this.#open, "an open store");
    if (snapshot instanceof MemorySnapshot) return snapshot.leaves;
    this.#epoch++;
    return this.#leaves;
  }

  #put(key: string, value: Uint8Array): void {
    const index = leafOf(this.#leaves, key);
    const leaf = this.#writableLeaf(index);
    const at = lowerBound(leaf.keys, key);
    if (leaf.keys[at] === key) {
      leaf.bytes += value.length - leaf.values[at]!.length;
      leaf.values[at] = value;
      return;
    }
    leaf.bytes += key.length + value.length;
    leaf.keys.splice(at, 0, key);
    leaf.values.splice(at, 0, value);
    if (leaf.keys.length > LEAF_KEYS_MAX) this.#split(index, at);
  }

  #split(index: number, at: number): void {
    const leaf = this.#leaves[index]!;
    // A load in key order fills leaves to the brim instead of leaving each half empty.
    const cut = at === leaf.keys.length - 1 ? at : leaf.keys.length >> 1;
    const right = { epoch: this.#epoch, bytes: 0, keys: leaf.keys.splice(cut), values: leaf.values.splice(cut) };
    for (let i = 0; i < right.keys.length; i++) right.bytes += right.keys[i]!.length + right.values[i]!.length;
    leaf.bytes -= right.bytes;
    this.#leaves.splice(index + 1, 0, right);
  }

  #delete(key: string): void {
    const index = leafOf(this.#leaves, key);
    const keys = this.#leaves[index]!.keys;
    const at = lowerBound(keys, key);
    if (keys[at] !== key) return;
    const leaf = this.#writableLeaf(index);
    leaf.bytes -= key.length + leaf.values[at]!.length;
    leaf.keys.splice(at, 1);
    leaf.values.splice(at, 1);
    if (leaf.keys.length === 0 && this.#leaves.length > 1) this.#leaves.splice(index, 1);
  }

  /** The leaf, and the array of leaves, copied first if a snapshot sees them. */
  #writableLeaf(index: number): Leaf {
    if (this.#leavesEpoch !== this.#epoch) {
      this.#leaves = this.#leaves.slice();
      this.#leavesEpoch = this.#epoch;
    }
    const leaf = this.#leaves[index]!;
    if (leaf.epoch === this.#epoch) return leaf;
    const copy = { epoch: this.#epoch, bytes: leaf.bytes, keys: leaf.keys.slice(), values: leaf.values.slice() };
    this.#leaves[index] = copy;
    return copy;
  }
}

class MemorySnapshot implements Snapshot {
  leaves: readonly Leaf[];

  constructor(leaves: readonly Leaf[]) {
    this.leaves = leaves;
  }

  async close(): Promise<void> {
    this.leaves = [];
  }
}

class MemoryCursor<Item> implements Cursor<Item> {
  readonly #make: (key: string, value: Uint8Array) => Item;
  readonly #from: string;
  readonly #to: string;
  readonly #step: 1 | -1;
  #leaves: readonly Leaf[];
  #leaf: number;
  #at: number;

  constructor(leaves: readonly Leaf[], range: KeyRange, make: (key: string, value: Uint8Array) => Item) {
    this.#leaves = leaves;
    this.#make = make;
    this.#from = latin1(range.from);
    this.#to = latin1(range.to);
    this.#step = range.reverse === true ? -1 : 1;
    const first = this.#step === 1 ? this.#from : this.#to;
    this.#leaf = leafOf(leaves, first);
    // Backwards starts one before the exclusive upper end.
    const at = lowerBound(leaves[this.#leaf]!.keys, first);
    this.#at = this.#step === 1 ? at : at - 1;
  }

  async next(count: number): Promise<readonly Item[]> {
    const items: Item[] = [];
    while (items.length < count) {
      const leaf = this.#leaves[this.#leaf];
      if (leaf === undefined) break;
      const key = leaf.keys[this.#at];
      if (key === undefined) {
        this.#leaf += this.#step;
        this.#at = this.#step === 1 ? 0 : (this.#leaves[this.#leaf]?.keys.length ?? 0) - 1;
        continue;
      }
      if (this.#step === 1 ? key >= this.#to : key < this.#from) {
        this.#leaf = -1;
        break;
      }
      items.push(this.#make(key, leaf.values[this.#at]!));
      this.#at += this.#step;
    }
    return items;
  }

  async close(): Promise<void> {
    this.#leaves = [];
  }
}

function latin1(bytes: Uint8Array): string {
  return (bytes instanceof Buffer ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)).toString("latin1");
}

/** The last leaf whose first key is not above `key`; the first leaf when there is none. */
function leafOf(leaves: readonly Leaf[], key: string): number {
  let low = 0;
  let high = leaves.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (leaves[middle]!.keys[0]! <= key) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** The position of the first key that is not below `key`. */
function lowerBound(keys: readonly string[], key: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (keys[middle]! < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
