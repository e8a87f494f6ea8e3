import { toError } from "../../base/error.ts";
import type { TableStoreClient } from "../../client/table-store-client.ts";
import { findTable } from "../../connector/table-store/table-facts.ts";
import type { KeySchema } from "../../model/schema.ts";
import type { KeyValue } from "../../model/value.ts";
import { encodeChange } from "../../wire/plainbuffer/encode.ts";
import { ServiceError } from "../../wire/service-error.ts";

export interface CanaryTable {
  readonly client: TableStoreClient;
  readonly table: string;
}

/**
 * Tries the way back without changing anything: the stream of its source is on, and its target can be written, shown by a delete whose condition cannot
 * hold.
 * @returns what is wrong
 */
export async function canary(source: CanaryTable, target: CanaryTable, signal: AbortSignal): Promise<readonly string[]> {
  const stream = await tried(`the stream of ${source.table}`, async () => {
    const found = await findTable(source.client, source.table, signal);
    return found === undefined ? "there is no such table" : found.stream?.enabled === true ? undefined : "it is not switched on";
  });
  const write = await tried(`writing ${target.table}`, async () => {
    const found = await findTable(target.client, target.table, signal);
    if (found === undefined) return "there is no such table";
    const change = encodeChange({ type: "delete", key: found.meta.key.map(({ name, type }) => ({ name, value: unlikely(type) })) });
    try {
      // Should this key be there, nothing happens either: it would have to hold what no row holds.
      await target.client.deleteRow({ tableName: target.table, change, condition: never }, { signal });
      return "a delete whose condition cannot hold was accepted";
    } catch (error) {
      if (error instanceof ServiceError && error.code === "OTSConditionCheckFail") return undefined;
      throw error;
    }
  });
  return [stream, write].filter((problem) => problem !== undefined);
}

async function tried(what: string, act: () => Promise<string | undefined>): Promise<string | undefined> {
  try {
    const problem = await act();
    return problem === undefined ? undefined : `${what}: ${problem}`;
  } catch (error) {
    return `${what}: ${error instanceof ServiceError ? error.code : toError(error).message.split("\n")[0]}`;
  }
}

const never = {
  existence: "expectExist",
  filter: {
    type: "column",
    name: "tableferry_canary",
    comparator: "equal",
    value: "no row holds this",
    filterIfMissing: true,
    latestVersionOnly: true,
  },
} as const;

function unlikely(type: KeySchema["type"]): KeyValue {
  const text = "tableferry-canary";
  return type === "integer" ? -(2n ** 62n) - 4919n : type === "string" ? text : Buffer.from(text);
}
