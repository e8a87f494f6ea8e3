import { describeTable, type DescribeTableResponse } from "../../wire/operation/describe-table.ts";
import { answering } from "../call-context.ts";
import { reservedDetailsOf, streamDetailsOf } from "../table-details.ts";

export const answerDescribeTable = answering(describeTable, ({ tableName }, { store, instance }): DescribeTableResponse => {
  const { record, schema } = store.catalogue.table(instance, tableName);
  return {
    meta: { tableName, key: schema.key, definedColumns: schema.definedColumns },
    reserved: reservedDetailsOf(record),
    options: schema.options,
    status: "active",
    stream: streamDetailsOf(record),
    shardSplits: [],
    indexes: schema.indexes,
    creationTime: record.createdAt,
  };
});
