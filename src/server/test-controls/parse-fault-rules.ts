import { TableferryError } from "../../base/error.ts";
import { nearestName } from "../../base/nearest-name.ts";
import { isOperationName, operations, type OperationName } from "../../wire/operation/operations.ts";
import type { FaultEffect, FaultRule } from "./fault-rule.ts";
import { knownErrors } from "./known-errors.ts";

type Fields = Readonly<Record<string, unknown>>;

const batches: readonly OperationName[] = ["BatchWriteRow", "BatchGetRow"];

/** Rules from outside, checked whole: a rule with a slip in it would otherwise never strike, and the test with it prove nothing. @throws TF_FAULT_INVALID */
export function parseFaultRules(value: unknown): readonly FaultRule[] {
  if (!Array.isArray(value)) return wrong("rules", "is no list");
  return value.map((rule: unknown, i) => parseRule(rule, `rules[${i}]`));
}

function parseRule(value: unknown, at: string): FaultRule {
  const fields = fieldsOf(value, at, ["operations", "instance", "table", "skip", "times", "probability", "effect"]);
  const names = operationNames(fields["operations"], `${at}.operations`);
  const effect = parseEffect(fields["effect"], `${at}.effect`);
  if (effect.type === "failRows" && names?.some((name) => !batches.includes(name)) === true) {
    wrong(`${at}.operations`, `has rows to fail only in ${batches.join(" and ")}`);
  }
  return {
    operations: names,
    instance: text(fields, "instance", at),
    table: text(fields, "table", at),
    skip: whole(fields, "skip", at),
    times: whole(fields, "times", at),
    probability: share(fields, "probability", at),
    effect,
  };
}

function parseEffect(value: unknown, at: string): FaultEffect {
  const type = typeof value === "object" && value !== null && "type" in value ? value.type : undefined;
  switch (type) {
    case "error": {
      const fields = fieldsOf(value, at, ["type", "code", "status", "text"]);
      const code = codeOf(fields, at) ?? wrong(`${at}.code`, "is missing");
      const effect = { type, code, status: whole(fields, "status", at), text: text(fields, "text", at) };
      if (!knownErrors.has(code) && (effect.status === undefined || effect.text === undefined)) {
        wrong(at, `needs a status and a text: ${code} has none of its own`);
      }
      if (effect.status !== undefined && (effect.status < 400 || effect.status > 599)) wrong(`${at}.status`, "is no status of an error");
      return effect;
    }
    case "throttle": {
      const fields = fieldsOf(value, at, ["type", "perSecond", "code"]);
      const perSecond = whole(fields, "perSecond", at) ?? wrong(`${at}.perSecond`, "is missing");
      return { type, perSecond, code: knownCode(fields, at) };
    }
    case "delay": {
      const fields = fieldsOf(value, at, ["type", "ms"]);
      return { type, ms: whole(fields, "ms", at) ?? wrong(`${at}.ms`, "is missing") };
    }
    case "failRows": {
      const fields = fieldsOf(value, at, ["type", "rows", "share", "code", "text"]);
      const rows = rowNumbers(fields["rows"], `${at}.rows`);
      const wanted = share(fields, "share", at);
      if (rows !== undefined && wanted !== undefined) wrong(at, "has rows and a share; one of them is enough");
      const own = text(fields, "text", at);
      return { type, rows, share: wanted, text: own, code: own === undefined ? knownCode(fields, at) : codeOf(fields, at) };
    }
    case "cutRequest":
    case "dropReply":
    case "cutReply":
      fieldsOf(value, at, ["type"]);
      return { type };
    default:
      return wrong(`${at}.type`, "is none of error, throttle, delay, cutRequest, dropReply, cutReply, failRows");
  }
}

function fieldsOf(value: unknown, at: string, known: readonly string[]): Fields {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return wrong(at, "is no object");
  for (const name of Object.keys(value)) {
    if (known.includes(name)) continue;
    const near = nearestName(name, known);
    wrong(`${at}.${name}`, `is not known${near === undefined ? "" : `; did you mean ${near}?`}`);
  }
  return { ...value };
}

function operationNames(value: unknown, at: string): readonly OperationName[] | undefined {
  if (value === undefined) return undefined;
  if (!Array.isArray(value) || value.length === 0) return wrong(at, "is no list of names");
  return value.map((name: unknown) => {
    if (typeof name === "string" && isOperationName(name)) return name;
    const near = nearestName(String(name), Object.keys(operations));
    return wrong(at, `has the unknown operation ${JSON.stringify(name)}${near === undefined ? "" : `; did you mean ${near}?`}`);
  });
}

function rowNumbers(value: unknown, at: string): readonly number[] | undefined {
  if (value === undefined) return undefined;
  if (!Array.isArray(value) || value.length === 0) return wrong(at, "is no list of numbers");
  return value.map((row: unknown) => (isWhole(row) ? row : wrong(at, "has something that is no whole number from 0")));
}

function codeOf(fields: Fields, at: string): string | undefined {
  const code = text(fields, "code", at);
  return code === undefined || /^OTS[A-Za-z]+$/.test(code) ? code : wrong(`${at}.code`, "is no code of the service: they begin with OTS");
}

/** A code whose status and text are known. */
function knownCode(fields: Fields, at: string): string | undefined {
  const code = codeOf(fields, at);
  if (code === undefined || knownErrors.has(code)) return code;
  const near = nearestName(code, knownErrors.keys());
  return wrong(`${at}.code`, `has no text of its own${near === undefined ? "" : `; did you mean ${near}?`}`);
}

function text(fields: Fields, name: string, at: string): string | undefined {
  const value = fields[name];
  return value === undefined || (typeof value === "string" && value !== "") ? value : wrong(`${at}.${name}`, "is no text");
}

function whole(fields: Fields, name: string, at: string): number | undefined {
  const value = fields[name];
  return value === undefined || isWhole(value) ? value : wrong(`${at}.${name}`, "is no whole number from 0");
}

function share(fields: Fields, name: string, at: string): number | undefined {
  const value = fields[name];
  if (value === undefined || (typeof value === "number" && value >= 0 && value <= 1)) return value;
  return wrong(`${at}.${name}`, "is no number from 0 to 1");
}

function isWhole(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function wrong(place: string, what: string): never {
  throw new TableferryError("TF_FAULT_INVALID", { message: `${place} ${what}`, place });
}
