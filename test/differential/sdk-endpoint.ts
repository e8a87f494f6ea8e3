import TableStore from "tablestore";
import { startTableStore } from "../../src/testing.ts";

/** The official Node SDK pointed at an embedded server, over HTTP, as any of its users would do. */
export async function openSdk() {
  const store = await startTableStore();
  const client = (keys: { accessKeyId: string; accessKeySecret: string } = store) =>
    new TableStore.Client({
      accessKeyId: keys.accessKeyId,
      secretAccessKey: keys.accessKeySecret,
      endpoint: store.endpoint,
      instancename: store.instanceName,
      maxRetries: 0,
    });
  return { store, client: client(), clientWith: client, close: () => store.close() };
}

export const long = (value: number | string) => TableStore.Long.fromString(String(value));
export const any = (existence = "IGNORE", filter: unknown = null) =>
  new TableStore.Condition(TableStore.RowExistenceExpectation[existence], filter);

/** What the SDK makes of an error: status and the raw text of the body, which carries code and message (reference 9, defect 1). */
export async function refusal(call: Promise<unknown>): Promise<string> {
  try {
    await call;
  } catch (error) {
    if (error instanceof Error && "code" in error)
      return `${String(error.code)} ${error.message.replace(/[^\x20-\x7e]+/g, "|").replace(/\s*requestId:.*$/s, "")}`;
    throw error;
  }
  return "accepted";
}

interface SdkColumn {
  readonly columnName: string;
  readonly columnValue: unknown;
  readonly timestamp?: unknown;
}

/** A row as the SDK gives it, as plain text: `a=1 | c="x" n=5`. */
export function shown(row: { primaryKey?: { name: string; value: unknown }[]; attributes?: SdkColumn[] } | undefined): string {
  if (row?.primaryKey === undefined) return "none";
  const key = row.primaryKey.map(({ name, value }) => `${name}=${text(value)}`).join(" ");
  const cells = (row.attributes ?? []).map(({ columnName, columnValue }) => `${columnName}=${text(columnValue)}`).join(" ");
  return `${key} | ${cells}`.trim();
}

function text(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (value instanceof Uint8Array) return `0x${Buffer.from(value).toString("hex")}`;
  return String(value);
}
