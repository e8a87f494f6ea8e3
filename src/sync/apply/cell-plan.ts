import type { SourceChange } from "../../connector/change.ts";
import type { ColumnPlan, Computation, Origin } from "../../job/mapping.ts";
import type { KeyColumn } from "../../model/key.ts";
import type { PutCell, RowChange, UpdateCell } from "../../model/row.ts";
import type { KeyValue, Value } from "../../model/value.ts";

export type SourceKey = readonly KeyColumn<KeyValue>[];

/** A target column that follows from one source column, or from the key alone. */
interface Output {
  readonly name: string;
  /** Absent: a copy. */
  readonly computation?: Computation | undefined;
  /** Where each input comes from: an index into the source key, or −1 for the one source column. */
  readonly places: readonly number[];
  /** What comes of it where the source column is missing, as far as no row is needed to tell: `varies` where it depends on the key. */
  readonly withoutInput: "nothing" | "something" | "varies";
}

/** Names met in records; more are worked out again. */
const namesMax = 4096;

/**
 * A plan as what becomes of each source column, worked out once, so that records are mapped cell by cell (R1, mode `cells`). The meaning is
 * that of job/apply-plan.ts, for what a record tells of a row.
 */
export class CellPlan {
  readonly #plan: ColumnPlan;
  readonly #versions: "latest" | "keep";
  readonly #keyPlaces: ReadonlyMap<string, number>;
  readonly #excluded: ReadonlySet<string>;
  readonly #byColumn = new Map<string, readonly Output[]>();
  /** What the key alone gives. */
  readonly #fromKey: readonly Output[];
  /** Outputs that are there, or refuse the row, where their source column is missing. */
  readonly #ofNothing: readonly { readonly column: string; readonly output: Output }[];
  /**
   * Whether updates can be mapped at all: under `keep` a column that does not copy its versions bears the newest timestamp of several
   * cells, which a record of some of them does not tell.
   */
  readonly updatable: boolean;

