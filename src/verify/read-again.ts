import type { Batch, Canonicalizer, ScanScope, Source } from "../connector/connector.ts";
import type { RowTest } from "../connector/row-scope.ts";
import type { CompiledMapping, FlowRow } from "../job/mapping.ts";
import { compareKey, type KeyColumn } from "../model/key.ts";
import type { KeyValue } from "../model/value.ts";
import { keyText } from "./key-text.ts";
import { freshSplits, readSplits, type ReadOptions, type SplitProgress } from "./read-splits.ts";
import type { RejectIndex } from "./reject-index.ts";
import type { KeyInverse } from "./source-key.ts";
import { keyId } from "./key-id.ts";
import { mapRow, tryMap } from "./map-row.ts";
import type { Suspect } from "./suspects.ts";

/** A row of one side, in the target's form. */
export interface FoundRow {
  readonly row: FlowRow;
  /** SHA-256 of the canonical bytes. */
  readonly hash: string;
  readonly place: string;
}

/** What one side has under a suspect's key, without rejected rows. */
export interface Found {
  /** The first few. */
  readonly rows: readonly FoundRow[];
  readonly count: number;
  /** Source rows that were rejected. */
  readonly rejected: number;
  /** Source rows that are there and that the mapping refuses. */
  readonly refused: number;
}

/** Reads suspects once more on one side; answers in their order. */
export interface SuspectReader {
  /** True: asks for few rows, cheaply. False: goes through the whole side, whatever is asked for. */
  readonly byKey: boolean;
  can(suspect: Suspect): boolean;
  read(suspects: readonly Suspect[], signal: AbortSignal): Promise<readonly Found[]>;
}

export type RowForm = (row: FlowRow) => { readonly row: FlowRow; readonly hash: string };

const KEYS_A_LOOK_UP = 100;
const ROWS_KEPT = 4;

/** @throws whatever the side throws; sides without `lookUp` have no rows here */
export async function lookUpRows(
  side: Source,
  keys: readonly (readonly KeyColumn<KeyValue>[])[],
  scope: ScanScope,
  signal: AbortSignal,
): Promise<(FlowRow | undefined)[]> {
  const rows: (FlowRow | undefined)[] = [];
  for (let at = 0; at < keys.length; at += KEYS_A_LOOK_UP) {
    const wanted = keys.slice(at, at + KEYS_A_LOOK_UP).map((key) => key.map(({ value }) => value));
    rows.push(...((await side.lookUp?.(wanted, scope, signal)) ?? wanted.map(() => undefined)));
  }
  return rows;
}

export interface SourceLookUp {
  readonly side: Source;
  readonly mapping: CompiledMapping | undefined;
  readonly inverse: KeyInverse | undefined;
  readonly versions: ScanScope["versions"];
  /** Rows for which it answers false count as absent. */
  readonly inPart: RowTest | undefined;
  readonly form: RowForm;
}

/** The source by its own keys: those seen when the suspect was listed, else the one that the target key came from. */
export class SourceLookUpReader implements SuspectReader {
  readonly byKey = true;
  readonly #given: SourceLookUp;

  constructor(given: SourceLookUp) {
    this.#given = given;
  }

  can(suspect: Suspect): boolean {
    const { side, inverse } = this.#given;
    const known = suspect.sources.length > 0 || suspect.rejected > 0;
    return side.lookUp !== undefined && suspect.key.length > 0 && (known || inverse !== undefined);
  }

  async read(suspects: readonly Suspect[], signal: AbortSignal): Promise<readonly Found[]> {
    const { side, inverse, versions } = this.#given;
    const asked = suspects.map(({ key, sources, rejected }) => {
      // A rejected row stays rejected, whatever the source has now.
      return sources.length > 0 || rejected > 0 ? sources : [inverse!(key)];
    });
    const rows = await lookUpRows(side, asked.flat(), { versions }, signal);
    let at = 0;
    return asked.map((keys, i) => this.#found(suspects[i]!, keys, rows.slice(at, (at += keys.length))));
  }

  #found(suspect: Suspect, keys: Suspect["sources"], read: readonly (FlowRow | undefined)[]): Found {
    const { mapping, inPart, form } = this.#given;
    const rows: FoundRow[] = [];
    let refused = 0;
    for (const [i, row] of read.entries()) {
      if (row === undefined || inPart?.(row) === false) continue;
      const place = keyText(keys[i]!);
      const out = tryMap(row, mapping);
      if (out.refused !== undefined) refused++;
      for (const mapped of out.rows) if (compareKey(mapped.key, suspect.key) === 0) rows.push({ ...form(mapped), place });
    }
    return { rows, count: rows.length, rejected: suspect.rejected, refused };
  }
}

