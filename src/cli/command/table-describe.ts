import type { DescribeTableResponse } from "../../wire/operation/describe-table.ts";
import { exitCodes } from "../exit-code.ts";
import type { Command } from "../invocation.ts";
import { count } from "../render/amounts.ts";
import { facts } from "../render/grid.ts";
import { withStore } from "../table/open-store.ts";

export const tableDescribe: Command = {
  run: (invocation) =>
    withStore(invocation, async (client) => {
      const table = await client.describeTable(invocation.arg(0));
      const document = tableDocument(table);
      await invocation.reply(document, () => {
        const { paint } = invocation.terminal;
        const { options, stream, indexes } = document;
        return [
          paint.bold(document.name),
          ...facts(
            [
              [
                "key",
                document.key
                  .map(({ name, type, autoIncrement }) => `${name} ${type}${autoIncrement ? " (auto increment)" : ""}`)
                  .join(", "),
              ],
              [
                "columns",
                document.definedColumns.length === 0
                  ? undefined
                  : document.definedColumns.map(({ name, type }) => `${name} ${type}`).join(", "),
              ],
              ["status", document.status],
              ["versions", count(options.maxVersions)],
              ["time to live", options.timeToLive < 0 ? "for ever" : `${count(options.timeToLive)} s`],
              ["deviation", `${count(options.maxDeviation)} s`],
              ["updates", options.allowUpdate ? "allowed" : "not allowed"],
              ["stream", stream.enabled ? `on, records kept ${stream.expirationHours ?? "?"} h` : "off"],
              ["indexes", indexes.length === 0 ? undefined : indexes.map(({ name, type }) => `${name} (${type})`).join(", ")],
              ["partitions", count(document.partitions)],
              ["created", document.created],
            ],
            paint,
          ),
        ];
      });
      return exitCodes.ok;
    }),
};

function tableDocument({ meta, options, status, stream, indexes, shardSplits, creationTime }: DescribeTableResponse) {
  return {
    name: meta.tableName,
    key: meta.key.map(({ name, type, autoIncrement }) => ({ name, type, autoIncrement: autoIncrement === true })),
    definedColumns: meta.definedColumns,
    status,
    options,
    stream: { enabled: stream?.enabled === true, expirationHours: stream?.expirationHours, originColumns: stream?.originColumns ?? [] },
    indexes: indexes.map(({ name, type, keyColumns, definedColumns }) => ({ name, type, keyColumns, definedColumns })),
    partitions: shardSplits.length + 1,
    // Microseconds do not fit a Date.
    created: creationTime === undefined ? undefined : new Date(Math.floor(creationTime / 1000)).toISOString(),
  };
}
