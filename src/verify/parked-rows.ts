import type { KeyColumn } from "../model/key.ts";
import type { KeyValue } from "../model/value.ts";

export type SourceKey = readonly KeyColumn<KeyValue>[];

/**
 * Source rows whose changes a sync has put aside as rejects (R6): until replay their target rows are what they were, which is counted
 * apart and never a difference. Asked at the moment of judging. A reject must show here before the applied position passes it, and be
 * gone only when its replay has been acknowledged.
 */
export interface ParkedRows {
  /** Which of these are parked now, in their order. */
  holds(keys: readonly SourceKey[], signal: AbortSignal): Promise<readonly boolean[]>;
  /** All that are parked now; asked for only where a target row's source key cannot be told. */
  all(signal: AbortSignal): AsyncIterable<SourceKey>;
}
