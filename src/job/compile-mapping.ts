import { TableferryError } from "../base/error.ts";
import type { KeySchema } from "../model/schema.ts";
import { applyMode } from "./apply-mode.ts";
import { applyPlan } from "./apply-plan.ts";
import { applyRow } from "./apply-row.ts";
import { definitionProblems } from "./check-definition.ts";
import { planColumns, type MappingSides } from "./column-plan.ts";
import type { LoadedMapping } from "./load-mapping.ts";
import type { ColumnPlan, CompiledMapping, MappingDefinition } from "./mapping.ts";

/**
 * A mapping between two known sides. Whatever can be known wrong before the first row is an error here: a target key column
 * without a rule, a type that can never fit, a column that the source does not have, an unknown field.
 * Reading attribute columns for the key is allowed (for copies; sync has further needs, R1).
 * @throws TF_MAPPING_INVALID once, with every problem
 */
export function compileMapping(loaded: LoadedMapping, sides: MappingSides): CompiledMapping {
  const definition = loaded.definition ?? {};
  const malformed = definitionProblems(definition);
  if (malformed.length > 0) throw invalid(malformed, loaded.title);
  const promised = definition.injective === true;
  if (definition.row !== undefined) return compileRow(definition.row, loaded.hash, sides.targetKey, promised);
  const { plan, carriedKeys, problems } = planColumns(definition, sides);
  if (problems.length > 0) throw invalid(problems, loaded.title);
  const proved = sides.sourceKey.length > 0 && sides.sourceKey.every((column) => carriedKeys.has(column.name));
  return {
    hash: loaded.hash,
    mode: applyMode(plan, sides.originColumns),
    targetKey: plan.targetKey.map(({ name, type }) => ({ name, type })),
    identity: isIdentity(definition, plan),
    injective: proved || promised,
    injectiveBy: proved ? "proof" : promised ? "promise" : undefined,
    plan,
    map: applyPlan(plan),
  };
}

function compileRow(
  row: NonNullable<MappingDefinition["row"]>,
  hash: string,
  targetKey: readonly KeySchema[],
  promised: boolean,
): CompiledMapping {
  return {
    hash,
    mode: "look-up",
    targetKey: targetKey.map(({ name, type }) => ({ name, type })),
    identity: false,
    injective: promised,
    injectiveBy: promised ? "promise" : undefined,
    plan: undefined,
    map: applyRow(row, targetKey),
  };
}

function isIdentity(definition: MappingDefinition, plan: ColumnPlan): boolean {
  const sameKey =
    plan.targetKey.length === plan.sourceKey.length &&
    plan.targetKey.every(({ name, from }, i) => from.kind === "key" && from.name === name && plan.sourceKey[i]?.name === name);
  return sameKey && plan.columns.length === 0 && plan.rest === "copy" && plan.keep === undefined && (definition.drop ?? []).length === 0;
}

function invalid(problems: readonly string[], title: string): TableferryError {
  const message = problems.length === 1 ? problems[0]! : `${problems.length} rules are wrong\n  ${problems.join("\n  ")}`;
  return new TableferryError("TF_MAPPING_INVALID", {
    message,
    place: title,
    wayOut: problems.length === 1 ? undefined : "Correct the rules named.",
  });
}
