import { RowRefused, type ColumnPlan } from "../../job/mapping.ts";
import { compileRecordRewrite, type RecordRewriter } from "../../wire/plainbuffer/record-rewrite.ts";
import { RowWalker } from "../../wire/plainbuffer/walk.ts";
import type { EncodedRecords, RecordEncoder, RecordTerms, SourceChange } from "../change.ts";
import type { TableChangeEncoderOptions } from "./change-encoder.ts";
import { plainKinds } from "./change-parcels.ts";
import type { ParcelBuilder } from "./parcel-builder.ts";
import { RepeatedKeys } from "./repeated-keys.ts";
import { RowCheck } from "./row-check.ts";

/** Undefined where changes under this plan must be decoded. */
export function recordEncoder(
  plan: ColumnPlan,
  { versions, stampedWithinMs }: RecordTerms,
  builder: ParcelBuilder,
  options: TableChangeEncoderOptions,
): RecordEncoder | undefined {
  const check = new RowCheck();
  const key = plan.targetKey.map(({ name }) => ({ name, value: "" }));
  const mayName = (name: string): boolean => {
    try {
      check.name(name, key);
      return true;
    } catch (error) {
      if (error instanceof RowRefused) return false;
      throw error;
    }
  };
  const rewriter = compileRecordRewrite({ ...plan, keepTimestamps: versions === "keep" }, { stampedWithinMs, mayName });
  return rewriter === undefined ? undefined : new TableRecordEncoder(rewriter, builder, options);
}

/**
 * Rewrites records into bodies of BatchWriteRow. One that would be refused, that others of its key stand beside, or that says more than the new cells is left
 * to the decoded way, so that there is one place for each rule.
 */
class TableRecordEncoder implements RecordEncoder {
  readonly #rewriter: RecordRewriter;
  readonly #builder: ParcelBuilder;
  readonly #options: TableChangeEncoderOptions;
  readonly #repeated = new RepeatedKeys();
  /** Checks each record's checksum; cells that are moved keep theirs, which the service checks (wire/plainbuffer). */
  readonly #walker = new RowWalker("row");

  constructor(rewriter: RecordRewriter, builder: ParcelBuilder, options: TableChangeEncoderOptions) {
    this.#rewriter = rewriter;
    this.#builder = builder;
    this.#options = options;
  }

  encode(changes: readonly SourceChange[], aside?: (change: SourceChange) => boolean): EncodedRecords {
    this.#builder.reuse();
    const repeated = this.#repeated.mark(changes);
    if (repeated === undefined) return { ...none, left: changes };
    const oldest = this.#options.oldest();
    const left: SourceChange[] = [];
    let puts = 0;
    let updates = 0;
    let newest: number | undefined;
    for (let at = 0; at < changes.length; at++) {
      const change = changes[at]!;
      if (repeated[at] === 1 || aside?.(change) === true || !this.#rewrite(change, at, oldest)) {
        left.push(change);
        continue;
      }
      if (change.type === "put") puts++;
      else updates++;
      const committedAt = this.#walker.committedAt();
      if (committedAt !== undefined && !(newest !== undefined && newest >= committedAt)) newest = committedAt;
    }
    // Pages are not held for longer than their window.
    this.#walker.open(nothing);
    return { ...none, parcels: this.#builder.take(), left, rowsOut: puts + updates, puts, updates, newest };
  }

  #rewrite({ type, encoded }: SourceChange, index: number, oldest: number | undefined): boolean {
    if (type === "delete" || (type === "update" && !this.#options.allowUpdate)) return false;
    const { bytes, start, end } = encoded!;
    const walker = this.#walker.open(bytes, start, end);
    // What is wrong with a record that is no single row is said by those who decode it.
    if (!walker.next() || walker.rowEnd !== end) return false;
    const body = this.#builder.begin();
    if (!this.#rewriter.rewrite(walker, type, body.writer, oldest)) {
      body.rollback();
      return false;
    }
    const { start: from, end: to, cells } = this.#rewriter;
    return this.#builder.add(from, from, to, cells, index, plainKinds[type]) === undefined;
  }
}

const nothing = new Uint8Array(0);
const none = { parcels: [], refused: [], filtered: 0, rowsOut: 0, puts: 0, updates: 0, newest: undefined } as const;
