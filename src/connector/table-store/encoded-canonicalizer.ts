import { assert } from "../../base/assert.ts";
import { RowRefused, type CompiledMapping, type Refusal } from "../../job/mapping.ts";
import { mappingThrew } from "../../job/refusals.ts";
import type { KeySchema } from "../../model/schema.ts";
import { ByteWriter } from "../../wire/plainbuffer/byte-writer.ts";
import { compileCanonical, type CanonicalPlan, type RowCanonicalizer } from "../../wire/plainbuffer/canonical.ts";
import { identityPlan, type RewriteRefusal } from "../../wire/plainbuffer/rewrite-plan.ts";
import type { RowWalker } from "../../wire/plainbuffer/walk.ts";
import type { Batch, Canonicalizer, ScanScope } from "../connector.ts";
import { markerColumn } from "../engine-column.ts";
import type { RefusedRow } from "../map-batch.ts";
import { TableBatch } from "./table-batch.ts";

/** How encoded rows become canonical without being decoded; undefined where the mapping is a function or the key unknown. */
export function canonicalPlan(
  mapping: CompiledMapping | undefined,
  key: readonly KeySchema[] | undefined,
  scope: Pick<ScanScope, "versions" | "oldest">,
): CanonicalPlan | undefined {
  const keepTimestamps = scope.versions === "keep";
  if (mapping?.plan !== undefined) return withoutMarker({ ...mapping.plan, keepTimestamps, oldest: scope.oldest });
  if (key === undefined || (mapping !== undefined && !mapping.identity)) return undefined;
  return withoutMarker(identityPlan(key, keepTimestamps, scope.oldest));
}

function withoutMarker(plan: CanonicalPlan): CanonicalPlan {
  return { ...plan, excluded: [...plan.excluded, markerColumn] };
}

/** The canonical form straight from the bytes of a page. */
export class EncodedCanonicalizer implements Canonicalizer {
  readonly #canonical: RowCanonicalizer;
  readonly #walker: RowWalker;
  readonly #writer = new ByteWriter();

  constructor(plan: CanonicalPlan, walker: RowWalker) {
    this.#canonical = compileCanonical(plan);
    this.#walker = walker;
  }

  each(batch: Batch, visit: (bytes: Uint8Array, start: number, keyEnd: number, end: number, index: number) => void): readonly RefusedRow[] {
    assert(batch.encoded?.format === "plainbuffer", "a page of a table");
    const canonical = this.#canonical;
    const writer = this.#writer;
    const walker = this.#walker.open(batch.encoded.bytes);
    const refused: RefusedRow[] = [];
    let index = 0;
    for (; walker.next(); index++) {
      writer.reset();
      const outcome = canonical.write(walker, writer);
      if (outcome === "written") visit(writer.bytes, canonical.start, canonical.keyEnd, canonical.end, index);
      else if (outcome === "refused") refused.push({ index, refusal: refusalOf(canonical.refusal) });
    }
    if (batch instanceof TableBatch) batch.counted(index);
    return refused;
  }
}

/** A refusal of the rewriter in the words of mappings. Rethrows what is no refusal of a row. */
export function refusalOf(refusal: RewriteRefusal | undefined): Refusal {
  assert(refusal !== undefined, "a reason for refusing a row");
  switch (refusal.cause) {
    case "missingKey":
      return { cause: "missing-key", text: `the target key column ${refusal.column} has no value`, column: refusal.column };
    case "wrongKeyType":
      return {
        cause: "key-type",
        text: `the target key column ${refusal.column} is of type ${refusal.expected}, the value of ${refusal.found}`,
        column: refusal.column,
      };
    case "threw":
      if (refusal.error instanceof RowRefused) return refusal.error.refusal;
      return mappingThrew(refusal.column, refusal.error).refusal;
  }
}
