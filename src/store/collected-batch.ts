import type { OrderedStore, StoreBatch, StoreChange, WriteOptions } from "./ordered-store.ts";

/** A batch of a store that takes in nothing before it writes. */
export function collectedBatch(store: Pick<OrderedStore, "write">, options: WriteOptions): StoreBatch {
  const collected: StoreChange[] = [];
  return {
    add: (changes) => {
      for (const change of changes) collected.push(change);
    },
    write: () => store.write(collected, options),
  };
}
