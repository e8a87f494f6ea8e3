import type { KeyBound } from "../model/value.ts";
import { ServiceError } from "../wire/service-error.ts";
import type { Table } from "./table.ts";

/** One stream of a table: from being switched on to being switched off; switched on again it is another one. */
export interface Stream {
  /** Opaque text, unique in the store, never used again. */
  readonly id: string;
  readonly table: Table;
  /** Microseconds since 1970. */
  readonly createdAt: number;
  /** Hours a record is kept, 1 to 168. */
  readonly expirationHours: number;
  /** Columns whose old values stand in records (`columns_to_get`). */
  readonly originColumns: readonly string[];
  /** In order of creation; a closed one stays while a record of it is retained. */
  readonly shards: readonly Shard[];
}

/** The changes of one range of keys; closed when its partition splits, and then never written again. */
export interface Shard {
  /** Opaque text, unique in the store. */
  readonly id: string;
  /** Both children of a split name the same parent; read it to its end before them. It may be gone already. */
  readonly parentId?: string | undefined;
  /** Of a merge, which this store does not make. */
  readonly parentSiblingId?: string | undefined;
  /** True once that is durable: nothing will be added. */
  readonly closed: boolean;
  /** Microseconds since 1970, and a sequence: records of this shard have greater ones. */
  readonly createdAt: number;
}

export interface ChangeRecord {
  readonly action: "put" | "update" | "delete";
  /** Microseconds, strictly growing within a stream; the timestamp of the record's extension. */
  readonly sequence: number;
  /** One PlainBuffer row with header and sequence extension (reference 6.3). */
  readonly record: Uint8Array;
  /** Present in every record of a stream with origin columns; without cells where there was no row. */
  readonly originRecord?: Uint8Array | undefined;
}

export interface ChangePage {
  readonly records: readonly ChangeRecord[];
  /** Read on from here: the sequence behind the last record, or the position asked with when there is none. */
  readonly next: number;
  /** More records are ready now. */
  readonly more: boolean;
  /** The shard is closed and everything in it has been read. */
  readonly ended: boolean;
}

export interface StreamOptions {
  /** 1 to 168. */
  readonly expirationHours: number;
  readonly originColumns: readonly string[];
}

/**
 * The streams of a store's tables. A position is a sequence: the record that has it, or the first behind it. What is told here is durable, and
 * a record stands in the store together with the row it speaks of or not at all.
 */
export interface Streams {
  /** Those that are on, of one table or of all tables of the instance. */
  list(instance: string, tableName?: string): readonly Stream[];
  find(instance: string, streamId: string): Stream | undefined;
  /** The one that is on. */
  ofTable(table: Table): Stream | undefined;
  /**
   * Switches on, or changes how long the records of the stream that is on are kept (that the service lets it is unverified); settles when durable. It is judged and
   * holds when this returns, so that what else changes of the table does so in the same turn.
   * @throws at once: OTSParameterInvalid for other origin columns than those of the stream that is on and for an index, OTSObjectNotExist for a dropped table
   */
  enable(table: Table, options: StreamOptions): Promise<Stream>;
  /** Switches off; the records are removed in the background. */
  disable(table: Table): Promise<void>;
  /**
   * Records from a position on, oldest first: at most `limit` and about `bytes` bytes of them, at least one where there is one. From 0 on it
   * reads whatever is retained.
   * @throws StreamTrimmed where a record at or behind the position was there and is not retained any more, and for a stream that is off
   */
  read(shard: Shard, from: number, most: { readonly limit: number; readonly bytes: number }): Promise<ChangePage>;
  /** Position of the oldest retained record, or of the first to come. */
  oldest(shard: Shard): number;
  /** Position of the first record at or after a time in microseconds; of the first to come where all are older. */
  at(shard: Shard, micros: number): Promise<number>;
  /**
   * Calls `wake` whenever there may be something to read of a shard from a position on, or its end: now, where that is so already, and with every commit
   * from then on. The function returned ends that. Writers pay for it only while somebody watches.
   */
  watch(shard: Shard, from: number, wake: () => void): () => void;
  /** Position behind everything committed so far. */
  end(shard: Shard): number;
  /**
   * Splits the partition that holds `key` before that key; without one, the partition with most stored bytes in its middle. A partition key is never
   * cut, so only the first column counts. Rows do not move.
   * @throws TF_PARTITION_WHOLE where there is nothing to split
   */
  splitPartition(table: Table, key?: readonly KeyBound[]): Promise<void>;
}

/** Records were asked for that are not retained any more. The text is the service's, its status and code for this call are unverified. */
export class StreamTrimmed extends ServiceError {
  constructor() {
    super(400, "OTSTrimmedDataAccess", "Requested stream data is already trimmed or does not exist.");
  }
}