  constructor(plan: ColumnPlan, versions: "latest" | "keep") {
    this.#plan = plan;
    this.#versions = versions;
    this.#keyPlaces = new Map(plan.sourceKey.map(({ name }, at) => [name, at]));
    this.#excluded = new Set(plan.excluded);
    const rules = plan.columns.map(({ name, from }) => this.#output(name, from));
    const restKeys = plan.sourceKey.filter(({ name }) => plan.rest === "copy" && !this.#excluded.has(name));
    this.#fromKey = [
      ...rules.filter(({ column }) => column === undefined).map(({ output }) => output),
      ...restKeys.map(({ name }) => this.#output(name, { kind: "key", name }).output),
    ];
    const fed = rules.filter((rule): rule is { column: string; output: Output } => rule.column !== undefined);
    for (const { column, output } of fed) this.#byColumn.set(column, [...(this.#byColumn.get(column) ?? []), output]);
    for (const [column, outputs] of this.#byColumn) this.#byColumn.set(column, [...outputs, ...this.#rest(column)]);
    this.#ofNothing = fed.filter(({ output }) => output.withoutInput !== "nothing");
    const copiesVersions = ({ computation }: Output) => computation === undefined || computation.perVersion === true;
    this.updatable = versions === "latest" || (this.#fromKey.length === 0 && fed.every(({ output }) => copiesVersions(output)));
  }

  /** A whole row. Its cells are those of a put: no deletions, under `latest` one a column. @throws RowRefused */
  put({ key, cells }: SourceChange, targetKey: SourceKey): RowChange {
    const out: PutCell[] = [];
    for (const output of this.#fromKey) addValue(out, output.name, valueOf(output, key, undefined));
    for (const cell of cells) {
      if (cell.op !== "put") continue;
      for (const output of this.#outputsOf(cell.name)) {
        const value = output.computation === undefined ? cell.value : valueOf(output, key, cell.value);
        if (value !== undefined && value !== null) out.push(this.#stamped(output.name, value, cell.timestamp));
      }
    }
    for (const { column, output } of this.#ofNothing)
      if (!names(cells, column)) addValue(out, output.name, valueOf(output, key, undefined));
    return { type: "put", key: targetKey, cells: out };
  }

  /**
   * What an update says. `nothing`: it touches only what is not carried over, and cannot have made the row; `row`: likewise, but it may
   * have made it; `look-up`: only the row itself tells. @throws RowRefused
   */
  update({ key, cells }: SourceChange, targetKey: SourceKey): RowChange | "nothing" | "row" | "look-up" {
    if (!this.updatable) return "look-up";
    for (const { column, output } of this.#ofNothing)
      if (!names(cells, column) && (output.withoutInput === "something" || givesOfNothing(output, key))) return "look-up";
    const out: UpdateCell[] = [];
    let made = false;
    let puts = 0;
    for (const cell of cells) {
      if (cell.op === "put") made = true;
      for (const output of this.#outputsOf(cell.name)) {
        const value = cellValue(output, key, cell);
        if (value === undefined || value === null) {
          out.push({ op: "deleteAll", name: output.name });
        } else {
          out.push(this.#put(output.name, value, cell.op === "put" ? cell.timestamp : undefined));
          puts++;
        }
      }
    }
    if (!made) return out.length === 0 ? "nothing" : { type: "update", key: targetKey, cells: out };
    for (const output of this.#fromKey) {
      const value = valueOf(output, key, undefined);
      if (value === undefined || value === null) continue;
      out.push(this.#put(output.name, value, undefined));
      puts++;
    }
    // Deletions alone make no row, where the source's update has made one.
    if (puts === 0) return out.length === 0 ? "row" : "look-up";
    return { type: "update", key: targetKey, cells: out };
  }

  #outputsOf(column: string): readonly Output[] {
    let outputs = this.#byColumn.get(column);
    if (outputs === undefined) {
      outputs = this.#rest(column);
      if (this.#byColumn.size < namesMax) this.#byColumn.set(column, outputs);
    }
    return outputs;
  }

  #rest(column: string): readonly Output[] {
    return this.#plan.rest === "copy" && !this.#excluded.has(column) ? [{ name: column, places: [], withoutInput: "nothing" }] : [];
  }

  #put(name: string, value: Value, timestamp: number | undefined): UpdateCell {
    return this.#versions === "keep" && timestamp !== undefined ? { op: "put", name, value, timestamp } : { op: "put", name, value };
  }

  #stamped(name: string, value: Value, timestamp: number | undefined): PutCell {
    return this.#versions === "keep" && timestamp !== undefined ? { name, value, timestamp } : { name, value };
  }

  /** An output, and the source column it follows from, where there is one. */
  #output(name: string, from: Origin): { readonly column: string | undefined; readonly output: Output } {
    switch (from.kind) {
      case "computed":
        return this.#computed(name, this.#plan.computed[from.index]!);
      case "constant":
        return { column: undefined, output: keyFed(name, [], () => from.value) };
      default: {
        const place = this.#keyPlaces.get(from.name);
        return place === undefined
          ? { column: from.name, output: { name, places: [], withoutInput: "nothing" } }
          : { column: undefined, output: keyFed(name, [place], ([value]) => value) };
      }
    }
  }

  #computed(name: string, computation: Computation): { readonly column: string | undefined; readonly output: Output } {
    const places = computation.inputs.map((input) => this.#keyPlaces.get(input) ?? -1);
    const column = computation.inputs.find((input) => !this.#keyPlaces.has(input));
    const output: Output = { name, computation, places, withoutInput: "varies" };
    if (column === undefined || places.some((place) => place >= 0)) return { column, output };
    return { column, output: { ...output, withoutInput: givesOfNothing(output, []) ? "something" : "nothing" } };
  }
}

function keyFed(name: string, places: readonly number[], apply: Computation["apply"]): Output {
  return { name, computation: { inputs: [], apply }, places, withoutInput: "varies" };
}

function names(cells: readonly UpdateCell[], column: string): boolean {
  for (const { name } of cells) if (name === column) return true;
  return false;
}

function addValue(cells: PutCell[], name: string, value: Value | null | undefined): void {
  if (value !== undefined && value !== null) cells.push({ name, value });
}

/** What a computed output comes to. @throws RowRefused */
function valueOf({ computation, places }: Output, key: SourceKey, value: Value | undefined): Value | null | undefined {
  return computation!.apply(places.map((place) => (place < 0 ? value : key[place]!.value)));
}

function cellValue(output: Output, key: SourceKey, cell: UpdateCell): Value | null | undefined {
  const value = cell.op === "put" ? cell.value : undefined;
  return output.computation === undefined ? value : valueOf(output, key, value);
}

/** Whether an output is there, or refuses its row, without its source column. */
function givesOfNothing(output: Output, key: SourceKey): boolean {
  try {
    const value = valueOf(output, key, undefined);
    return value !== undefined && value !== null;
  } catch {
    return true;
  }
}
