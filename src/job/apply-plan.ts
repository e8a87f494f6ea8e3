import { typeOf, type KeyValue, type Value } from "../model/value.ts";
import type { ColumnPlan, Computation, FlowColumn, FlowRow, Origin } from "./mapping.ts";
import { missingKey, wrongKeyType } from "./refusals.ts";

/** Compiles a plan into a function over decoded rows: the meaning that every fast encoder must reproduce. */
export function applyPlan(plan: ColumnPlan): (row: FlowRow) => readonly FlowRow[] {
  const excluded = new Set(plan.excluded);
  const keyIndex = new Map(plan.sourceKey.map((column, i) => [column.name, i]));
  const restKeys =
    plan.rest === "copy" ? plan.sourceKey.map((column, i) => ({ name: column.name, i })).filter(({ name }) => !excluded.has(name)) : [];
  return (row) => {
    const reading = new RowReading(row, keyIndex, plan.computed);
    if (plan.keep !== undefined && reading.computed(plan.keep) !== true) return [];
    const key = plan.targetKey.map(({ name, type, from }) => {
      const value = reading.value(from);
      if (value === undefined) throw missingKey(name);
      if (typeOf(value) !== type) throw wrongKeyType(name, type, value);
      return { name, value: value as KeyValue };
    });
    const columns: FlowColumn[] = [];
    for (const { name, from } of plan.columns) reading.addTo(columns, name, from);
    for (const { name, i } of restKeys) columns.push(stamped(name, row.key[i]!.value, reading.rowStamp));
    if (plan.rest === "copy") for (const column of row.columns) if (!excluded.has(column.name)) columns.push(column);
    return [{ key, columns }];
  };
}

/** One row under a plan. Columns are indexed when one is asked for by name. */
class RowReading {
  readonly #row: FlowRow;
  readonly #keyIndex: ReadonlyMap<string, number>;
  readonly #computations: readonly Computation[];
  #newest: Map<string, number> | undefined;

  constructor(row: FlowRow, keyIndex: ReadonlyMap<string, number>, computations: readonly Computation[]) {
    this.#row = row;
    this.#keyIndex = keyIndex;
    this.#computations = computations;
  }

  /** The latest value of an origin. */
  value(origin: Origin): Value | undefined {
    switch (origin.kind) {
      case "constant":
        return origin.value;
      case "computed":
        return this.computed(origin.index) ?? undefined;
      default:
        return this.#input(origin.name);
    }
  }

  computed(index: number): Value | null | undefined {
    const { inputs, apply } = this.#computations[index]!;
    return apply(inputs.map((name) => this.#input(name)));
  }

  /** Newest timestamp of the row's cells; undefined where they carry none. */
  get rowStamp(): number | undefined {
    let newest: number | undefined;
    for (const { timestamp } of this.#row.columns)
      if (timestamp !== undefined && (newest === undefined || timestamp > newest)) newest = timestamp;
    return newest;
  }

  /** Adds what an attribute gets from its origin: every version of a copied column, else one value. */
  addTo(columns: FlowColumn[], name: string, origin: Origin): void {
    if (origin.kind === "column") {
      for (const { value, timestamp } of this.#versions(origin.name)) columns.push(stamped(name, value, timestamp));
      return;
    }
    const computation = origin.kind === "computed" ? this.#computations[origin.index]! : undefined;
    if (computation?.perVersion === true) {
      const versions = this.#versions(computation.inputs[0]!);
      for (const version of versions) addValue(columns, name, computation.apply([version.value]), version.timestamp);
      if (versions.length > 0) return;
    }
    addValue(columns, name, this.value(origin), this.#stampOf(computation?.inputs ?? []));
  }

  #stampOf(inputs: readonly string[]): number | undefined {
    let newest: number | undefined;
    for (const name of inputs) {
      const timestamp = this.#versions(name)[0]?.timestamp;
      if (timestamp !== undefined && (newest === undefined || timestamp > newest)) newest = timestamp;
    }
    return newest ?? this.rowStamp;
  }

  #input(name: string): Value | undefined {
    const key = this.#keyIndex.get(name);
    if (key !== undefined) return this.#row.key[key]?.value;
    const at = this.#index().get(name);
    return at === undefined ? undefined : this.#row.columns[at]!.value;
  }

  /** Versions of a column, newest first; they stand side by side. */
  #versions(name: string): readonly FlowColumn[] {
    const start = this.#index().get(name);
    if (start === undefined) return [];
    let end = start + 1;
    while (this.#row.columns[end]?.name === name) end++;
    return this.#row.columns.slice(start, end);
  }

  #index(): ReadonlyMap<string, number> {
    if (this.#newest === undefined) {
      this.#newest = new Map();
      const { columns } = this.#row;
      for (let i = columns.length - 1; i >= 0; i--) this.#newest.set(columns[i]!.name, i);
    }
    return this.#newest;
  }
}

function addValue(columns: FlowColumn[], name: string, value: Value | null | undefined, timestamp: number | undefined): void {
  if (value !== undefined && value !== null) columns.push(stamped(name, value, timestamp));
}

function stamped(name: string, value: Value, timestamp: number | undefined): FlowColumn {
  return timestamp === undefined ? { name, value } : { name, value, timestamp };
}
