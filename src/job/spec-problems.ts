import { z } from "zod";
import { nearestName } from "../base/nearest-name.ts";
import { looksSecret, namesSecret, type FieldPath } from "./looks-secret.ts";

/** One wrong field of a specification. */
export interface SpecProblem {
  readonly path: FieldPath;
  /** What is wrong and what was expected. */
  readonly text: string;
  /** The path of the field that a misspelt one most likely stands for. */
  readonly meant?: FieldPath | undefined;
}

type Issue = z.core.$ZodIssue;

/** Every wrong field, in words. Of a union's branches the one is reported that the user most likely meant. */
export function problemsOf(schema: z.ZodType, value: unknown): SpecProblem[] {
  const checked = schema.safeParse(value);
  const problems = checked.success ? [] : checked.error.issues.flatMap((issue) => explain(schema, value, [], issue));
  const meant = new Set(problems.flatMap((problem) => (problem.meant === undefined ? [] : [problem.meant.join("\0")])));
  return problems.filter((problem) => !problem.text.startsWith("missing") || !meant.has(problem.path.join("\0")));
}

function explain(schema: z.ZodType, root: unknown, base: FieldPath, issue: Issue): SpecProblem[] {
  const path = [...base, ...issue.path.map((step) => (typeof step === "symbol" ? String(step) : step))];
  if (issue.code === "unrecognized_keys") return issue.keys.map((key) => unknownField(schema, root, path, key));
  if (issue.code === "invalid_union" && issue.errors.length > 0) {
    const branches = issue.errors.map((issues) => ({ issues, problems: issues.flatMap((inner) => explain(schema, root, path, inner)) }));
    const fitting = branches.filter(({ issues }) => !issues.some((inner) => inner.path.length === 0 && inner.code !== "unrecognized_keys"));
    const best = fitting.toSorted((a, b) => weight(a.problems) - weight(b.problems))[0];
    return (
      best?.problems ?? [
        wrong(schema, root, path, branches.flatMap(({ issues }) => issues.filter((inner) => inner.path.length === 0)).map(expectation)),
      ]
    );
  }
  if (issue.code === "invalid_union" && "discriminator" in issue && valueAt(root, path) === undefined) {
    const holder = valueAt(root, path.slice(0, -1));
    const near = nearestName(String(issue.discriminator), typeof holder === "object" && holder !== null ? Object.keys(holder) : []);
    if (near !== undefined)
      return [{ path: [...path.slice(0, -1), near], text: `unknown field; did you mean \`${issue.discriminator}\`?`, meant: path }];
  }
  return [wrong(schema, root, path, [expectation(issue)])];
}

/** A misspelt field weighs less than a foreign one, so that `{ evn }` is read as `{ env }` and not as `{ file }`. */
function weight(problems: readonly SpecProblem[]): number {
  return problems.reduce((sum, problem) => sum + (problem.meant === undefined ? 1 : -1), 0);
}

function unknownField(schema: z.ZodType, root: unknown, path: FieldPath, key: string): SpecProblem {
  if (namesSecret(key)) {
    return {
      path: [...path, key],
      text: "secrets do not stand in a specification; name where they are: credentials: { env: PREFIX } or { file: PATH }",
    };
  }
  const known = [
    ...new Set(schemasAt(schema, root, path).flatMap((found) => (found instanceof z.ZodObject ? Object.keys(found.shape) : []))),
  ];
  const near = nearestName(key, known);
  const hint =
    near === undefined
      ? known.length === 0
        ? ""
        : `; known are ${known.map((name) => `\`${name}\``).join(", ")}`
      : `; did you mean \`${near}\`?`;
  return { path: [...path, key], text: `unknown field${hint}`, meant: near === undefined ? undefined : [...path, near] };
}

