import { ServiceError } from "../../wire/service-error.ts";

/** Parameters of a call by name: text out of a query, JSON values out of a body. What is null counts as left out. */
export type Parameters = Readonly<Record<string, unknown>>;

/** @throws ValidationFailed where it is missing or empty */
export function requiredText(parameters: Parameters, name: string): string {
  const text = optionalText(parameters, name) ?? "";
  return text === "" ? invalid(`${name} is required.`) : text;
}

/** Undefined where it is left out. @throws ValidationFailed for what is no text */
export function optionalText(parameters: Parameters, name: string): string | undefined {
  const value = parameters[name] ?? undefined;
  return value === undefined || typeof value === "string" ? value : invalid(`${name} must be a string.`);
}

/** One of these, undefined where it is left out. @throws ValidationFailed */
export function oneOf<Text extends string>(parameters: Parameters, name: string, allowed: readonly Text[]): Text | undefined {
  const text = optionalText(parameters, name);
  if (text === undefined) return undefined;
  return allowed.find((one) => one === text) ?? invalid(`${name} must be one of: ${allowed.join(", ")}.`);
}

/** Some of these, each once; undefined where the list is left out. @throws ValidationFailed */
export function someOf<Text extends string>(parameters: Parameters, name: string, allowed: readonly Text[]): readonly Text[] | undefined {
  const list = optionalTexts(parameters, name);
  const wrong = list?.find((text) => !allowed.some((one) => one === text));
  if (wrong !== undefined) return invalid(`${name} may name: ${allowed.join(", ")}.`);
  return list === undefined ? undefined : allowed.filter((one) => list.includes(one));
}

/** Undefined where the list is left out. @throws ValidationFailed */
export function optionalTexts(parameters: Parameters, name: string): readonly string[] | undefined {
  const list = optionalList(parameters, name);
  if (list === undefined) return undefined;
  return list.every((text) => typeof text === "string") ? list : invalid(`${name} must be a list of strings.`);
}

/** At least one. @throws ValidationFailed */
export function requiredTexts(parameters: Parameters, name: string): readonly string[] {
  const list = optionalTexts(parameters, name) ?? [];
  return list.length > 0 ? list : invalid(`${name} is required.`);
}

/** Undefined where the list is left out. @throws ValidationFailed */
export function optionalList(parameters: Parameters, name: string): readonly unknown[] | undefined {
  const list = parameters[name] ?? undefined;
  return list === undefined || Array.isArray(list) ? list : invalid(`${name} must be a list.`);
}

export function isObject(value: unknown): value is Parameters {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The code is the service's own for what it does not take, as its older control plane answered it (unverified of this one); texts but one are ours. */
export function invalid(text: string): never {
  throw new ServiceError(400, "ValidationFailed", text);
}
