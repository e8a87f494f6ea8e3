import { describeTable, type DescribeTableResponse } from "../../wire/operation/describe-table.ts";
import { answering } from "../call-context.ts";
import { reservedDetailsOf, streamDetailsOf } from "../table-details.ts";

export const answerDescribeTable = answering(describeTable, ({ tableName }, { store, instance }): DescribeTableResponse => {
  const table = store.catalogue.table(instance, tableName);
  const { record, schema } = table;
  return {
    meta: { tableName, key: schema.key, definedColumns: schema.definedColumns },
    reserved: reservedDetailsOf(record),
    options: schema.options,
    status: "active",
    stream: streamDetailsOf(store.streams.ofTable(table)),
    shardSplits: (record.cuts ?? []).map((cut) => Buffer.from(cut, "base64")),
    indexes: (table.indexes ?? []).map((index) => ({ ...index.schema, syncPhase: index.fillFrom === undefined ? "incremental" : "full" })),
    creationTime: record.createdAt,
  };
});
