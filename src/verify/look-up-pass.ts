import type { Batch, Canonicalizer, ScanScope, Source } from "../connector/connector.ts";
import type { CompiledMapping, FlowRow } from "../job/mapping.ts";
import { RowHasher } from "./flow-batch.ts";
import type { SidePass } from "./read-splits.ts";
import { lookUpRows } from "./read-again.ts";
import { digestPass, type SideDigest } from "./side-digest.ts";
import { tryMap } from "./map-row.ts";

export interface LookedUpSides {
  readonly source: Source;
  readonly target: Source;
  readonly mapping: CompiledMapping | undefined;
  readonly sourceScope: ScanScope;
  readonly targetScope: ScanScope;
}

/**
 * The first pass where the part of the source has no counterpart that could be scanned on the target: each source row is mapped and
 * its target row looked up. The target's digest is then that of the rows looked up, so it says nothing of rows that only the target has.
 */
export function lookUpPass(sides: LookedUpSides, source: SideDigest, target: SideDigest): SidePass {
  const hasher = new RowHasher(sides.targetScope);
  const inner = digestPass(sides.source, sides.sourceScope, sides.mapping, source);
  const found = new WeakMap<Batch, readonly FlowRow[]>();
  const prepare = async (batch: Batch, _canonicalizer: Canonicalizer, signal: AbortSignal) => {
    const keys = batch.decoded().flatMap((row) => tryMap(row, sides.mapping).rows.map(({ key }) => key));
    const rows = await lookUpRows(sides.target, keys, sides.targetScope, signal);
    found.set(
      batch,
      rows.filter((row) => row !== undefined),
    );
  };
  const fold = (batch: Batch, canonicalizer: Canonicalizer) => {
    inner.fold(batch, canonicalizer);
    const rows = found.get(batch) ?? [];
    hasher.each(rows, (bytes, start, keyEnd, end) => target.digest.add(bytes, start, keyEnd, end));
    target.tally.rowsRead += rows.length;
  };
  return { ...inner, prepare, fold };
}
