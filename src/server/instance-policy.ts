import { TableferryError } from "../base/error.ts";
import { operations, type OperationName } from "../wire/operation/operations.ts";
import { ServiceError } from "../wire/service-error.ts";

/**
 * Who may do what in an instance, in the form of the cloud's access policies: statements with effect, principals, actions and resources. Every key of
 * an instance may do everything until a statement denies it; a denial outweighs what any statement allows. What of the cloud's language is not here is refused
 * when the policy is set, never ignored.
 */
export interface PolicyStatement {
  readonly Effect: "Allow" | "Deny";
  /** Ids of access keys, or `*`. */
  readonly Principal?: readonly string[] | undefined;
  /** Everybody but these access keys. */
  readonly NotPrincipal?: readonly string[] | undefined;
  /** `ots:PutRow`, `ots:*Row`, `ots:*`. */
  readonly Action: readonly string[];
  /** `acs:ots:*:*:instance/NAME` for all of it, `acs:ots:*:*:instance/NAME/table/TABLE` for a table; `*` stands for anything. */
  readonly Resource: readonly string[];
}

export interface PolicyDocument {
  readonly Version: "1";
  readonly Statement: readonly PolicyStatement[];
}

const fields = new Set(["Effect", "Principal", "NotPrincipal", "Action", "Resource"]);

/** @throws TF_POLICY_INVALID */
export function parsePolicy(value: unknown): PolicyDocument {
  if (!isObject(value) || value["Version"] !== "1" || !Array.isArray(value["Statement"]))
    return invalid('a policy is { "Version": "1", "Statement": [ … ] }');
  return { Version: "1", Statement: value["Statement"].map(parseStatement) };
}

function parseStatement(value: unknown, index: number): PolicyStatement {
  const place = `Statement[${index}]`;
  if (!isObject(value)) return invalid(`${place} is no object`);
  for (const field of Object.keys(value)) if (!fields.has(field)) return invalid(`${place}.${field} is not known here`);
  const effect = value["Effect"];
  if (effect !== "Allow" && effect !== "Deny") return invalid(`${place}.Effect is "Allow" or "Deny"`);
  const principal = texts(value["Principal"], `${place}.Principal`);
  const notPrincipal = texts(value["NotPrincipal"], `${place}.NotPrincipal`);
  if ((principal === undefined) === (notPrincipal === undefined)) return invalid(`${place} needs either Principal or NotPrincipal`);
  const action = texts(value["Action"], `${place}.Action`) ?? invalid(`${place}.Action is missing`);
  const resource = texts(value["Resource"], `${place}.Resource`) ?? invalid(`${place}.Resource is missing`);
  return { Effect: effect, Principal: principal, NotPrincipal: notPrincipal, Action: action, Resource: resource };
}

function texts(value: unknown, place: string): readonly string[] | undefined {
  if (value === undefined) return undefined;
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  return list.every((item): item is string => typeof item === "string" && item !== "")
    ? list
    : invalid(`${place} is a text or a list of texts`);
}

/** A request that a policy is held against. */
export interface PolicedCall {
  readonly keyId: string;
  readonly instance: string;
  readonly operation: OperationName;
  readonly body: Uint8Array;
}

/**
 * Refuses a call that a statement denies, whole: also a batch of which one table is denied (unverified whether the service would apply the rest).
 * @throws OTSNoPermissionAccess; what decoding the request throws
 */
export function refuseDenied(policy: PolicyDocument, { keyId, instance, operation, body }: PolicedCall): void {
  const about = policy.Statement.filter(
    ({ Effect, Principal, NotPrincipal, Action }) =>
      Effect === "Deny" &&
      (Principal === undefined ? !NotPrincipal!.some((one) => matches(one, keyId)) : Principal.some((one) => matches(one, keyId))) &&
      Action.some((action) => matches(action, `ots:${operation.replace("tunnel/", "Tunnel")}`)),
  );
  if (about.length === 0) return;
  const places = [`instance/${instance}`, ...tablesOf(operation, body).map((table) => `instance/${instance}/table/${table}`)];
  for (const { Resource } of about)
    if (Resource.some((resource) => places.some((place) => matches(placeOf(resource), place)))) throw denied();
}

/** The part of `acs:ots:REGION:ACCOUNT:PLACE` that tells resources of one server apart. */
function placeOf(resource: string): string {
  return resource.startsWith("acs:ots:") ? resource.split(":").slice(4).join(":") : resource;
}

function tablesOf(operation: OperationName, body: Uint8Array): string[] {
  const request: unknown = operations[operation].decodeRequest(body);
  if (!isObject(request)) return [];
  const { tableName, meta, tables } = request;
  const one = tableName ?? (isObject(meta) ? meta["name"] : undefined);
  if (typeof one === "string") return [one];
  return Array.isArray(tables)
    ? tables.flatMap((table: unknown) => (isObject(table) && typeof table["tableName"] === "string" ? [table["tableName"]] : []))
    : [];
}

function matches(pattern: string, text: string): boolean {
  const [first = "", ...rest] = pattern.split("*");
  if (rest.length === 0) return pattern === text;
  if (!text.startsWith(first)) return false;
  let at = first.length;
  const last = rest.pop()!;
  for (const part of rest) {
    const found = text.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return text.length - last.length >= at && text.endsWith(last);
}

function denied(): ServiceError {
  return new ServiceError(
    403,
    "OTSNoPermissionAccess",
    "You have no permission to access the requested resource, please contact the resource owner",
  );
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function invalid(message: string): never {
  throw new TableferryError("TF_POLICY_INVALID", { message, place: "policy" });
}
