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
import type { ParkedRows } from "./parked-rows.ts";
import type { RowForm } from "./row-form.ts";
import type { Suspect } from "./suspects.ts";

/** A row of one side, in the target's form. */
export interface FoundRow {
  readonly row: FlowRow;
  /** SHA-256 of the canonical bytes. */
  readonly hash: string;
  /** Tells two readings of its side apart, by timestamps too where the side has them: a value that came back is not a value that stayed. */
  readonly reading: string;
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
  /** Whether a reject explains what is there cannot be told now. */
  readonly unsure?: boolean | undefined;
}

/** Reads suspects once more on one side; answers in their order. */
export interface SuspectReader {
  /** True: asks for few rows, cheaply. False: goes through the whole side, whatever is asked for. */
  readonly byKey: boolean;
  /** False: rows that came to the suspect's key after it was listed are not found. */
  readonly complete: boolean;
  can(suspect: Suspect): boolean;
  read(suspects: readonly Suspect[], signal: AbortSignal): Promise<readonly Found[]>;
}

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
  /** Rows for which it answers false count as absent. */
  readonly inPart: RowTest | undefined;
  readonly form: RowForm;
  readonly parked: ParkedRows | undefined;
}

/** Rows are read again with their timestamps, also where the job does not carry them. */
const readAgain: ScanScope = { versions: "keep" };

/** The source by its own keys: those seen when the suspect was listed, else the one that the target key came from. */
export class SourceLookUpReader implements SuspectReader {
  readonly byKey = true;
  readonly complete: boolean;
  readonly #given: SourceLookUp;

  constructor(given: SourceLookUp) {
    this.#given = given;
    this.complete = given.inverse !== undefined;
  }

  can(suspect: Suspect): boolean {
    const { side, inverse } = this.#given;
    const known = suspect.sources.length > 0 || suspect.rejected > 0;
    return side.lookUp !== undefined && suspect.key.length > 0 && (known || inverse !== undefined);
  }

  async read(suspects: readonly Suspect[], signal: AbortSignal): Promise<readonly Found[]> {
    const { side, inverse, parked } = this.#given;
    const asked = suspects.map(({ key, sources, rejected }) => {
      // A rejected row stays rejected, whatever the source has now.
      return sources.length > 0 || rejected > 0 ? sources : [inverse!(key)];
    });
    const keys = asked.flat();
    const held = await parked?.holds(keys, signal);
    const rows = await lookUpRows(side, keys, readAgain, signal);
    let at = 0;
    return asked.map(({ length }, i) => {
      const read = keys.slice(at, at + length).map((key, k) => ({ key, row: rows[at + k], parked: held?.[at + k] === true }));
      at += length;
      return this.#found(suspects[i]!, read);
    });
  }

  #found(suspect: Suspect, read: readonly { key: Suspect["key"]; row: FlowRow | undefined; parked: boolean }[]): Found {
    const { mapping, inPart, form } = this.#given;
    const rows: FoundRow[] = [];
    let { rejected } = suspect;
    let refused = 0;
    for (const { key, row: raw, parked } of read) {
      if (parked) rejected++;
      if (parked || raw === undefined) continue;
      const row = form.carried(raw);
      if (inPart?.(row) === false) continue;
      const out = tryMap(row, mapping);
      if (out.refused !== undefined) refused++;
      const [place, reading] = [keyText(key), form.reading(raw)];
      for (const mapped of out.rows) if (compareKey(mapped.key, suspect.key) === 0) rows.push({ ...form.compared(mapped), reading, place });
    }
    return { rows, count: rows.length, rejected, refused };
  }
}

/** The target by its keys. */
export class TargetLookUpReader implements SuspectReader {
  readonly byKey = true;
  readonly complete = true;
  readonly #side: Source;
  readonly #form: RowForm;

  constructor(side: Source, form: RowForm) {
    this.#side = side;
    this.#form = form;
  }

  can(suspect: Suspect): boolean {
    return this.#side.lookUp !== undefined && suspect.key.length > 0;
  }

  async read(suspects: readonly Suspect[], signal: AbortSignal): Promise<readonly Found[]> {
    const rows = await lookUpRows(
      this.#side,
      suspects.map(({ key }) => key),
      readAgain,
      signal,
    );
    const form = this.#form;
    return rows.map((raw, i) => ({
      rows:
        raw === undefined ? [] : [{ ...form.compared(form.carried(raw)), reading: form.reading(raw), place: keyText(suspects[i]!.key) }],
      count: raw === undefined ? 0 : 1,
      rejected: 0,
      refused: 0,
    }));
  }
}

interface Picked extends Found {
  readonly rows: FoundRow[];
  count: number;
  rejected: number;
  unsure: boolean;
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
  /** Of the source side. */
  readonly parked: ParkedRows | undefined;
  readonly options: Omit<ReadOptions, "signal">;
}

/** A side that cannot be asked by key: it is read from end to end, and the suspects picked out. */
export class ScanReader implements SuspectReader {
  readonly byKey = false;
  readonly complete = true;
  readonly #given: ScannedSide;

  constructor(given: ScannedSide) {
    this.#given = given;
  }

  can(): boolean {
    return true;
  }

  async read(suspects: readonly Suspect[], signal: AbortSignal): Promise<readonly Found[]> {
    const { side, scope, mapping, splits, options } = this.#given;
    const wanted = new Map(
      suspects.map(({ id }): [string, Picked] => [id, { rows: [], count: 0, rejected: 0, refused: 0, unsure: false }]),
    );
    const fold = (batch: Batch, canonicalizer: Canonicalizer) => this.#pick(batch, canonicalizer, wanted);
    await readSplits([{ side, scope, mapping, splits: freshSplits(splits), fold }], { ...options, signal });
    await this.#explain(wanted, signal);
    return suspects.map(({ id }) => wanted.get(id)!);
  }

  /**
   * A parked row is known by its source key: the mapping says which target row it stands for where that follows from the key alone; where
   * it does not, the row could stand for any of them.
   */
  async #explain(wanted: ReadonlyMap<string, Picked>, signal: AbortSignal): Promise<void> {
    const { parked, mapping, form } = this.#given;
    if (parked === undefined) return;
    for await (const key of parked.all(signal)) {
      const { rows } = tryMap({ key, columns: [] }, mapping);
      if (rows.length === 0) for (const found of wanted.values()) found.unsure = true;
      for (const row of rows) {
        const found = wanted.get(form.id(row));
        if (found === undefined) continue;
        found.rejected++;
        found.rows.length = found.count = 0;
      }
    }
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
      const read = batch.decoded()[index]!;
      found.rows.push({ ...form.compared(mapRow(read, mapping)[nth]!), reading: form.reading(read), place });
      // Several workers read at once: the first by place, so that two readings of the same rows keep the same ones.
      found.rows.sort((a, b) => (a.place < b.place ? -1 : 1));
      found.rows.splice(ROWS_KEPT);
    }
  }
}
