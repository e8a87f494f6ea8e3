import type { ChangeEncoder } from "./change.ts";
import type { CompiledMapping, FlowRow, Refusal } from "../job/mapping.ts";
import type { DefinedColumn, KeySchema } from "../model/schema.ts";
import type { Filter } from "../model/condition.ts";
import type { KeyBound } from "../model/value.ts";

/**
 * Where rows come from and where they go. Engines know only what stands here; a connector is one folder beside this file.
 * Everything that can wait takes a signal and rejects with its reason once it is aborted.
 */

/** Opaque to engines, serialisable, totally ordered within its split. */
export type Position = string;

/** What a side looks like now. */
export interface Described {
  readonly exists: boolean;
  /** How people name it in messages, without secrets: `table orders of instance modern`, `zipcodes.csv`. */
  readonly title: string;
  /** Empty where the side has no key of its own (a CSV file). */
  readonly key: readonly KeySchema[];
  /** Declared attribute columns; others may occur when `open` is true. */
  readonly columns: readonly DefinedColumn[];
  /** Names every column a row has, in order, where that is fixed (a CSV header). */
  readonly header?: readonly string[] | undefined;
  readonly open: boolean;
  /** Whether two rows can have the same key (a file) or never do (a table). */
  readonly uniqueKeys: boolean;
  /** Changes when the thing was deleted and made anew (R9). Empty when it does not exist. */
  readonly incarnation: string;
  /** Estimates for plan and ETA; absent when unknown. */
  readonly estimatedRows?: number | undefined;
  readonly estimatedBytes?: number | undefined;
  /** Facts that matter for planning: versions kept, time to live, auto-increment columns … */
  readonly maxVersions: number;
  readonly timeToLiveSeconds: number;
  readonly allowUpdate: boolean;
}

/** Part of a side, by key, both ends as bounds over the leading key columns; the rest of a bound is filled with INF. */
export interface KeyRange {
  readonly from?: readonly KeyBound[] | undefined;
  readonly to?: readonly KeyBound[] | undefined;
}

export interface ScanScope {
  readonly range?: KeyRange | undefined;
  readonly filter?: Filter | undefined;
  /** Carry cell timestamps and all versions (R5 `keep`), or the latest value of each column only. */
  readonly versions: "latest" | "keep";
  /** Rows are copied, not compared: what is read may rest on the checksums that travel with the rows and that whoever takes them checks. */
  readonly copied?: boolean | undefined;
  /** Canonical forms leave out cells with an older timestamp (ms): they expire before the run is over (R5). */
  readonly oldest?: number | undefined;
}

/** A piece of a scan that one worker reads in order. JSON-clean, so that it survives in a checkpoint. */
export interface Split {
  readonly id: string;
  /** For people: first and last key or line. */
  readonly title: string;
  readonly spec: unknown;
  readonly estimatedBytes?: number | undefined;
}

/** A row that the source itself could not make out. */
export interface SourceRefusal extends Refusal {
  readonly place: string;
  /** The row as it stood, as text; may be cut at 64 KiB. */
  readonly original: string;
}

/** Rows read together. Valid until the next batch is asked for, unless `retain` was called. */
export interface Batch {
  readonly rows: number;
  /** Bytes in flight that this batch stands for (R14). */
  readonly bytes: number;
  /**
   * The split it was read from and where in it the batch begins (undefined: at the split's beginning). A target whose
   * writes are not idempotent (a file that grows) recognises by them what an earlier run has written already.
   */
  readonly split: string;
  readonly from: Position | undefined;
  /** Where a scan goes on after this batch. */
  readonly position: Position;
  /** Rows decoded; computed once, on demand. */
  decoded(): readonly FlowRow[];
  /** The rows as the source's own encoding, where a target may understand it without decoding. */
  readonly encoded?: { readonly format: string; readonly bytes: Uint8Array } | undefined;
  /** Where row `index` stood, for messages and rejects: `zipcodes.csv:17`, or its key. */
  place(index: number): string;
  readonly refused: readonly SourceRefusal[];
}

export interface Source {
  describe(signal?: AbortSignal): Promise<Described>;
  /** Some rows, from the beginning or spread, for plan and sizes. */
  sample(count: number, scope: ScanScope, signal?: AbortSignal): Promise<readonly FlowRow[]>;
  /** Cuts the scope into about `wanted` pieces that together hold every row exactly once. */
  split(wanted: number, scope: ScanScope, signal?: AbortSignal): Promise<readonly Split[]>;
  /** Reads a split in order, from its beginning or from a position. */
  scan(split: Split, from: Position | undefined, scope: ScanScope, signal?: AbortSignal): AsyncIterable<Batch>;
  /**
   * Rows by key, in the order asked, undefined where there is none. Absent where the side cannot be read by key:
   * then settling and explaining scan the split.
   */
  lookUp?(keys: readonly (readonly KeyBound[])[], scope: ScanScope, signal?: AbortSignal): Promise<readonly (FlowRow | undefined)[]>;
  /** Whether the row of this key is read in this split; absent where that cannot be told without reading. For explaining a row. */
  holds?(split: Split, key: readonly KeyBound[]): boolean;
  /** The form that verification hashes (R7): through the mapping on the source side, without on the target side. */
  canonicalizer(mapping: CompiledMapping | undefined, scope: ScanScope): Canonicalizer;
  close(): Promise<void>;
}

