import { nearestName } from "../base/nearest-name.ts";
import { INTEGER_MAX, INTEGER_MIN, typeOf, type Value } from "../model/value.ts";
import type { MappingDefinition } from "./mapping.ts";

const fields = ["key", "columns", "rest", "drop", "keep", "row", "injective"] as const;
const ruleFields = ["from", "as", "default", "constant", "inputs", "derive"] as const;
const types = ["integer", "double", "string", "boolean", "binary"];

/** What is wrong with a definition by its form alone. A module written in JavaScript may hand over anything. */
export function definitionProblems(definition: MappingDefinition): string[] {
  const problems = unknownFields(definition, fields, "mapping");
  const isText = (list: unknown): boolean => Array.isArray(list) && list.every((item) => typeof item === "string");
  if (definition.rest !== undefined && definition.rest !== "copy" && definition.rest !== "drop")
    problems.push(`rest: expected "copy" or "drop"`);
  if (definition.drop !== undefined && !isText(definition.drop)) problems.push("drop: expected a list of column names");
  if (definition.injective !== undefined && typeof definition.injective !== "boolean") problems.push("injective: expected true or false");
  if (definition.keep !== undefined && (!isText(definition.keep?.inputs) || typeof definition.keep?.when !== "function")) {
    problems.push("keep: expected { inputs: [column names], when: function }");
  }
  for (const part of ["key", "columns"] as const) problems.push(...partProblems(definition[part], part));
  if (definition.row !== undefined) {
    if (typeof definition.row !== "function") problems.push("row: expected a function");
    const beside = (["key", "columns", "rest", "drop", "keep"] as const).filter((field) => definition[field] !== undefined);
    if (beside.length > 0) problems.push(`row: makes the whole row, so ${beside.map((field) => `\`${field}\``).join(", ")} must be absent`);
  }
  return problems;
}

function partProblems(rules: unknown, part: string): string[] {
  if (rules === undefined) return [];
  if (!isRecord(rules)) return [`${part}: expected an object of rules by column name`];
  return Object.entries(rules).flatMap(([name, rule]) => ruleProblems(rule, `${part}.${name}`));
}

function ruleProblems(rule: unknown, place: string): string[] {
  if (typeof rule === "string") return rule === "" ? [`${place}: expected the name of a source column`] : [];
  if (rule === undefined) return [`${place}: expected a rule`];
  if (!isRecord(rule)) return [`${place}: expected a column name, { from }, { constant } or { inputs, derive }`];
  const problems = unknownFields(rule, ruleFields, place);
  const forms = ["from", "constant", "derive"].filter((form) => form in rule);
  if (forms.length !== 1) return [...problems, `${place}: expected exactly one of \`from\`, \`constant\` and \`derive\``];
  if ("from" in rule) {
    if (typeof rule.from !== "string" || rule.from === "") problems.push(`${place}.from: expected the name of a source column`);
    if (rule.as !== undefined && !types.includes(String(rule.as))) problems.push(`${place}.as: expected one of ${types.join(", ")}`);
    if (rule.default !== undefined) problems.push(...valueProblem(rule.default, `${place}.default`));
    else if ("default" in rule && rule.default === null) problems.push(`${place}.default: expected a value`);
    if (isValue(rule.default) && rule.as !== undefined && typeOf(rule.default) !== rule.as)
      problems.push(`${place}.default: expected a value of type ${String(rule.as)}, found ${typeOf(rule.default)}`);
  }
  if ("constant" in rule) problems.push(...valueProblem(rule.constant, `${place}.constant`));
  if ("derive" in rule) {
    if (typeof rule.derive !== "function") problems.push(`${place}.derive: expected a function`);
    if (!Array.isArray(rule.inputs) || !rule.inputs.every((input) => typeof input === "string"))
      problems.push(`${place}.inputs: expected the names of the columns that \`derive\` reads`);
  }
  return problems;
}

function valueProblem(value: unknown, place: string): string[] {
  const why = notAValueBecause(value);
  return why === undefined ? [] : [`${place}: ${why}`];
}

function unknownFields(object: object, known: readonly string[], place: string): string[] {
  return Object.keys(object)
    .filter((name) => !known.includes(name))
    .map((name) => {
      const near = nearestName(name, known);
      return `${place}.${name}: unknown field${near === undefined ? "" : `; did you mean \`${near}\`?`}`;
    });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array);
}

/** Whether something is a value that a cell can hold. */
export function isValue(value: unknown): value is Value {
  return notAValueBecause(value) === undefined;
}

/** Why something cannot be a cell's value, in words that follow "gave x …"; undefined where it can. */
export function notAValueBecause(value: unknown): string | undefined {
  switch (typeof value) {
    case "boolean":
    case "number":
      return undefined;
    case "bigint":
      return value >= INTEGER_MIN && value <= INTEGER_MAX ? undefined : `${value}, which does not fit into 64 bits`;
    case "string":
      return value.isWellFormed() ? undefined : "a text with half a surrogate pair, which UTF-8 cannot hold";
    default:
      return value instanceof Uint8Array
        ? undefined
        : `${value === null ? "null" : Array.isArray(value) ? "a list" : typeof value === "object" ? "an object" : `a ${typeof value}`}, expected a bigint, number, string, boolean or Uint8Array`;
  }
}
