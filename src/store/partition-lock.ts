import type { RowWalker } from "../wire/plainbuffer/walk.ts";
import { keyName } from "./commit-queue.ts";
import { refusal } from "./refusal.ts";
import type { Table } from "./table.ts";

/** Partition keys that belong to a transaction, by `lockName`. */
export type PartitionLocks = ReadonlyMap<string, unknown>;

/** What tells the partition key of the row or key the walker stands on from every other one in the store. */
export function lockName(table: Table, { bytes, valueAt, valueEnd }: RowWalker): string {
  return `${table.id} ${keyName(bytes.subarray(valueAt[0]!, valueEnd[0]!))}`;
}

/**
 * Refuses a change of a partition key that a transaction has locked. At once: the service may wait for a while first (unverified), which for clients is the
 * same, since they send again what meets a conflict (reference 1.9). @throws OTSRowOperationConflict
 */
export function refuseLocked(locks: PartitionLocks, table: Table, walker: RowWalker): void {
  if (isLocked(locks, table, walker)) throw refusal.conflict();
}

/** Whether the partition key of the row or key the walker stands on belongs to a transaction. */
export function isLocked(locks: PartitionLocks, table: Table, walker: RowWalker): boolean {
  return table.schema.localTransactions && locks.has(lockName(table, walker));
}
