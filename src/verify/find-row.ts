import type { Described, ScanScope, Source, Split } from "../connector/connector.ts";
import type { CompiledMapping, FlowRow } from "../job/mapping.ts";
import { compareKey, type KeyColumn } from "../model/key.ts";
import type { KeyValue } from "../model/value.ts";
import { keyText } from "./key-text.ts";
import { lookUpRows } from "./read-again.ts";
import { tryMap } from "./map-row.ts";

/** A source row that was looked for. */
export interface FoundSource {
  /** Undefined: there is none. */
  readonly row: FlowRow | undefined;
  readonly place: string;
  readonly split: Split | undefined;
  readonly notes: readonly string[];
}

export interface RowSearch {
  readonly source: Source;
  readonly mapping: CompiledMapping | undefined;
  readonly scope: ScanScope;
  readonly splits?: readonly Split[] | undefined;
  readonly signal: AbortSignal;
}

export interface WantedRow {
  readonly source: Described;
  readonly sourceKey: readonly KeyColumn<KeyValue>[] | undefined;
  readonly targetKey: readonly KeyColumn<KeyValue>[] | undefined;
}

/**
 * The source row of a key: asked for by key where the source can be, else searched from its beginning. Undefined where a source that
 * can only be asked by its own key has none to be asked by: searching a table of any size for one row is no explanation.
 */
export async function findRow(search: RowSearch, wanted: WantedRow): Promise<FoundSource | undefined> {
  const { source, scope, signal } = search;
  if (source.lookUp === undefined) return scanFor(search, wanted);
  const { sourceKey } = wanted;
  if (sourceKey === undefined) return undefined;
  const [row] = await lookUpRows(source, [sourceKey], { versions: scope.versions }, signal);
  const split = await splitOf(search, sourceKey);
  return { row, place: keyText(sourceKey), split, notes: row === undefined ? ["there is no such row in the source"] : [] };
}

async function splitOf({ source, scope, splits, signal }: RowSearch, key: readonly KeyColumn<KeyValue>[]): Promise<Split | undefined> {
  if (source.holds === undefined) return undefined;
  const values = key.map(({ value }) => value);
  return (splits ?? (await source.split(1, scope, signal))).find((split) => source.holds?.(split, values) === true);
}

async function scanFor(search: RowSearch, { sourceKey, targetKey }: WantedRow): Promise<FoundSource> {
  const { source, mapping, scope, signal } = search;
  const hit = (row: FlowRow) =>
    sourceKey !== undefined
      ? compareKey(row.key, sourceKey) === 0
      : tryMap(row, mapping).rows.some(({ key }) => targetKey !== undefined && compareKey(key, targetKey) === 0);
  for (const split of search.splits ?? (await source.split(1, scope, signal))) {
    for await (const batch of source.scan(split, undefined, scope, signal)) {
      const index = batch.decoded().findIndex(hit);
      if (index >= 0)
        return {
          row: batch.decoded()[index]!,
          place: batch.place(index),
          split,
          notes: ["the first row found is shown; the source could have several with this key"],
        };
    }
  }
  return {
    row: undefined,
    place: "",
    split: undefined,
    notes: ["there is no such row in the source, or not in the part that the job reads"],
  };
}
