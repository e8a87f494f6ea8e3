import type { Clock } from "../../base/clock.ts";
import { TableferryError } from "../../base/error.ts";
import type { TableStoreClient } from "../../client/table-store-client.ts";
import type { TableStoreEndpoint } from "../../job/endpoint-spec.ts";
import { defaultTableOptions, type KeySchema } from "../../model/schema.ts";
import type { DescribeTableResponse } from "../../wire/operation/describe-table.ts";
import { encodeKey } from "../../wire/plainbuffer/encode.ts";
import { ServiceError } from "../../wire/service-error.ts";
import { fullRange } from "./key-bounds.ts";
import { findTable, tableTitle } from "./table-facts.ts";

/** How the table is made where it is not there: the `create` of its endpoint. */
export type TableCreation = NonNullable<TableStoreEndpoint["create"]>;

/** A table that was just made is ready within seconds; longer than this is a fault. */
const readyWithinMs = 60_000;
const readyPollMs = 200;

/** The table, made if need be, with a key that rows can be written under. @throws TF_TARGET_MISSING, TF_TARGET_SCHEMA, TF_TARGET_AUTO_INCREMENT */
export async function obtainTable(
  client: TableStoreClient,
  table: string,
  creation: TableCreation | undefined,
  clock: Clock,
  signal?: AbortSignal,
): Promise<DescribeTableResponse> {
  const title = tableTitle(client, table);
  let found = await findTable(client, table, signal);
  if (found === undefined) {
    if (creation === undefined) throw new TableferryError("TF_TARGET_MISSING", { message: `there is no ${title}`, place: title });
    await createTable(client, table, creation, signal);
    found = await readyTable(client, table, clock, signal);
  }
  const automatic = found.meta.key.find((column) => column.autoIncrement === true);
  if (automatic !== undefined) {
    throw new TableferryError("TF_TARGET_AUTO_INCREMENT", {
      message: `key column ${automatic.name} of ${title} has AUTO_INCREMENT: the service chooses its values, so that rows can neither keep theirs nor be written twice without doubling`,
      place: `${title}, key column ${automatic.name}`,
    });
  }
  if (creation !== undefined) compareKeys(found.meta.key, creation.primaryKey, `\`create.primaryKey\``, title);
  return found;
}

async function createTable(client: TableStoreClient, tableName: string, creation: TableCreation, signal?: AbortSignal): Promise<void> {
  const request = {
    meta: { tableName, key: creation.primaryKey, definedColumns: [] },
    reserved: { read: 0, write: 0 },
    options: {
      timeToLive: creation.timeToLiveSeconds ?? defaultTableOptions.timeToLive,
      maxVersions: creation.maxVersions ?? defaultTableOptions.maxVersions,
      maxDeviation: creation.maxDeviationSeconds ?? defaultTableOptions.maxDeviation,
    },
    partitions: [],
    indexes: [],
  };
  await client.createTable(request, { signal }).catch((error: unknown) => {
    // Made by an earlier try whose answer was lost, or by somebody else at this moment; its key is compared all the same.
    if (!(error instanceof ServiceError && error.code === "OTSObjectAlreadyExist")) throw error;
  });
}

async function readyTable(client: TableStoreClient, table: string, clock: Clock, signal?: AbortSignal): Promise<DescribeTableResponse> {
  const began = clock.monotonic();
  for (;;) {
    const found = await findTable(client, table, signal);
    if (found?.status === "active") return found;
    if (clock.monotonic() - began > readyWithinMs) {
      throw new TableferryError("TF_TIMEOUT", {
        message: `${tableTitle(client, table)} was made and is not ready after ${readyWithinMs / 1000} s`,
        place: tableTitle(client, table),
      });
    }
    await clock.sleep(readyPollMs, signal);
  }
}

/** @throws TF_TARGET_SCHEMA with the first column that differs */
export function compareKeys(stored: readonly KeySchema[], wanted: readonly KeySchema[], whose: string, title: string): void {
  const text = (column: KeySchema | undefined) => (column === undefined ? "nothing" : `${column.name} (${column.type})`);
  for (let at = 0; at < Math.max(stored.length, wanted.length); at++) {
    const [here, there] = [stored[at], wanted[at]];
    if (here?.name === there?.name && here?.type === there?.type) continue;
    throw new TableferryError("TF_TARGET_SCHEMA", {
      message: `key column ${at + 1} of ${title} is ${text(here)}, ${whose} says ${text(there)}`,
      place: `${title}, key column ${here?.name ?? there?.name ?? at + 1}`,
      wayOut: "Change the mapping's key or the specification to the table's key, or name another table.",
    });
  }
}

/** Whether a table holds any row. */
export async function isEmptyTable(
  client: TableStoreClient,
  table: string,
  key: readonly KeySchema[],
  signal?: AbortSignal,
): Promise<boolean> {
  const { start, end } = fullRange(undefined, key);
  const page = await client.getRange(
    { tableName: table, direction: "forward", selection: { maxVersions: 1 }, limit: 1, start: encodeKey(start), end: encodeKey(end) },
    { signal },
  );
  return page.rows.length === 0 && page.nextStart === undefined;
}
