import { TableferryError } from "../base/error.ts";
import type { DeclaredMapping, Scalar } from "./job-spec.ts";
import type { ColumnRule, MappingDefinition } from "./mapping.ts";
import { valueOf } from "./scalar.ts";

/** The rules of a job file as a definition, its JSON scalars turned into values. @throws TF_MAPPING_INVALID */
export function declaredDefinition(declared: DeclaredMapping): MappingDefinition {
  const rules = (part: "key" | "columns") => {
    const given = declared[part];
    if (given === undefined) return undefined;
    return Object.fromEntries(Object.entries(given).map(([name, rule]) => [name, ruleOf(rule, `mapping.${part}.${name}`)]));
  };
  return { key: rules("key"), columns: rules("columns"), rest: declared.rest, drop: declared.drop, injective: declared.injective };
}

function ruleOf(rule: NonNullable<DeclaredMapping["columns"]>[string], place: string): ColumnRule {
  if (typeof rule === "string") return rule;
  if ("constant" in rule) return { constant: scalarAt(rule.constant, `${place}.constant`) };
  return { from: rule.from, as: rule.as, default: rule.default === undefined ? undefined : scalarAt(rule.default, `${place}.default`) };
}

function scalarAt(scalar: Scalar, place: string) {
  try {
    return valueOf(scalar);
  } catch (cause) {
    throw new TableferryError("TF_MAPPING_INVALID", { message: cause instanceof Error ? cause.message : String(cause), place });
  }
}
