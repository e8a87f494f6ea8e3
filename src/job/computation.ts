import type { Value } from "../model/value.ts";
import { castValue } from "./cast.ts";
import { notAValueBecause } from "./check-definition.ts";
import { RowRefused, type Computation, type DeriveRule, type FromRule, type MappingDefinition } from "./mapping.ts";
import { mappingThrew, notAValue, notCastable } from "./refusals.ts";

type Inputs = readonly (Value | undefined)[];

/** A copy that casts or has a default. The default stands in for a missing input only, and is not cast. */
export function castOf(rule: FromRule, column: string): Computation {
  const { from, as } = rule;
  const standIn = rule.default;
  return {
    inputs: [from],
    perVersion: true,
    apply: ([value]) => {
      if (value === undefined) return standIn;
      if (as === undefined) return value;
      const cast = castValue(value, as);
      if (cast === undefined) throw notCastable(column, from, value, as);
      return cast;
    },
  };
}

/** The user's function behind a guard: what it throws, and what is no value, refuses the row. */
export function deriveOf(rule: DeriveRule, column: string): Computation {
  const derive = spreading(rule.derive as (...inputs: Inputs) => unknown, rule.inputs.length);
  return {
    inputs: rule.inputs,
    apply: (inputs) => {
      let result: unknown;
      try {
        result = derive(inputs);
      } catch (thrown) {
        throw refusalFor(thrown, column);
      }
      if (result === undefined || result === null) return undefined;
      return checkedValue(result, column);
    },
  };
}

/** A filter's answer as a computed boolean. */
export function keepOf(keep: NonNullable<MappingDefinition["keep"]>): Computation {
  const when = keep.when as (...inputs: Inputs) => unknown;
  return {
    inputs: keep.inputs,
    apply: (inputs) => {
      const answer = guarded(() => when(...inputs), "keep");
      if (typeof answer !== "boolean") throw notAValue("keep", `a ${typeof answer}, expected true or false`);
      return answer;
    },
  };
}

/** The user's function called with a list, without making another list a row where there are few inputs. */
function spreading(derive: (...inputs: Inputs) => unknown, count: number): (inputs: Inputs) => unknown {
  if (count === 1) return (inputs) => derive(inputs[0]);
  if (count === 2) return (inputs) => derive(inputs[0], inputs[1]);
  return (inputs) => derive(...inputs);
}

/** Calls the user's code; its own refusals pass, whatever else it throws becomes one. */
export function guarded<T>(call: () => T, column: string | undefined): T {
  try {
    return call();
  } catch (thrown) {
    throw refusalFor(thrown, column);
  }
}

function refusalFor(thrown: unknown, column: string | undefined): RowRefused {
  return thrown instanceof RowRefused ? thrown : mappingThrew(column, thrown);
}

export function checkedValue(result: unknown, column: string): Value {
  const why = notAValueBecause(result);
  if (why !== undefined) throw notAValue(column, why);
  return result as Value;
}
