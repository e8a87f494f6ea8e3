import type { Batch, Canonicalizer, Described, Position, ScanScope, Source, Split } from "../../connector/connector.ts";
import type { CompiledMapping, FlowRow } from "../../job/mapping.ts";
import type { KeyBound } from "../../model/value.ts";
import { valueSize } from "../../model/value.ts";
import type { Throttle } from "../read-splits.ts";

type LookUp = NonNullable<Source["lookUp"]>;

/** A side of which everything that is read is paid for, whoever reads it: rows of scans, and keys that are looked up, found or not. */
export class ThrottledSide implements Source {
  readonly lookUp?: LookUp;
  readonly holds?: NonNullable<Source["holds"]>;
  readonly #side: Source;
  readonly #throttle: Throttle;

  constructor(side: Source, throttle: Throttle) {
    this.#side = side;
    this.#throttle = throttle;
    if (side.lookUp !== undefined) this.lookUp = (keys, scope, signal) => this.#lookUp(keys, scope, signal);
    if (side.holds !== undefined) this.holds = (split, key) => side.holds!(split, key);
  }

  describe(signal?: AbortSignal): Promise<Described> {
    return this.#side.describe(signal);
  }

  sample(count: number, scope: ScanScope, signal?: AbortSignal): Promise<readonly FlowRow[]> {
    return this.#side.sample(count, scope, signal);
  }

  split(wanted: number, scope: ScanScope, signal?: AbortSignal): Promise<readonly Split[]> {
    return this.#side.split(wanted, scope, signal);
  }

  async *scan(split: Split, from: Position | undefined, scope: ScanScope, signal?: AbortSignal): AsyncGenerator<Batch> {
    for await (const batch of this.#side.scan(split, from, scope, signal)) {
      await this.#take(batch.rows, batch.bytes, signal);
      yield batch;
    }
  }

  canonicalizer(mapping: CompiledMapping | undefined, scope: ScanScope): Canonicalizer {
    return this.#side.canonicalizer(mapping, scope);
  }

  close(): Promise<void> {
    return this.#side.close();
  }

  async #lookUp(keys: readonly (readonly KeyBound[])[], scope: ScanScope, signal?: AbortSignal): ReturnType<LookUp> {
    const rows = await this.#side.lookUp!(keys, scope, signal);
    await this.#take(
      keys.length,
      rows.reduce((sum, row) => sum + (row === undefined ? 0 : sizeOfRow(row)), 0),
      signal,
    );
    return rows;
  }

  #take(rows: number, bytes: number, signal: AbortSignal | undefined): Promise<void> {
    return this.#throttle.take(rows, bytes, signal ?? new AbortController().signal);
  }
}

export function sizeOfRow({ key, columns }: FlowRow): number {
  let bytes = 0;
  for (const { name, value } of key) bytes += name.length + valueSize(value);
  for (const { name, value } of columns) bytes += name.length + valueSize(value);
  return bytes;
}