function wrong(schema: z.ZodType, root: unknown, path: FieldPath, expected: readonly string[]): SpecProblem {
  const described = schemasAt(schema, root, path).flatMap((found) => found.description ?? []);
  const forms = [...new Set(expected)].join(", or ");
  const wanted =
    described.length === 0
      ? forms
      : /^an? (text|number|whole number|list|object)$/.test(forms)
        ? `${forms}: ${described[0]}`
        : described[0]!;
  const found = valueAt(root, path);
  if (found === undefined) return { path, text: `missing; expected ${wanted}` };
  return { path, text: `expected ${wanted}; found ${shown(found, path)}` };
}

function shown(value: unknown, path: FieldPath): string {
  if (path.includes("credentials") || (typeof value === "string" && looksSecret(value))) return "something that is not shown here";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object" && value !== null) return "an object";
  const text = JSON.stringify(value) ?? String(value);
  return text.length <= 60 ? text : `${text.slice(0, 60)}…`;
}

/** What a check wanted, without naming what it got. */
function expectation(issue: Issue): string {
  switch (issue.code) {
    case "invalid_type":
      return (
        {
          string: "a text",
          number: "a number",
          int: "a whole number",
          boolean: "true or false",
          object: "an object",
          record: "an object",
          array: "a list",
        }[issue.expected as string] ?? issue.expected
      );
    case "invalid_value":
      return issue.values.length === 1
        ? JSON.stringify(issue.values[0])
        : `one of ${issue.values.map((value) => JSON.stringify(value)).join(", ")}`;
    case "too_small":
      return `${issue.origin === "string" || issue.origin === "array" ? "a length of " : ""}${issue.inclusive === false ? "more than" : "at least"} ${issue.minimum}`;
    case "too_big":
      return `${issue.origin === "string" || issue.origin === "array" ? "a length of " : ""}${issue.inclusive === false ? "less than" : "at most"} ${issue.maximum}`;
    case "invalid_format":
      return issue.format === "url"
        ? "a URL that begins with http:// or https://"
        : issue.format === "regex"
          ? `a text like ${issue.pattern}`
          : `${issue.format} text`;
    case "invalid_union":
      return "options" in issue && Array.isArray(issue.options)
        ? `one of ${issue.options.map((option) => JSON.stringify(option)).join(", ")}`
        : "another form";
    default:
      return issue.message;
  }
}

/** The schemas that govern a path: several where a union leaves it open. */
function schemasAt(schema: z.ZodType, value: unknown, path: FieldPath): z.ZodType[] {
  const open = unwrapped(schema, value);
  const [step, ...rest] = path;
  if (step === undefined) return open;
  const inner = typeof value === "object" && value !== null ? (value as Record<string | number, unknown>)[step] : undefined;
  return open.flatMap((one) => {
    const next =
      one instanceof z.ZodObject
        ? one.shape[String(step)]
        : one instanceof z.ZodArray
          ? one.element
          : one instanceof z.ZodRecord
            ? one.valueType
            : undefined;
    return next instanceof z.ZodType ? schemasAt(next, inner, rest) : [];
  });
}

function unwrapped(schema: z.ZodType, value: unknown): z.ZodType[] {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault) {
    const inner = schema.unwrap();
    return inner instanceof z.ZodType ? unwrapped(inner, value) : [];
  }
  if (!(schema instanceof z.ZodUnion)) return [schema];
  const options = schema.options
    .filter((option): option is z.ZodType => option instanceof z.ZodType)
    .flatMap((option) => unwrapped(option, value));
  if (!(schema instanceof z.ZodDiscriminatedUnion)) return options;
  const by = schema.def.discriminator;
  const tag = typeof value === "object" && value !== null ? (value as Record<string, unknown>)[by] : undefined;
  const matching = options.filter(
    (option) => option instanceof z.ZodObject && option.shape[by] instanceof z.ZodType && option.shape[by].safeParse(tag).success,
  );
  return matching.length > 0 ? matching : options;
}

/** What stands at a path, undefined where nothing does. */
export function valueAt(root: unknown, path: FieldPath): unknown {
  let found = root;
  for (const step of path) {
    if (typeof found !== "object" || found === null) return undefined;
    found = (found as Record<string | number, unknown>)[step];
  }
  return found;
}
