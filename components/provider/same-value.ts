import { UNKNOWN } from "./unknown.ts";

/**
 * Deep equality of JSON values. A field that is undefined counts as left out; a value that is not known yet counts as unchanged: what
 * stays equal once it is known was not worth an update, and what does not is seen when it is.
 */
export function sameValue(before: unknown, now: unknown): boolean {
  if (now === UNKNOWN || Object.is(before, now)) return true;
  if (typeof before !== "object" || typeof now !== "object" || before === null || now === null) return false;
  if (Array.isArray(before) !== Array.isArray(now)) return false;
  const [left, right]: [Record<string, unknown>, Record<string, unknown>] = [{ ...before }, { ...now }];
  return [...new Set([...Object.keys(left), ...Object.keys(right)])].every((key) => sameValue(left[key], right[key]));
}

/** Whether a thing with an identity of its own has been deleted and made anew; where either side does not say, it has not. */
export function remade(before: unknown, now: unknown): boolean {
  return before !== undefined && now !== undefined && !sameValue(before, now);
}
