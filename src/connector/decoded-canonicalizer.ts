import type { CompiledMapping, FlowRow } from "../job/mapping.ts";
import { ByteWriter } from "../wire/plainbuffer/byte-writer.ts";
import { canonicalOfRow } from "../wire/plainbuffer/canonical.ts";
import type { Batch, Canonicalizer, ScanScope } from "./connector.ts";
import { markerColumn } from "./engine-column.ts";
import { mapBatch, type RefusedRow } from "./map-batch.ts";

/** The canonical form by decoding and mapping every row: right for every source, and the measure of faster ways. */
export class DecodedCanonicalizer implements Canonicalizer {
  readonly #mapping: CompiledMapping | undefined;
  readonly #keepTimestamps: boolean;
  readonly #oldest: number | undefined;
  readonly #writer = new ByteWriter();

  constructor(mapping: CompiledMapping | undefined, scope: Pick<ScanScope, "versions" | "oldest">) {
    this.#mapping = mapping;
    this.#keepTimestamps = scope.versions === "keep";
    this.#oldest = scope.oldest;
  }

  each(batch: Batch, visit: (bytes: Uint8Array, start: number, keyEnd: number, end: number, index: number) => void): readonly RefusedRow[] {
    const writer = this.#writer;
    const { refused } = mapBatch(batch, this.#mapping, this.#oldest, (row, index) => {
      writer.reset();
      const keyEnd = canonicalOfRow(writer, { key: row.key, cells: withoutMarker(row.columns) }, this.#keepTimestamps);
      visit(writer.bytes, 0, row.key.length === 0 ? writer.at : keyEnd, writer.at, index);
    });
    return refused;
  }
}

function withoutMarker(columns: FlowRow["columns"]): FlowRow["columns"] {
  return columns.some(({ name }) => name === markerColumn) ? columns.filter(({ name }) => name !== markerColumn) : columns;
}
