import { TableferryError } from "../base/error.ts";
import type { Described, ScanScope } from "../connector/connector.ts";
import type { KeySchema } from "../model/schema.ts";
import { planCoverage, type Coverage } from "./coverage.ts";
import type { VerificationInput } from "./verification-input.ts";

/** What is known of both sides before the first row. */
export interface Sides {
  readonly source: Described;
  readonly target: Described;
  readonly coverage: Coverage;
  /** The key of compared rows; empty where they have none. */
  readonly key: readonly KeySchema[];
}

/** Milliseconds before a cell's expiry at which it is no longer compared: it may go from one side first. */
const EXPIRY_MARGIN_MS = 10 * 60 * 1000;

/** @throws TF_SOURCE_MISSING, TF_TARGET_MISSING, TF_SPEC_INVALID */
export async function describeSides(input: VerificationInput): Promise<Sides> {
  const { signal } = input.context;
  const [source, target] = await Promise.all([input.source.describe(signal), input.target.describe(signal)]);
  if (!source.exists) throw new TableferryError("TF_SOURCE_MISSING", { message: `${source.title} does not exist`, place: "source" });
  if (!target.exists) throw new TableferryError("TF_TARGET_MISSING", { message: `${target.title} does not exist`, place: "target" });
  const coverage = planCoverage({
    scope: input.scope,
    mapping: input.mapping,
    source,
    target,
    targetLooksUp: input.target.lookUp !== undefined,
    targetHoldsOnlyThis: input.targetHoldsOnlyThis ?? false,
  });
  const mappedKey = input.mapping === undefined ? target.key : input.mapping.targetKey;
  return { source, target, coverage, key: mappedKey };
}

/**
 * A side that was deleted and made anew is another one: nothing read of the first says anything of it (engine rule R9).
 * @throws TF_INCARNATION
 */
export async function checkSidesRemain(input: VerificationInput, { source, target }: Sides): Promise<void> {
  const { signal } = input.context;
  const [sourceNow, targetNow] = await Promise.all([input.source.describe(signal), input.target.describe(signal)]);
  for (const [before, now] of [
    [source, sourceNow],
    [target, targetNow],
  ] as const) {
    if (before.incarnation === now.incarnation) continue;
    throw new TableferryError("TF_INCARNATION", {
      message: `${before.title} was changed as a whole, or made anew, while it was being compared`,
      wayOut: "Run the verification again.",
    });
  }
}

/** A scope without cells that expire soon, where timestamps are kept and a side has a time to live (engine rules R5, R7). */
export function withoutExpiringCells(scope: ScanScope, sides: Pick<Sides, "source" | "target">, nowMs: number): ScanScope {
  const lives = [sides.source, sides.target].map(({ timeToLiveSeconds }) => timeToLiveSeconds).filter((seconds) => seconds > 0);
  if (scope.versions !== "keep" || lives.length === 0) return scope;
  return { ...scope, oldest: Math.max(scope.oldest ?? 0, nowMs - Math.min(...lives) * 1000 + EXPIRY_MARGIN_MS) };
}
