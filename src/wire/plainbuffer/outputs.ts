import type { KeyType, Value } from "../../model/value.ts";
import { encodeName, nameText, type EncodedName } from "./names.ts";
import { placeOf, RowScan, type Column, type Place } from "./row-scan.ts";
import type { Origin, RewritePlan } from "./rewrite-plan.ts";
import * as tag from "./tag.ts";

/** One column of the rows written, with its origin resolved to where it is found in a scanned row. */
export interface Output {
  readonly name: EncodedName;
  readonly place: Place;
  readonly from:
    | { readonly kind: "key"; readonly field: number }
    | { readonly kind: "column"; readonly column: Column }
    | { readonly kind: "constant"; readonly value: Value }
    | { readonly kind: "computed"; readonly index: number; readonly versions: Column | undefined };
}

export interface KeyOutput extends Output {
  readonly type: KeyType;
}

export const keyTypeByte: Readonly<Record<KeyType, number>> = {
  integer: tag.TYPE_INTEGER,
  string: tag.TYPE_STRING,
  binary: tag.TYPE_BINARY,
};

/** A plan with its names resolved: what the rewriter and the canonical form share. */
export interface CompiledPlan {
  readonly scan: RowScan;
  readonly key: readonly KeyOutput[];
  /** Columns of rules, then key columns carried over; carried cells are found by scanning. */
  readonly columns: readonly Output[];
}

export function compilePlan(plan: RewritePlan): CompiledPlan {
  const taken = new Set([...plan.excluded, ...plan.columns.map(({ name }) => name), ...plan.targetKey.map(({ name }) => name)]);
  const isRest = (name: string): boolean => plan.rest === "copy" && !taken.has(name);
  const scan = new RowScan(plan, isRest);
  const resolve = (columnName: string, from: Origin): Output => {
    const name = encodeName(columnName);
    return { name, place: placeOf(nameText(name)), from: resolved(plan, scan, from) };
  };
  const key = plan.targetKey.map(({ name, type, from }) => ({ ...resolve(name, from), type }));
  const columns = plan.columns.map(({ name, from }) => resolve(name, from));
  for (const { name } of plan.sourceKey) if (isRest(name)) columns.push(resolve(name, { kind: "key", name }));
  return { scan, key, columns };
}

function resolved(plan: RewritePlan, scan: RowScan, from: Origin): Output["from"] {
  switch (from.kind) {
    case "key":
      return { kind: "key", field: plan.sourceKey.findIndex(({ name }) => name === from.name) };
    case "column":
      return { kind: "column", column: scan.declare(from.name) };
    case "constant":
      return from;
    case "computed":
      return { kind: "computed", index: from.index, versions: scan.versionsOf(from.index) };
  }
}
