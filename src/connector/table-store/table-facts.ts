import type { TableStoreClient } from "../../client/table-store-client.ts";
import { defaultTableOptions } from "../../model/schema.ts";
import type { DescribeTableResponse } from "../../wire/operation/describe-table.ts";
import { ServiceError } from "../../wire/service-error.ts";
import type { Described } from "../connector.ts";

export function tableTitle(client: TableStoreClient, table: string): string {
  return `table ${table} of instance ${client.instance}`;
}

/** The table as the service describes it, undefined where there is none. */
export async function findTable(client: TableStoreClient, table: string, signal?: AbortSignal): Promise<DescribeTableResponse | undefined> {
  return client.describeTable(table, { signal }).catch((error: unknown) => {
    if (error instanceof ServiceError && error.code === "OTSObjectNotExist") return undefined;
    throw error;
  });
}

/** A table by its description; tables never hold two rows of one key, and take any attribute column. */
export function describedTable(title: string, found: DescribeTableResponse | undefined): Described {
  const options = found?.options ?? defaultTableOptions;
  return {
    exists: found !== undefined,
    title,
    key: found?.meta.key ?? [],
    columns: found?.meta.definedColumns ?? [],
    open: true,
    uniqueKeys: true,
    incarnation: found === undefined ? "" : incarnationOf(found),
    maxVersions: options.maxVersions,
    timeToLiveSeconds: options.timeToLive,
    allowUpdate: options.allowUpdate,
  };
}

/** Time of creation and stream id (engine rule R9), as far as the service tells them. */
function incarnationOf(found: DescribeTableResponse): string {
  return `${found.creationTime ?? "unknown"}/${found.stream?.streamId ?? "no stream"}`;
}