/**
 * Gives each row of a batch its canonical bytes. The same logical row gives the same bytes from every connector:
 * key columns in schema order, then cells in byte order of their names, each with type and value (and timestamp under `keep`).
 */
export interface Canonicalizer {
  /**
   * Calls `visit` once a row out of the mapping. Canonical bytes are `bytes[start, end)`, their key part `bytes[start, keyEnd)`;
   * they are valid only during the call; where rows have no key, `keyEnd` is `end`: a row is then its own key.
   * `index` is the row's place in the batch. Rows the mapping refuses are returned.
   */
  each(
    batch: Batch,
    visit: (bytes: Uint8Array, start: number, keyEnd: number, end: number, index: number) => void,
  ): readonly { readonly index: number; readonly refusal: Refusal }[];
}

/** What to do when the target holds rows before the first run (R10). */
export type NotEmptyPolicy = "refuse" | "merge" | "mirror";

export interface PrepareOptions {
  readonly notEmpty: NotEmptyPolicy;
  /** True when this run goes on after an earlier one of the same job: rows may be there already. */
  readonly resuming: boolean;
  /**
   * True when it nevertheless writes every row again, from the beginning: what an earlier run of the job left may be replaced as a
   * whole. Then, and when nothing is resumed, a target that grows (a file) begins anew.
   */
  readonly over?: boolean | undefined;
  readonly versions: "latest" | "keep";
  /** Age in milliseconds of the oldest timestamp to be written under `keep`, when known. */
  readonly oldestTimestampMs?: number | undefined;
}

/** Rows encoded together, of a size that the target takes in one request, no key twice (R10). Can be sent again, until its encoder is given another batch. */
export interface Parcel {
  readonly rows: number;
  readonly bytes: number;
  /** Index in the batch of the parcel's row `i`. */
  sourceIndex(i: number): number;
  /** A parcel of these rows only, for retrying failed rows alone. */
  only(rows: readonly number[]): Parcel;
}

export type RowOutcome =
  | { readonly row: number; readonly kind: "retry"; readonly code: string; readonly text: string }
  | { readonly row: number; readonly kind: "refused"; readonly refusal: Refusal };

export interface Encoded {
  readonly parcels: readonly Parcel[];
  /** Rows of the batch that the mapping refused or that no target of this kind can hold. */
  readonly refused: readonly { readonly index: number; readonly refusal: Refusal }[];
  /** Rows that the mapping filtered out. */
  readonly filtered: number;
  /** Rows out (differs from rows in when a row becomes several). */
  readonly rowsOut: number;
  /** Cells left out because the target's time to live makes them expire before the run is over (R5). */
  readonly expiredCells?: number | undefined;
}

/** Turns batches into parcels; one a worker, because it may reuse buffers. */
export interface Encoder {
  encode(batch: Batch): Encoded;
}

export interface Target {
  describe(signal?: AbortSignal): Promise<Described>;
  /** Makes ready for writing or refuses with a coded error (TF_TARGET_NOT_EMPTY, TF_TARGET_SCHEMA, …). */
  prepare(options: PrepareOptions, signal?: AbortSignal): Promise<void>;
  /** Undoes what `prepare` changed for the run (a raised deviation), also after a kill. Idempotent. */
  settle(signal?: AbortSignal): Promise<void>;
  encoder(mapping: CompiledMapping, options: EncoderOptions): Encoder;
  /** For replaying changes (R1); absent where a target takes whole rows only. After `prepare`, or where the target is known to be there. */
  changeEncoder?(): Promise<ChangeEncoder>;
  /**
   * Sends one parcel. Resolves to the rows that did not go through (empty: all acknowledged, durably); rejects when the whole
   * parcel's outcome is unknown (may be sent again: writes are idempotent) or the target is gone. Several parcels may be
   * under way; those of one split are handed over in the order in which they were encoded (retries aside).
   * @param mayLeave asked synchronously before each request's first byte leaves, also where it had to wait for a connection; throwing sends
   *   nothing (a fence, R2). A target that sends nothing over a network need not ask: it writes at once
   */
  write(parcel: Parcel, signal?: AbortSignal, mayLeave?: () => void): Promise<readonly RowOutcome[]>;
  /**
   * Called once every row is acknowledged, before verification reads the target: makes the rows visible as a whole where
   * single writes do not (a file renamed into place, an upload completed). Idempotent, also after a kill.
   */
  complete?(signal?: AbortSignal): Promise<void>;
  /**
   * The target as a source, in key order where it has one, for verification and mirror. `key` is the mapping's target
   * key; a target without a key of its own (a file) gives it to its rows, a table has its own and leaves it aside.
   */
  reader(key?: readonly KeySchema[]): Source;
  /** Deletes rows by key; only for policy `mirror` and repairs asked for by name. */
  remove?(keys: readonly (readonly KeyBound[])[], signal?: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

export interface EncoderOptions {
  readonly versions: "latest" | "keep";
  /**
   * True: a row whose key is there already is not overwritten but refused as `duplicate-key`, unless what is there is the
   * same row (then it counts as written). Used where the source's keys may repeat.
   */
  readonly refuseDuplicates: boolean;
}
