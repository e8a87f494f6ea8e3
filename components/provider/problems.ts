import type { SpecProblem } from "../../src/index.ts";
import type { Failure, Properties } from "./handlers.ts";
import { pathText, touches, unknownPaths } from "./unknown.ts";

/** Problems as Pulumi shows them; those that may go away once a value is known are left for then. */
export function failuresOf(problems: readonly SpecProblem[], inputs: Properties): Failure[] {
  const unknown = unknownPaths(inputs);
  return problems
    .filter(({ path }) => !unknown.some((open) => touches(path, open)))
    .map(({ path, text }) => ({ property: pathText(path), reason: `${pathText(path) || "inputs"}: ${text}` }));
}
