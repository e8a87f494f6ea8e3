import { applyPlan } from "../../job/apply-plan.ts";
import { RowRefused, type ColumnPlan, type CompiledMapping, type FlowRow, type Origin } from "../../job/mapping.ts";
import type { Filter, WriteCondition } from "../../model/condition.ts";
import type { KeySchema } from "../../model/schema.ts";
import { sameValue } from "../../model/value.ts";
import type { SourceKey } from "./cell-plan.ts";

/** How the target rows of a source row are found whatever became of it: a record of its deletion says only its key (R1). */
export type TargetKeys =
  /** One row, whose key follows from the source key. */
  | { readonly kind: "fixed"; readonly of: (key: SourceKey) => SourceKey }
  /** One row, whose key also reads attributes: old images say where it was. Undefined where that row had no key. */
  | { readonly kind: "images"; readonly of: (row: FlowRow) => SourceKey | undefined; readonly owner: RowOwner | undefined }
  /** The rows whose key begins with the source key: what a row function gives, none or many. */
  | { readonly kind: "prefix"; readonly single: boolean };

/**
 * Where target keys could pass from one source row to another, target rows say whose they are by carrying the source key, and nothing is
 * deleted or overwritten that is another's.
 */
export class RowOwner {
  readonly #columns: readonly { readonly name: string; readonly place: number }[];

  constructor(columns: readonly { readonly name: string; readonly place: number }[]) {
    this.#columns = columns;
  }

  /** The row is there and this source row's. */
  isMine(key: SourceKey): WriteCondition {
    return this.#condition(key, true);
  }

  /** The row is this source row's, or nobody's. */
  isFree(key: SourceKey): WriteCondition {
    return this.#condition(key, false);
  }

  #condition(key: SourceKey, filterIfMissing: boolean): WriteCondition {
    const filters = this.#columns.map(({ name, place }): Filter => {
      const { value } = key[place]!;
      return { type: "column", name, comparator: "equal", value, filterIfMissing, latestVersionOnly: true };
    });
    return { existence: "ignore", filter: filters.length === 1 ? filters[0]! : { type: "and", filters } };
  }
}

export function targetKeysOf(mapping: CompiledMapping, sourceKey: readonly KeySchema[]): TargetKeys {
  const { plan } = mapping;
  if (plan === undefined) return { kind: "prefix", single: mapping.targetKey.length === sourceKey.length };
  const keyOnly = applyPlan({ ...plan, columns: [], rest: "drop", excluded: [], keep: undefined });
  if (keyInputs(plan).length > 0) {
    const owner = mapping.injectiveBy === "proof" ? undefined : ownerOf(plan);
    return { kind: "images", of: (row) => unlessRefused(() => keyOnly(row)[0]!.key), owner };
  }
  const same =
    plan.targetKey.length === plan.sourceKey.length &&
    plan.targetKey.every(({ name, from }, at) => from.kind === "key" && from.name === name && plan.sourceKey[at]!.name === name);
  return { kind: "fixed", of: same ? (key) => key : (key) => keyOnly({ key, columns: [] })[0]!.key };
}

/** Attribute columns that the target key reads. */
export function keyInputs(plan: ColumnPlan): readonly string[] {
  const keys = new Set(plan.sourceKey.map(({ name }) => name));
  return plan.targetKey.flatMap(({ from }) => inputsOf(plan, from)).filter((name) => !keys.has(name));
}

function inputsOf(plan: ColumnPlan, from: Origin): readonly string[] {
  if (from.kind === "column") return [from.name];
  return from.kind === "computed" ? plan.computed[from.index]!.inputs : [];
}

/** Target columns that hold the source key as it is, as far as the target key does not; undefined where one is not held. */
export function ownerOf(plan: ColumnPlan): RowOwner | undefined {
  const copies = (from: Origin, name: string) => from.kind === "key" && from.name === name;
  const columns: { readonly name: string; readonly place: number }[] = [];
  for (const [place, { name }] of plan.sourceKey.entries()) {
    if (plan.targetKey.some(({ from }) => copies(from, name))) continue;
    const held = plan.columns.find(({ from }) => copies(from, name))?.name;
    const rest = plan.rest === "copy" && !plan.excluded.includes(name) ? name : undefined;
    const column = held ?? rest;
    if (column === undefined) return undefined;
    columns.push({ name: column, place });
  }
  return columns.length === 0 ? undefined : new RowOwner(columns);
}

/** Whether a row of the target begins with the source key, as all that a row function gives must. */
export function beginsWith(target: SourceKey, source: SourceKey): boolean {
  return source.every(({ value }, at) => target[at] !== undefined && sameValue(target[at].value, value));
}

/** A row that the mapping refuses has no target row. */
export function unlessRefused<T>(map: () => T): T | undefined {
  try {
    return map();
  } catch (error) {
    if (error instanceof RowRefused) return undefined;
    throw error;
  }
}
