import type { Clock } from "../base/clock.ts";
import { TableferryError } from "../base/error.ts";
import type { KeyValue } from "../model/value.ts";
import type { Catalogue } from "./catalogue.ts";
import { middleKey, storedBytes } from "./middle-key.ts";
import type { OrderedStore } from "./ordered-store.ts";
import { COUNTED_BYTES_MAX } from "./split-points.ts";
import { cutKey, encodeCut, partitionOf } from "./partitions.ts";
import { refusal } from "./refusal.ts";
import type { Table } from "./table.ts";

export interface SplitContext {
  readonly store: OrderedStore;
  readonly catalogue: Catalogue;
  readonly clock: Clock;
}

/**
 * Cuts the partition in which this partition key lies before it. One batch cuts it, closes its shard and adds two children; changes enqueued
 * before are in the parent, later ones in the children, so order per key holds from the one to the other. Rows do not move.
 * @throws TF_PARTITION_WHOLE where a partition begins there already, OTSObjectNotExist for a dropped table
 */
export async function splitBefore({ catalogue, clock }: SplitContext, table: Table, value: KeyValue): Promise<void> {
  if (table.dropped) throw refusal.tableMissing();
  if (table.base !== undefined) throw whole(table, "an index has one partition");
  const cut = encodeCut(table.schema, value);
  const key = cutKey(table.rows.from, cut);
  const partition = partitionOf(table.cuts, key);
  if (table.cuts[partition - 1]?.equals(key) === true) throw whole(table, "a partition begins there already");
  const log = table.stream;
  const parent = log?.split(partition, clock.nowMicros());
  await catalogue.updateTable(table, {
    ...table.record,
    cuts: (table.record.cuts ?? []).toSpliced(partition, 0, Buffer.from(cut).toString("base64")),
    stream: log?.kept(),
  });
  parent?.close();
}

/** Cuts the partition with most stored bytes in its middle. @throws TF_PARTITION_WHOLE */
export async function splitLargest(context: SplitContext, table: Table): Promise<void> {
  const sizes = await sizesOf(context.store, table);
  const value = await middleKey(context.store, table, sizes.indexOf(Math.max(...sizes)));
  if (value === undefined) throw whole(table, "its largest partition has one partition key at most");
  await splitBefore(context, table, value);
}

/** Of one table; what grows beyond them grows on. A table keeps its cuts in one record. */
const PARTITIONS_MAX = 1000;

/** Cuts the partitions that have grown past `bytesMax`, until none has that could be cut. Answers how many bytes were counted row by row in the end. */
export async function splitGrown(context: SplitContext, table: Table, bytesMax: number, stopped: () => boolean): Promise<number> {
  for (;;) {
    const sizes = await sizesOf(context.store, table);
    let cut = false;
    // From the last to the first: a cut moves the numbers of those behind it.
    for (let partition = sizes.length - 1; partition >= 0 && table.cuts.length + 1 < PARTITIONS_MAX; partition--) {
      if (sizes[partition]! <= bytesMax || table.dropped || stopped()) continue;
      const value = await middleKey(context.store, table, partition);
      if (value === undefined || table.dropped) continue;
      await splitBefore(context, table, value);
      cut = true;
    }
    if (!cut) return sizes.filter((size) => size <= COUNTED_BYTES_MAX).reduce((sum, size) => sum + size, 0);
  }
}

async function sizesOf(store: OrderedStore, table: Table): Promise<number[]> {
  const sizes: number[] = [];
  for (const at of [...table.cuts.keys(), table.cuts.length]) sizes.push(await storedBytes(store, table.partition(at)));
  return sizes;
}

function whole(table: Table, why: string): TableferryError {
  return new TableferryError("TF_PARTITION_WHOLE", { message: `table ${table.name} cannot be split: ${why}`, place: table.name });
}
