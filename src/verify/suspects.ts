import type { Batch, Canonicalizer, ScanScope, Source } from "../connector/connector.ts";
import type { CompiledMapping } from "../job/mapping.ts";
import type { KeyColumn } from "../model/key.ts";
import type { KeyValue } from "../model/value.ts";
import { LEAVES, rowHash, type Digest } from "./digest.ts";
import { keyId, keyOfId } from "./key-id.ts";
import { leafOf } from "./key-leaf.ts";
import type { RejectIndex } from "./reject-index.ts";
import type { SidePass, SplitProgress } from "./read-splits.ts";

/** A target key whose rows were not the same on both sides when they were listed. */
export interface Suspect {
  /** Stands for the key's canonical bytes; the same on both sides. */
  readonly id: string;
  /** In the target's form; empty where rows have no key. */
  readonly key: readonly KeyColumn<KeyValue>[];
  /** Keys of the first few source rows that map to it, where the target key does not tell them; without rejected ones. */
  readonly sources: readonly (readonly KeyColumn<KeyValue>[])[];
  /** Source rows that map to it and were rejected. */
  readonly rejected: number;
  /** Where it was seen on the target side, for rows without key. */
  readonly targetPlace: string | undefined;
  /** Size of the largest of its rows in canonical form. */
  readonly bytes: number;
}

/** Source rows remembered of one target key; more are only counted. */
const SOURCES_KEPT = 4;

/** Kept small: a group holds many, and most turn out alike. */
class Listed {
  bytes = 0;
  /** SHA-256 of the rows, 32 characters each, one behind the other. */
  source = "";
  target = "";
  rejected = 0;
  sources: (readonly KeyColumn<KeyValue>[])[] | undefined;
  targetPlace: string | undefined;

  get alike(): boolean {
    return this.source === this.target || (this.source.length === this.target.length && sorted(this.source) === sorted(this.target));
  }
}

function sorted(hashes: string): string {
  return Array.from({ length: hashes.length / HASH_LENGTH }, (_, i) => hashes.slice(i * HASH_LENGTH, (i + 1) * HASH_LENGTH))
    .sort()
    .join("");
}

const HASH_LENGTH = 32;

export interface ListingOptions {
  /** The target's rows have no key: then a row is its own key and counts decide. */
  readonly keyless: boolean;
  readonly rejects: RejectIndex | undefined;
  /** Source rows will be read again by keys that only their rows tell. */
  readonly sourceKeys: boolean;
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

/**
 * The second pass: lists the rows of some leaves on both sides and keeps those that are not alike. Only these rows are hashed, and
 * decoded only where `sourceKeys` asks for it: target keys are read from the canonical form.
 */
export class LeafListing {
  readonly #wanted = new Uint8Array(LEAVES);
  readonly #listed = new Map<string, Listed>();
  readonly #options: ListingOptions;

  constructor(leaves: readonly number[], options: ListingOptions) {
    for (const leaf of leaves) this.#wanted[leaf] = 1;
    this.#options = options;
  }

  sourcePass(side: Source, scope: ScanScope, mapping: CompiledMapping | undefined, splits: readonly SplitProgress[]): SidePass {
    const { rejects, sourceKeys } = this.#options;
    const fold = (batch: Batch, canonicalizer: Canonicalizer) => {
      const found = this.#list(batch, canonicalizer, (listed, hash) => (listed.source += hash));
      if (rejects === undefined && !sourceKeys) return;
      for (const { listed, index } of found) {
        if (rejects?.has(batch.place(index)) === true) listed.rejected++;
        else if (sourceKeys && (listed.sources ??= []).length < SOURCES_KEPT) listed.sources.push(batch.decoded()[index]!.key);
      }
    };
    return { side, scope, mapping, splits, fold };
  }

  targetPass(side: Source, scope: ScanScope, splits: readonly SplitProgress[]): SidePass {
    const fold = (batch: Batch, canonicalizer: Canonicalizer) => {
      const found = this.#list(batch, canonicalizer, (listed, hash) => (listed.target += hash));
      if (this.#options.keyless) for (const { listed, index } of found) listed.targetPlace ??= batch.place(index);
    };
    return { side, scope, mapping: undefined, splits, fold };
  }

  /** Those that are not alike, `size` at a time, in order of keys' canonical bytes. */
  *suspects(size: number): Generator<readonly Suspect[]> {
    const ids = [...this.#listed.keys()].filter((id) => !this.#listed.get(id)!.alike).sort();
    for (let at = 0; at < ids.length; at += size) yield ids.slice(at, at + size).map((id) => this.#suspect(id));
  }

  #suspect(id: string): Suspect {
    const { bytes, rejected, sources, targetPlace } = this.#listed.get(id)!;
    return { id, key: this.#options.keyless ? [] : keyOfId(id), sources: sources ?? [], rejected, targetPlace, bytes };
  }

  #list(
    batch: Batch,
    canonicalizer: Canonicalizer,
    take: (listed: Listed, hash: string) => void,
  ): { readonly listed: Listed; readonly index: number }[] {
    const found: { readonly listed: Listed; readonly index: number }[] = [];
    canonicalizer.each(batch, (bytes, start, keyEnd, end, index) => {
      if (this.#wanted[leafOf(bytes, start, keyEnd)] === 0) return;
      const id = keyId(bytes, start, keyEnd, this.#options.keyless);
      let listed = this.#listed.get(id);
      if (listed === undefined) this.#listed.set(id, (listed = new Listed()));
      listed.bytes = Math.max(listed.bytes, end - start);
      take(listed, rowHash(bytes, start, end));
      found.push({ listed, index });
    });
    return found;
  }
}
