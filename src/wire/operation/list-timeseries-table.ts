import { empty, message, nested, operationOf, repeated, required, text, type Kind } from "../message.ts";
import type { Empty } from "./empty.ts";
import type { Operation } from "./operation.ts";

export type ListTimeseriesTableRequest = Empty;

/** Only the names; the rest of a timeseries table's meta is skipped. */
export interface ListTimeseriesTableResponse {
  readonly tableNames: readonly string[];
}

const tableMeta = nested(message<{ readonly tableName: string }>({ tableName: required(1, text) }));
const nameOfMeta: Kind<string> = {
  write: (writer, number, tableName) => tableMeta.write(writer, number, { tableName }),
  read: (reader) => tableMeta.read(reader).tableName,
};

/** The field numbers are the official documentation's; no official client's bytes were at hand (unverified). */
export const listTimeseriesTable: Operation<ListTimeseriesTableRequest, ListTimeseriesTableResponse> = operationOf(
  "ListTimeseriesTable",
  "read",
  empty,
  message<ListTimeseriesTableResponse>({ tableNames: repeated(1, nameOfMeta) }),
);
