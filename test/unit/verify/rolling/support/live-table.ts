import type { Chance } from "../../../../../src/base/chance.ts";
import type { Clock } from "../../../../../src/base/clock.ts";
import type { Batch, Canonicalizer, Described, Position, ScanScope, Source, Split } from "../../../../../src/connector/connector.ts";
import { DecodedCanonicalizer } from "../../../../../src/connector/decoded-canonicalizer.ts";
import { rowTest } from "../../../../../src/connector/row-scope.ts";
import type { CompiledMapping, FlowColumn, FlowRow } from "../../../../../src/job/mapping.ts";
import type { WriteCondition } from "../../../../../src/model/condition.ts";
import { compareKey } from "../../../../../src/model/key.ts";
import type { RowChange } from "../../../../../src/model/row.ts";
import type { KeySchema } from "../../../../../src/model/schema.ts";
import type { KeyBound, KeyValue } from "../../../../../src/model/value.ts";
import { idKey } from "../../support/memory-side.ts";

export type Key = FlowRow["key"];

export interface LiveTableOptions {
  readonly title: string;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly key?: readonly KeySchema[];
  readonly maxVersions?: number;
  readonly pageRows?: number;
  readonly allowUpdate?: boolean;
  /** Milliseconds a request takes at most. */
  readonly latencyMs?: number;
}

/** A table that is read while it is written: requests take time, pages are read one after the other, cells have the time of their writing. */
export class LiveTable implements Source {
  readonly options: LiveTableOptions;
  rows: FlowRow[] = [];
  /** Called before each request takes effect. */
  onRequest: (what: "scan" | "look-up" | "write", keys: number) => void = () => undefined;
  /** Rows paid for: read by scans, keys asked for. */
  read = 0;

  constructor(options: LiveTableOptions) {
    this.options = options;
  }

  get key(): readonly KeySchema[] {
    return this.options.key ?? idKey;
  }

  find(key: Key): FlowRow | undefined {
    return this.rows[this.#at(key)];
  }

  /** Takes effect at once. Cells without timestamp get the present time; under a condition that does not hold, nothing does. */
  write(change: RowChange, condition: WriteCondition = { existence: "ignore" }): boolean {
    const key = change.key as Key;
    const stored = this.find(key);
    if (condition.existence !== "ignore" && (condition.existence === "expectExist") !== (stored !== undefined)) return false;
    if (
      condition.filter !== undefined &&
      !rowTest({ versions: "keep", filter: condition.filter }, this.key, "")!(stored ?? { key, columns: [] })
    )
      return false;
    const others = this.rows.filter((row) => row !== stored);
    if (change.type === "delete") {
      this.rows = others;
      return true;
    }
    const columns = change.type === "put" ? this.#with([], change.cells) : this.#updated(stored?.columns ?? [], change);
    this.rows = [...others, { key, columns }].sort((a, b) => compareKey(a.key, b.key));
    return true;
  }

  async request<T>(what: "scan" | "look-up" | "write", keys: number, effect: () => T, signal?: AbortSignal): Promise<T> {
    const { clock, chance, latencyMs = 8 } = this.options;
    await clock.sleep(chance.next() * latencyMs, signal);
    this.onRequest(what, keys);
    const result = effect();
    await clock.sleep(chance.next() * latencyMs, signal);
    return result;
  }

  describe(): Promise<Described> {
    const { title, maxVersions = 1, allowUpdate = true } = this.options;
    const facts = { columns: [], open: true, uniqueKeys: true, timeToLiveSeconds: -1, incarnation: title };
    return Promise.resolve({ exists: true, title, key: this.key, maxVersions, allowUpdate, estimatedRows: this.rows.length, ...facts });
  }

  sample(count: number): Promise<readonly FlowRow[]> {
    return Promise.resolve(this.rows.slice(0, count));
  }

  split(): Promise<readonly Split[]> {
    return Promise.resolve([{ id: "whole", title: this.options.title, spec: null }]);
  }

  /** A position is the key of the last row, so rows that come or go do not shift it. */
  async *scan(split: Split, from: Position | undefined, scope: ScanScope, signal?: AbortSignal): AsyncGenerator<Batch> {
    const size = this.options.pageRows ?? 6;
    for (let at = from; at !== "end";) {
      const behind = at;
      const page = await this.request(
        "scan",
        0,
        () => this.rows.filter(({ key }) => behind === undefined || key[0]!.value > keyOf(behind, this.key)).slice(0, size),
        signal,
      );
      signal?.throwIfAborted();
      this.read += page.length;
      const position = page.length < size ? "end" : String(page.at(-1)!.key[0]!.value);
      const rows = page.map((row) => read(row, scope));
      const place = (index: number) => String(rows[index]!.key[0]!.value);
      yield { rows: rows.length, bytes: rows.length * 100, split: split.id, from: at, position, decoded: () => rows, place, refused: [] };
      at = position;
    }
  }

  lookUp(keys: readonly (readonly KeyBound[])[], scope: ScanScope, signal?: AbortSignal): Promise<readonly (FlowRow | undefined)[]> {
    this.read += keys.length;
    const wanted = keys.map((key): Key => key.map((value, i) => ({ name: this.key[i]!.name, value: value as KeyValue })));
    const look = (key: Key) => {
      const row = this.find(key);
      return row === undefined ? undefined : read(row, scope);
    };
    return this.request("look-up", keys.length, () => wanted.map(look), signal);
  }

  canonicalizer(mapping: CompiledMapping | undefined, scope: ScanScope): Canonicalizer {
    return new DecodedCanonicalizer(mapping, scope);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #at(key: Key): number {
    return this.rows.findIndex((row) => compareKey(row.key, key) === 0);
  }

  #updated(columns: readonly FlowColumn[], change: Extract<RowChange, { type: "update" }>): FlowColumn[] {
    let left = [...columns];
    for (const cell of change.cells) {
      if (cell.op === "deleteAll") left = left.filter(({ name }) => name !== cell.name);
      if (cell.op === "deleteOne") left = left.filter(({ name, timestamp }) => name !== cell.name || timestamp !== cell.timestamp);
      if (cell.op === "put") left = this.#with(left, [cell]);
    }
    return left;
  }

  #with(columns: readonly FlowColumn[], cells: readonly FlowColumn[]): FlowColumn[] {
    const stamped = cells.map(({ name, value, timestamp }) => ({ name, value, timestamp: timestamp ?? this.options.clock.now() }));
    const replaced = (old: FlowColumn) => stamped.some(({ name, timestamp }) => name === old.name && timestamp === old.timestamp);
    const all = [...columns.filter((old) => !replaced(old)), ...stamped];
    const names = [...new Set(all.map(({ name }) => name))].sort();
    return names.flatMap((name) =>
      all
        .filter((cell) => cell.name === name)
        .sort((a, b) => b.timestamp! - a.timestamp!)
        .slice(0, this.options.maxVersions ?? 1),
    );
  }
}

function keyOf(position: Position, key: readonly KeySchema[]): KeyValue {
  return key[0]!.type === "integer" ? BigInt(position) : position;
}

function read({ key, columns }: FlowRow, { versions }: ScanScope): FlowRow {
  if (versions === "keep") return { key, columns };
  const newest = columns.filter(({ name }, i) => name !== columns[i - 1]?.name);
  return { key, columns: newest.map(({ name, value }) => ({ name, value })) };
}
