import { operations, type OperationName } from "../../wire/operation/operations.ts";

/** The tables that a request names; none where its body is no request, which its operation will say. */
export function namedTables(operation: OperationName, body: Uint8Array): readonly string[] {
  let request: unknown;
  try {
    request = operations[operation].decodeRequest(body);
  } catch {
    return [];
  }
  if (!isObject(request)) return [];
  const holders = [request, request["meta"], ...(Array.isArray(request["tables"]) ? request["tables"] : [])];
  return holders.flatMap((holder: unknown) => (isObject(holder) && typeof holder["tableName"] === "string" ? [holder["tableName"]] : []));
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
