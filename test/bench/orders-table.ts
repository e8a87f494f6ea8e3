import type { CreateTableRequest } from "../../src/wire/operation/create-table.ts";

/** What makes a table for the corpus (corpus.ts). */
export function ordersTable(tableName: string, stream?: CreateTableRequest["stream"]): CreateTableRequest {
  return {
    meta: {
      tableName,
      key: [
        { name: "customer", type: "string" },
        { name: "order", type: "integer" },
      ],
      definedColumns: [],
    },
    reserved: { read: 0, write: 0 },
    options: { timeToLive: -1, maxVersions: 1 },
    partitions: [],
    indexes: [],
    stream,
  };
}
