import type {
  Batch,
  Canonicalizer,
  Described,
  Position,
  ScanScope,
  Source,
  SourceRefusal,
  Split,
} from "../../../../src/connector/connector.ts";
import { DecodedCanonicalizer } from "../../../../src/connector/decoded-canonicalizer.ts";
import { rowTest } from "../../../../src/connector/row-scope.ts";
import type { CompiledMapping, FlowRow } from "../../../../src/job/mapping.ts";
import { compareKey, type KeyColumn } from "../../../../src/model/key.ts";
import type { KeySchema } from "../../../../src/model/schema.ts";
import type { KeyBound } from "../../../../src/model/value.ts";

export interface MemorySideOptions {
  readonly title?: string;
  readonly key?: readonly KeySchema[];
  readonly batchRows?: number;
  readonly splits?: number;
  /** False: like a file, the side cannot be asked by key. */
  readonly looksUp?: boolean;
  readonly timeToLiveSeconds?: number;
  /** Lines that the side cannot make out, told with its first batch. */
  readonly unreadable?: readonly SourceRefusal[];
}

export const idKey: readonly KeySchema[] = [{ name: "id", type: "integer" }];

/** A side in memory whose rows may change at any time; hooks run before each batch and each look-up. */
export class MemorySide implements Source {
  rows: FlowRow[];
  incarnation = "1";
  exists = true;
  batches = 0;
  lookedUp = 0;
  onBatch: (count: number) => void = () => undefined;
  onLookUp: (count: number) => void = () => undefined;
  lookUp?: NonNullable<Source["lookUp"]>;
  readonly #options: MemorySideOptions;

  constructor(rows: readonly FlowRow[], options: MemorySideOptions = {}) {
    this.rows = [...rows];
    this.#options = options;
    if (options.looksUp !== false) this.lookUp = (keys, scope) => this.#find(keys, scope);
  }

  get key(): readonly KeySchema[] {
    return this.#options.key ?? idKey;
  }

  describe(): Promise<Described> {
    return Promise.resolve({
      exists: this.exists,
      title: this.#options.title ?? "a side in memory",
      key: this.key,
      columns: [],
      open: true,
      uniqueKeys: this.#options.looksUp !== false,
      incarnation: this.incarnation,
      estimatedRows: this.rows.length,
      maxVersions: 1,
      timeToLiveSeconds: this.#options.timeToLiveSeconds ?? -1,
      allowUpdate: true,
    });
  }

  sample(count: number): Promise<readonly FlowRow[]> {
    return Promise.resolve(this.rows.slice(0, count));
  }

  split(): Promise<readonly Split[]> {
    const pieces = this.#options.splits ?? 3;
    const size = Math.ceil(this.rows.length / pieces);
    return Promise.resolve(
      Array.from({ length: pieces }, (_, i) => ({
        id: `s${i}`,
        title: `piece ${i}`,
        spec: { from: i * size, to: i === pieces - 1 ? null : (i + 1) * size },
      })),
    );
  }

  async *scan(split: Split, from: Position | undefined, scope: ScanScope, signal?: AbortSignal): AsyncIterable<Batch> {
    const { from: begin, to } = split.spec as { from: number; to: number | null };
    const test = rowTest(scope, this.key, "memory");
    const size = this.#options.batchRows ?? 7;
    for (let at = from === undefined ? begin : Number(from); at < (to ?? this.rows.length); at += size) {
      this.onBatch(++this.batches);
      signal?.throwIfAborted();
      await Promise.resolve();
      const end = Math.min(at + size, to ?? this.rows.length);
      const slice = this.rows.slice(at, end).map((row, i) => ({ row, line: at + i }));
      const kept = slice.filter(({ row }) => test?.(row) !== false);
      yield batchOf(split.id, at, kept, String(end), at === 0 ? (this.#options.unreadable ?? []) : []);
    }
  }

  canonicalizer(mapping: CompiledMapping | undefined, scope: ScanScope): Canonicalizer {
    return new DecodedCanonicalizer(mapping, scope);
  }

  async close(): Promise<void> {}

  #find(keys: readonly (readonly KeyBound[])[], scope: ScanScope): Promise<readonly (FlowRow | undefined)[]> {
    this.onLookUp(++this.lookedUp);
    const test = rowTest(scope, this.key, "memory");
    const wanted = keys.map((key): KeyColumn[] => key.map((value, i) => ({ name: this.key[i]!.name, value })));
    return Promise.resolve(wanted.map((key) => this.rows.find((row) => compareKey(row.key, key) === 0 && test?.(row) !== false)));
  }
}

function batchOf(
  split: string,
  at: number,
  rows: readonly { row: FlowRow; line: number }[],
  position: Position,
  refused: readonly SourceRefusal[],
): Batch {
  return {
    rows: rows.length,
    bytes: rows.length * 100,
    split,
    from: String(at),
    position,
    decoded: () => rows.map(({ row }) => row),
    place: (index) => `memory:${rows[index]!.line + 1}`,
    refused,
  };
}
