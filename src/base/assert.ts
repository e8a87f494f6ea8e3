import { TableferryError } from "./error.ts";

/** Stops at a state that must not occur; the text says what was expected. */
export function assert(condition: boolean, expected: string): asserts condition {
  if (!condition) throw new TableferryError("TF_INTERNAL", { message: `expected ${expected}` });
}

/** The end of an exhaustive switch. */
export function unreachable(value: never): never {
  throw new TableferryError("TF_INTERNAL", { message: `unexpected case ${String(value)}` });
}
