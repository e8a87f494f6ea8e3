/** What Pulumi sends in previews for a value that is not known yet, of whatever type (`pulumi.runtime.unknownValue`). */
export const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

export type Path = readonly (string | number)[];

/** Where in a value something is not known yet. */
export function unknownPaths(value: unknown, path: Path = []): Path[] {
  if (value === UNKNOWN) return [path];
  if (typeof value !== "object" || value === null) return [];
  const steps: readonly (readonly [string | number, unknown])[] = Array.isArray(value)
    ? value.map((item, i) => [i, item] as const)
    : Object.entries(value);
  return steps.flatMap(([step, inner]) => unknownPaths(inner, [...path, step]));
}

/** Whether what is said about `path` may change when `unknown` becomes known: one lies within the other. */
export function touches(path: Path, unknown: Path): boolean {
  return path.slice(0, unknown.length).every((step, i) => step === unknown[i]);
}

/** `source.filter[0].value`, as Pulumi writes property paths. */
export function pathText(path: Path): string {
  return path.map((step, i) => (typeof step === "number" ? `[${String(step)}]` : i === 0 ? step : `.${step}`)).join("");
}
