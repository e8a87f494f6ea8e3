import type { ColumnPlan, CompiledMapping, Computation, Origin } from "./mapping.ts";

/**
 * How a plan can be applied to stream records (R1). A record of an update carries only the touched cells, so `cells` needs each
 * output to follow from one touched input alone, also when the input is absent: a rule that makes a value out of nothing
 * (a default) would be skipped for a row that an update creates.
 */
export function applyMode(plan: ColumnPlan, originColumns: readonly string[] | undefined): CompiledMapping["mode"] {
  const keys = new Set(plan.sourceKey.map((column) => column.name));
  const reads = (origin: Origin): readonly string[] => {
    if (origin.kind === "column") return [origin.name];
    return origin.kind === "computed" ? plan.computed[origin.index]!.inputs.filter((name) => !keys.has(name)) : [];
  };
  const keyReads = plan.targetKey.flatMap(({ from }) => reads(from));
  const perCell = plan.columns.every(({ from }) => {
    const attributes = reads(from);
    return (
      attributes.length === 0 || (attributes.length === 1 && !(from.kind === "computed" && makesOfNothing(plan.computed[from.index]!)))
    );
  });
  if (plan.keep === undefined && keyReads.length === 0 && perCell) return "cells";
  const kept = plan.keep === undefined ? [] : plan.computed[plan.keep]!.inputs.filter((name) => !keys.has(name));
  const origin = new Set(originColumns ?? []);
  const all = [...keyReads, ...kept, ...plan.columns.flatMap(({ from }) => reads(from))];
  return originColumns !== undefined && all.every((name) => origin.has(name)) ? "image" : "look-up";
}

/** Whether a one-input rule gives a value for a missing input. Rules are pure, so asking is free of consequences. */
function makesOfNothing(computation: Computation): boolean {
  try {
    const value = computation.apply(computation.inputs.map(() => undefined));
    return value !== undefined && value !== null;
  } catch {
    return false;
  }
}
