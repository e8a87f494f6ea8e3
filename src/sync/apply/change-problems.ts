import type { Described } from "../../connector/connector.ts";
import type { CompiledMapping } from "../../job/mapping.ts";
import type { KeySchema } from "../../model/schema.ts";
import { keyInputs, ownerOf } from "./target-keys.ts";

export interface ChangeSides {
  readonly sourceKey: readonly KeySchema[];
  /** Columns whose old values stand in the source's stream records; undefined: none. */
  readonly originColumns: readonly string[] | undefined;
  readonly target: Pick<Described, "title" | "key">;
}

/**
 * What forbids replaying changes through a mapping that may well be fit for a copy (R1, R10); the planner makes one error of them. What
 * is wrong with the mapping itself, `compileMapping` has said.
 */
export function changeProblems(mapping: CompiledMapping, sides: ChangeSides): readonly string[] {
  const problems: string[] = [];
  const automatic = sides.target.key.find(({ autoIncrement }) => autoIncrement === true);
  if (automatic !== undefined)
    problems.push(
      `key: the key column ${automatic.name} of ${sides.target.title} has AUTO_INCREMENT, so that a row written again would be doubled`,
    );
  if (!mapping.injective) {
    problems.push(
      "key: different source rows could get the same target key, and overwrite and delete each other's rows; take all columns of the source's key into the target's, or promise `injective: true`",
    );
  }
  problems.push(...(mapping.plan === undefined ? functionProblems(mapping, sides) : planProblems(mapping, mapping.plan, sides)));
  return problems;
}

function planProblems(mapping: CompiledMapping, plan: NonNullable<CompiledMapping["plan"]>, sides: ChangeSides): string[] {
  const inputs = keyInputs(plan);
  if (inputs.length === 0) return [];
  const problems: string[] = [];
  const kept = new Set(sides.originColumns ?? []);
  const lacking = [...new Set(inputs)].filter((name) => !kept.has(name));
  if (lacking.length > 0) {
    problems.push(
      `key: reads ${lacking.join(", ")}, whose old values the source's stream does not keep: where a changed or deleted row was in the target could not be told; name them among the stream's origin columns`,
    );
  }
  if (mapping.injectiveBy !== "proof" && ownerOf(plan) === undefined) {
    problems.push(
      "key: a target key could pass from one source row to another, and rows do not say whose they are; carry the source's key columns over as attributes",
    );
  }
  return problems;
}

/** A function can give any key, so that it is held to one rule: the target's key begins with the source's. */
function functionProblems(mapping: CompiledMapping, { sourceKey }: ChangeSides): string[] {
  const wrong = sourceKey.find(({ type }, at) => mapping.targetKey[at]?.type !== type);
  if (wrong === undefined) return [];
  const key = sourceKey.map(({ name, type }) => `${name} (${type})`).join(", ");
  return [
    `row: the target's key must begin with the source's, ${key}, so that the rows that came of a deleted one can be found; ${wrong.name} has no counterpart`,
  ];
}
