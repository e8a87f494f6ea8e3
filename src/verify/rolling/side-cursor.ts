import type { Batch, Canonicalizer, Position, ScanScope, Source, Split } from "../../connector/connector.ts";
import type { CompiledMapping } from "../../job/mapping.ts";
import { compareKey } from "../../model/key.ts";
import { rowHash } from "../digest.ts";
import { keyId, keyOfId } from "../key-id.ts";

/** Where a side is gone on with: the beginning of the batch that was not finished. JSON-clean. */
export interface SidePlace {
  /** Which of the splits; their number: nothing is left. */
  readonly split: number;
  readonly from: Position | null;
}

/** A row as far as it is compared: `id` stands for its key, `hash` for all of it. */
export interface CursorRow {
  readonly id: string;
  readonly hash: string;
  readonly bytes: number;
}

export interface CursorSide {
  readonly side: Source;
  readonly scope: ScanScope;
  readonly mapping: CompiledMapping | undefined;
  readonly splits: readonly Split[];
}

/** Order of two ids: that of the keys they stand for. */
export function compareIds(a: string, b: string): number {
  return a === b ? 0 : compareKey(keyOfId(a), keyOfId(b));
}

/** Walks through the rows of a side in the order of their keys. Holds one batch, and what the connector reads ahead. */
export class SideCursor {
  /** Rows read, whether the mapping lets them through or not. */
  rows = 0;
  /** Pages of which nothing was left to compare. */
  passedOver = 0;
  readonly #given: CursorSide;
  readonly #after: string | undefined;
  readonly #signal: AbortSignal;
  readonly #canonicalizer: Canonicalizer;
  #split: number;
  #from: Position | null;
  #scan: AsyncIterator<Batch> | undefined;
  #buffer: CursorRow[] = [];
  #at = 0;
  #next: Position | null;

  /** @param after rows up to this id were compared before, and are passed over */
  constructor(given: CursorSide, place: SidePlace, after: string | undefined, signal: AbortSignal) {
    this.#given = given;
    this.#after = after;
    this.#signal = signal;
    this.#canonicalizer = given.side.canonicalizer(given.mapping, given.scope);
    this.#split = place.split;
    this.#from = this.#next = place.from;
  }

  /** The row it stands at; undefined: `fill` has to be called, or nothing is left. */
  get head(): CursorRow | undefined {
    return this.#buffer[this.#at];
  }

  get ended(): boolean {
    return this.#split >= this.#given.splits.length;
  }

  get place(): SidePlace {
    return { split: this.#split, from: this.head === undefined ? this.#next : this.#from };
  }

  take(): void {
    this.#at++;
  }

  /** Reads a page, or comes to the end of a split; there need not be a row to stand at afterwards. */
  async fill(): Promise<void> {
    if (this.head !== undefined || this.ended) return;
    this.#scan ??= this.#open();
    const next = await this.#scan.next();
    this.#signal.throwIfAborted();
    if (next.done !== true) return this.#load(next.value);
    this.#scan = undefined;
    this.#split++;
    this.#from = this.#next = null;
  }

  async close(): Promise<void> {
    await this.#scan?.return?.();
  }

  #open(): AsyncIterator<Batch> {
    const { side, scope, splits } = this.#given;
    return side.scan(splits[this.#split]!, this.#next ?? undefined, scope, this.#signal)[Symbol.asyncIterator]();
  }

  #load(batch: Batch): void {
    this.#from = batch.from ?? null;
    this.#next = batch.position;
    this.#buffer = [];
    this.#at = 0;
    this.#canonicalizer.each(batch, (bytes, start, keyEnd, end) => {
      const id = keyId(bytes, start, keyEnd, false);
      if (this.#after !== undefined && compareIds(id, this.#after) <= 0) return;
      this.#buffer.push({ id, hash: rowHash(bytes, start, end), bytes: end - start });
    });
    this.rows += batch.rows;
    if (this.#buffer.length === 0) this.passedOver++;
  }
}
