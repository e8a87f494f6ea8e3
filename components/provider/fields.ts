import type { Failure, Properties } from "./handlers.ts";
import { UNKNOWN } from "./unknown.ts";

/** What a field may hold, with the words for it. */
export interface FieldRule {
  readonly expected: string;
  readonly optional?: boolean | undefined;
  readonly holds: (value: unknown) => boolean;
}

export const flagField: FieldRule = { expected: "true or false", optional: true, holds: (value) => typeof value === "boolean" };
export const textField = (expected: string, pattern = /./): FieldRule => ({
  expected,
  holds: (value) => typeof value === "string" && pattern.test(value),
});
export const wholeField = (least: number, most: number): FieldRule => ({
  expected: `a whole number from ${String(least)} to ${String(most)}`,
  holds: (value) => typeof value === "number" && Number.isInteger(value) && value >= least && value <= most,
});
export const optional = (rule: FieldRule): FieldRule => ({ ...rule, optional: true });

/** Every field that is wrong, missing or not known; values that are not known yet are left for when they are. */
export function wrongFields(rules: Readonly<Record<string, FieldRule>>, given: Properties): Failure[] {
  const failures: Failure[] = [];
  for (const [property, rule] of Object.entries(rules)) {
    const value = given[property];
    const fits = value === undefined ? rule.optional === true : value === UNKNOWN || rule.holds(value);
    if (!fits)
      failures.push({ property, reason: `${property}: ${value === undefined ? "missing; expected" : "expected"} ${rule.expected}` });
  }
  for (const property of Object.keys(given)) {
    if (!Object.hasOwn(rules, property))
      failures.push({ property, reason: `${property}: unknown field; known are ${Object.keys(rules).join(", ")}` });
  }
  return failures;
}

/** A field that check has found to be a text. */
export function text(properties: Properties, name: string): string {
  const value = properties[name];
  return typeof value === "string" ? value : "";
}

/** A field that check has found to be true or false; false where it was left out. */
export function flag(properties: Properties, name: string): boolean {
  return properties[name] === true;
}