/** The target by its keys. */
export class TargetLookUpReader implements SuspectReader {
  readonly byKey = true;
  readonly #side: Source;
  readonly #versions: ScanScope["versions"];
  readonly #form: RowForm;

  constructor(side: Source, versions: ScanScope["versions"], form: RowForm) {
    this.#side = side;
    this.#versions = versions;
    this.#form = form;
  }

  can(suspect: Suspect): boolean {
    return this.#side.lookUp !== undefined && suspect.key.length > 0;
  }

  async read(suspects: readonly Suspect[], signal: AbortSignal): Promise<readonly Found[]> {
    const rows = await lookUpRows(
      this.#side,
      suspects.map(({ key }) => key),
      { versions: this.#versions },
      signal,
    );
    return rows.map((row, i) => ({
      rows: row === undefined ? [] : [{ ...this.#form(row), place: keyText(suspects[i]!.key) }],
      count: row === undefined ? 0 : 1,
      rejected: 0,
      refused: 0,
    }));
  }
}

interface Picked extends Found {
  readonly rows: FoundRow[];
  count: number;
  rejected: number;
}

export interface ScannedSide {
  readonly side: Source;
  readonly scope: ScanScope;
  readonly mapping: CompiledMapping | undefined;
  readonly splits: readonly SplitProgress[];
  readonly form: RowForm;
  readonly keyless: boolean;
  /** Of the source side. */
  readonly rejects: RejectIndex | undefined;
  readonly options: Omit<ReadOptions, "signal">;
}

/** A side that cannot be asked by key: it is read from end to end, and the suspects picked out. */
export class ScanReader implements SuspectReader {
  readonly byKey = false;
  readonly #given: ScannedSide;

  constructor(given: ScannedSide) {
    this.#given = given;
  }

  can(): boolean {
    return true;
  }

  async read(suspects: readonly Suspect[], signal: AbortSignal): Promise<readonly Found[]> {
    const { side, scope, mapping, splits, options } = this.#given;
    const wanted = new Map(suspects.map(({ id }): [string, Picked] => [id, { rows: [], count: 0, rejected: 0, refused: 0 }]));
    const fold = (batch: Batch, canonicalizer: Canonicalizer) => this.#pick(batch, canonicalizer, wanted);
    await readSplits([{ side, scope, mapping, splits: freshSplits(splits), fold }], { ...options, signal });
    return suspects.map(({ id }) => wanted.get(id)!);
  }

  #pick(batch: Batch, canonicalizer: Canonicalizer, wanted: ReadonlyMap<string, Picked>): void {
    const { mapping, form, keyless, rejects } = this.#given;
    const hits: { id: string; index: number; ordinal: number }[] = [];
    let previous = -1;
    let ordinal = 0;
    canonicalizer.each(batch, (bytes, start, keyEnd, _end, index) => {
      ordinal = index === previous ? ordinal + 1 : 0;
      previous = index;
      const id = keyId(bytes, start, keyEnd, keyless);
      if (wanted.has(id)) hits.push({ id, index, ordinal });
    });
    for (const { id, index, ordinal: nth } of hits) {
      const found = wanted.get(id)!;
      const place = batch.place(index);
      if (rejects?.has(place) === true) {
        found.rejected++;
        continue;
      }
      found.count++;
      found.rows.push({ ...form(mapRow(batch.decoded()[index]!, mapping)[nth]!), place });
      // Several workers read at once: the first by place, so that two readings of the same rows keep the same ones.
      found.rows.sort((a, b) => (a.place < b.place ? -1 : 1));
      found.rows.splice(ROWS_KEPT);
    }
  }
}
