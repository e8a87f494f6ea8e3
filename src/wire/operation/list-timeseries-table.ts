import type { Empty } from "./empty.ts";
import type { Operation } from "./operation.ts";
import { pending } from "./pending.ts";

export type ListTimeseriesTableRequest = Empty;

/** Only the names; the rest of a timeseries table's meta is skipped. */
export interface ListTimeseriesTableResponse {
  readonly tableNames: readonly string[];
}

export const listTimeseriesTable: Operation<ListTimeseriesTableRequest, ListTimeseriesTableResponse> = pending(
  "ListTimeseriesTable",
  "read",
);
