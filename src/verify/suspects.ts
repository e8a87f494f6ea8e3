import { assert } from "../base/assert.ts";
import type { Batch, Canonicalizer, ScanScope, Source } from "../connector/connector.ts";
import { RowRefused, type CompiledMapping, type FlowRow } from "../job/mapping.ts";
import type { KeyColumn } from "../model/key.ts";
import type { KeyValue } from "../model/value.ts";
import { LEAVES, rowHash, type Digest } from "./digest.ts";
import { keyText } from "./key-text.ts";
import { leafOf } from "./key-leaf.ts";
import type { RejectIndex } from "./reject-index.ts";
import type { SidePass, SplitProgress } from "./read-splits.ts";

/** A source row that maps to a suspect's key. */
export interface SuspectSource {
  readonly key: readonly KeyColumn<KeyValue>[];
  readonly place: string;
}

/** A target key whose rows were not the same on both sides when they were listed. */
export interface Suspect {
  /** Stands for the key's canonical bytes; the same on both sides. */
  readonly id: string;
  /** In the target's form; empty where rows have no key. */
  readonly key: readonly KeyColumn<KeyValue>[];
  /** The first few source rows that map to it, without rejected ones. */
  readonly sources: readonly SuspectSource[];
  /** Source rows that map to it and were rejected. */
  readonly rejected: number;
  /** Where it was seen on the target side, for rows without key. */
  readonly targetPlace: string | undefined;
  /** Size of the largest of its rows in canonical form. */
  readonly bytes: number;
}

/** Source rows remembered of one target key; more are only counted. */
const SOURCES_KEPT = 4;

class Listed implements Suspect {
  readonly id: string;
  key: readonly KeyColumn<KeyValue>[] = [];
  readonly sources: SuspectSource[] = [];
  rejected = 0;
  targetPlace: string | undefined;
  bytes = 0;
  readonly sourceHashes: string[] = [];
  readonly targetHashes: string[] = [];

  constructor(id: string) {
    this.id = id;
  }

  get alike(): boolean {
    const [a, b] = [this.sourceHashes, this.targetHashes];
    if (a.length !== b.length) return false;
    if (a.length === 1) return a[0] === b[0];
    return a.sort().join() === b.sort().join();
  }
}

export interface ListingOptions {
  /** The target's rows have no key: then a row is its own key and counts decide. */
  readonly keyless: boolean;
  readonly rejects: RejectIndex | undefined;
}

/** The key's canonical bytes as text: themselves, or a hash where they are long (rows without key are their own key). */
export function keyId(bytes: Uint8Array, start: number, keyEnd: number): string {
  if (keyEnd - start > 128) return `sha256:${rowHash(bytes, start, keyEnd)}`;
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, keyEnd - start).toString("latin1");
}

/**
 * Cuts leaves into groups that are listed one after the other, so that memory stays bounded however much differs: a group holds
 * at most `rows` rows of both sides together, or a single leaf.
 */
export function leafGroups(leaves: readonly number[], source: Digest, target: Digest, rows: number): number[][] {
  const groups: number[][] = [];
  let held = 0;
  for (const leaf of leaves) {
    const more = source.count(leaf) + target.count(leaf);
    if (groups.length === 0 || held + more > rows) {
      groups.push([]);
      held = 0;
    }
    groups.at(-1)!.push(leaf);
    held += more;
  }
  return groups;
}

/** The second pass: lists the rows of some leaves on both sides and keeps those that are not alike. Only these rows are hashed and decoded. */
export class LeafListing {
  readonly #wanted = new Uint8Array(LEAVES);
  readonly #listed = new Map<string, Listed>();
  readonly #options: ListingOptions;

  constructor(leaves: readonly number[], options: ListingOptions) {
    for (const leaf of leaves) this.#wanted[leaf] = 1;
    this.#options = options;
  }

  sourcePass(side: Source, scope: ScanScope, mapping: CompiledMapping | undefined, splits: readonly SplitProgress[]): SidePass {
    const fold = (batch: Batch, canonicalizer: Canonicalizer) => {
      this.#list(batch, canonicalizer, (listed, hash, index, ordinal) => {
        listed.sourceHashes.push(hash);
        const row = batch.decoded()[index]!;
        if (!this.#options.keyless && listed.key.length === 0) listed.key = mapped(row, mapping, ordinal).key;
        const place = this.#place(batch, index, row);
        if (this.#options.rejects?.has(place) === true) listed.rejected++;
        else if (listed.sources.length < SOURCES_KEPT) listed.sources.push({ key: row.key, place });
      });
    };
    return { side, scope, mapping, splits, fold };
  }

  targetPass(side: Source, scope: ScanScope, splits: readonly SplitProgress[]): SidePass {
    const fold = (batch: Batch, canonicalizer: Canonicalizer) => {
      this.#list(batch, canonicalizer, (listed, hash, index) => {
        listed.targetHashes.push(hash);
        if (this.#options.keyless) listed.targetPlace ??= batch.place(index);
        else if (listed.key.length === 0) listed.key = batch.decoded()[index]!.key;
      });
    };
    return { side, scope, mapping: undefined, splits, fold };
  }

  suspects(): Suspect[] {
    return [...this.#listed.values()].filter((listed) => !listed.alike);
  }

  /** A table's batch looks for the place from its beginning, so it is asked only where the place says more than the key. */
  #place(batch: Batch, index: number, row: FlowRow): string {
    return this.#options.rejects !== undefined || row.key.length === 0 ? batch.place(index) : keyText(row.key);
  }

  #list(batch: Batch, canonicalizer: Canonicalizer, take: (listed: Listed, hash: string, index: number, ordinal: number) => void): void {
    const found: { listed: Listed; hash: string; index: number; ordinal: number }[] = [];
    let previous = -1;
    let ordinal = 0;
    canonicalizer.each(batch, (bytes, start, keyEnd, end, index) => {
      ordinal = index === previous ? ordinal + 1 : 0;
      previous = index;
      if (this.#wanted[leafOf(bytes, start, keyEnd)] === 0) return;
      const id = keyId(bytes, start, keyEnd);
      let listed = this.#listed.get(id);
      if (listed === undefined) this.#listed.set(id, (listed = new Listed(id)));
      listed.bytes = Math.max(listed.bytes, end - start);
      found.push({ listed, hash: rowHash(bytes, start, end), index, ordinal });
    });
    // Decoding only now: a source may lend the same buffers to the canonical form and to decoded rows.
    for (const { listed, hash, index, ordinal: nth } of found) take(listed, hash, index, nth);
  }
}

/** Row number `ordinal` of those that the mapping makes of a row: the canonical form comes in the mapping's order. */
function mapped(row: FlowRow, mapping: CompiledMapping | undefined, ordinal: number): FlowRow {
  const out = mapRow(row, mapping)[ordinal];
  assert(out !== undefined, "the mapping to make the same rows twice of one row; it must be pure");
  return out;
}

/** @throws RowRefused */
export function mapRow(row: FlowRow, mapping: CompiledMapping | undefined): readonly FlowRow[] {
  return mapping === undefined || mapping.identity ? [row] : mapping.map(row);
}

/** What a row becomes, or why it becomes nothing. */
export function tryMap(
  row: FlowRow,
  mapping: CompiledMapping | undefined,
): { readonly rows: readonly FlowRow[]; readonly refused: RowRefused | undefined } {
  try {
    return { rows: mapRow(row, mapping), refused: undefined };
  } catch (error) {
    if (!(error instanceof RowRefused)) throw error;
    return { rows: [], refused: error };
  }
}
