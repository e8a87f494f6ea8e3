import { TableferryError } from "../../base/error.ts";
import { encodeChange } from "../../wire/plainbuffer/encode.ts";
import { ServiceError } from "../../wire/service-error.ts";
import { confirmed } from "../confirm.ts";
import { exitCodes, type ExitCode } from "../exit-code.ts";
import type { TableStoreClient } from "../../client/table-store-client.ts";
import type { Command, Invocation } from "../invocation.ts";
import { keyWords, parseKey } from "../key-argument.ts";
import { plainText } from "../render/plain-text.ts";
import { withStore } from "../table/open-store.ts";

export const tableDelete: Command = {
  run: async (invocation) => {
    const [table, ...words] = [invocation.arg(0), ...invocation.args.slice(1)];
    const drop = invocation.flag("drop");
    if (drop === words.length > 0) {
      const message = drop ? "--drop deletes the whole table, but a key is given too" : "no key is given";
      throw new TableferryError("TF_USAGE", {
        message,
        place: `table delete ${table}`,
        wayOut: "Give a row's key (customer=alice order=17), or --drop for the whole table.",
      });
    }
    return await withStore(invocation, (client) =>
      drop ? dropTable(invocation, client, table) : deleteRow(invocation, client, table, words),
    );
  },
};

async function dropTable(invocation: Invocation, client: TableStoreClient, table: string): Promise<ExitCode> {
  await client.describeTable(table);
  if (!(await confirmed(invocation, `Delete the table ${table} of ${client.instance} with all its rows?`))) return exitCodes.failed;
  await client.deleteTable(table);
  await invocation.reply({ instance: client.instance, table, dropped: true }, () => [
    `${invocation.terminal.paint.green("✓")} The table ${table} is deleted.`,
  ]);
  return exitCodes.ok;
}

async function deleteRow(invocation: Invocation, client: TableStoreClient, table: string, words: readonly string[]): Promise<ExitCode> {
  const { meta } = await client.describeTable(table);
  const key = parseKey(words, meta.key);
  const shown = plainText(keyWords(key).join(" "));
  if (!(await confirmed(invocation, `Delete the row ${shown} of ${table}?`))) return exitCodes.failed;
  try {
    await client.deleteRow({ tableName: table, change: encodeChange({ type: "delete", key }), condition: { existence: "expectExist" } });
  } catch (error) {
    if (!(error instanceof ServiceError) || error.code !== "OTSConditionCheckFail") throw error;
    throw new TableferryError("TF_ROW_MISSING", { message: "there is no row with this key", place: `${table}, ${shown}`, cause: error });
  }
  await invocation.reply({ instance: client.instance, table, deleted: 1 }, () => [
    `${invocation.terminal.paint.green("✓")} The row ${shown} is deleted.`,
  ]);
  return exitCodes.ok;
}
