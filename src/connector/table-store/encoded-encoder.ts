import { compileRewrite, type Rewriter } from "../../wire/plainbuffer/rewrite.ts";
import type { RewritePlan } from "../../wire/plainbuffer/rewrite-plan.ts";
import { RowWalker } from "../../wire/plainbuffer/walk.ts";
import type { Batch, Encoded, Encoder } from "../connector.ts";
import type { RefusedRow } from "../map-batch.ts";
import { refusalOf } from "./encoded-canonicalizer.ts";
import type { ParcelBuilder } from "./parcel-builder.ts";
import { TableBatch } from "./table-batch.ts";

/** Rewrites the rows of a page into changes without decoding them; other batches go to `decoded`. */
export class EncodedEncoder implements Encoder {
  readonly #rewriter: Rewriter;
  readonly #builder: ParcelBuilder;
  readonly #decoded: Encoder;
  /** Checks each row's checksum; values that are only moved keep theirs, which the service checks (wire/plainbuffer). */
  readonly #walker = new RowWalker("row");
  /** Cells that the plan may write beyond those of the row read. */
  readonly #addedCells: number;
  #expired = 0;

  constructor(plan: RewritePlan, builder: ParcelBuilder, decoded: Encoder) {
    this.#rewriter = compileRewrite(plan);
    this.#builder = builder;
    this.#decoded = decoded;
    this.#addedCells = plan.columns.length + plan.sourceKey.length;
  }

  encode(batch: Batch): Encoded {
    if (batch.encoded?.format !== "plainbuffer") return this.#decoded.encode(batch);
    const rewriter = this.#rewriter;
    const builder = this.#builder;
    builder.reuse();
    const walker = this.#walker.open(batch.encoded.bytes);
    const refused: RefusedRow[] = [];
    let filtered = 0;
    let rowsOut = 0;
    let index = 0;
    for (; walker.next(); index++) {
      const body = builder.begin();
      const outcome = rewriter.rewrite(walker, body.writer);
      if (outcome !== "written") {
        body.rollback();
        if (outcome === "filtered") filtered++;
        else refused.push({ index, refusal: refusalOf(rewriter.refusal) });
        continue;
      }
      const cells = walker.count - walker.keyCount + this.#addedCells;
      const refusal = builder.add(rewriter.start, rewriter.keyEnd, rewriter.end, cells, index);
      if (refusal === undefined) rowsOut++;
      else refused.push({ index, refusal });
    }
    if (batch instanceof TableBatch) batch.counted(index);
    const expiredCells = rewriter.expired - this.#expired;
    this.#expired = rewriter.expired;
    return { parcels: builder.take(), refused, filtered, rowsOut, expiredCells };
  }
}
