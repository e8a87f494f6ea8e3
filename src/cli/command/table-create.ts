import { TableferryError } from "../../base/error.ts";
import { defaultTableOptions, type KeySchema } from "../../model/schema.ts";
import type { KeyType } from "../../model/value.ts";
import { exitCodes } from "../exit-code.ts";
import type { Command, Invocation } from "../invocation.ts";
import { withStore } from "../table/open-store.ts";

export const tableCreate: Command = {
  run: async (invocation) => {
    const name = invocation.arg(0);
    const key = keyColumns(invocation);
    const maxVersions = invocation.number("maxVersions");
    const timeToLive = seconds(invocation);
    return await withStore(invocation, async (client) => {
      const options = {
        ...defaultTableOptions,
        ...(maxVersions === undefined ? {} : { maxVersions }),
        ...(timeToLive === undefined ? {} : { timeToLive }),
      };
      const meta = { tableName: name, key, definedColumns: [] };
      await client.createTable({ meta, reserved: { read: 0, write: 0 }, options, partitions: [], indexes: [] });
      await invocation.reply({ instance: client.instance, table: name, created: true }, () => [
        `${invocation.terminal.paint.green("✓")} The table ${name} is made.`,
      ]);
      return exitCodes.ok;
    });
  },
};

const types: readonly string[] = ["string", "integer", "binary"] satisfies KeyType[];
const isKeyType = (text: string): text is KeyType => types.includes(text);

function keyColumns(invocation: Invocation): KeySchema[] {
  const fail = (message: string) =>
    new TableferryError("TF_USAGE", {
      message,
      place: "--key",
      wayOut: "Give 1 to 4 key columns in order: --key customer:string --key order:integer.",
    });
  const columns = invocation.list("key").map((word): KeySchema => {
    const colon = word.lastIndexOf(":");
    const type = word.slice(colon + 1);
    if (colon <= 0 || !isKeyType(type)) throw fail(`${JSON.stringify(word)} is not name:type with type string, integer or binary`);
    return { name: word.slice(0, colon), type };
  });
  if (columns.length === 0 || columns.length > 4)
    throw fail(columns.length === 0 ? "a table needs a key column" : "a table has at most 4 key columns");
  return columns;
}

function seconds(invocation: Invocation): number | undefined {
  const text = invocation.text("timeToLive");
  if (text === undefined) return undefined;
  if (!/^(-1|\d{1,9})$/.test(text)) {
    throw new TableferryError("TF_USAGE", {
      message: `${JSON.stringify(text)} is no number of seconds`,
      place: "--time-to-live",
      wayOut: "Give at least 86400, or -1 for ever.",
    });
  }
  return Number(text);
}
