import type { TableStoreClient } from "../../client/table-store-client.ts";
import type { KeySchema } from "../../model/schema.ts";
import { encodeChange } from "../../wire/plainbuffer/encode.ts";
import { exitCodes } from "../exit-code.ts";
import type { Command } from "../invocation.ts";
import { keyWords } from "../key-argument.ts";
import { counted } from "../render/amounts.ts";
import { plainText } from "../render/plain-text.ts";
import { parseRow } from "../row-json.ts";
import { withStore } from "../table/open-store.ts";

/** Rows under way at once when many come from standard input. */
const inFlight = 16;

export const tablePut: Command = {
  run: (invocation) =>
    withStore(invocation, async (client) => {
      const table = invocation.arg(0);
      const given = invocation.arg(1);
      const { meta } = await client.describeTable(table);
      if (given !== "-") {
        const key = await put(client, table, meta.key, given, "the row given");
        await invocation.reply({ instance: client.instance, table, written: 1 }, () => [
          `${invocation.terminal.paint.green("✓")} ${table} has the row ${plainText(key)}.`,
        ]);
        return exitCodes.ok;
      }
      const written = await putLines(client, table, meta.key, invocation.terminal.lines());
      await invocation.reply({ instance: client.instance, table, written }, () => [
        `${invocation.terminal.paint.green("✓")} ${counted(written, "row")} written to ${table}.`,
      ]);
      return exitCodes.ok;
    }),
};

async function put(
  client: TableStoreClient,
  tableName: string,
  schema: readonly KeySchema[],
  text: string,
  place: string,
): Promise<string> {
  const { key, cells } = parseRow(text, schema, place);
  await client.putRow({ tableName, change: encodeChange({ type: "put", key, cells }), condition: { existence: "ignore" } });
  return keyWords(key).join(" ");
}

/** Many at once, but of one key never two: the last line of a key wins, as it would one by one. Stops at the first failure. */
async function putLines(
  client: TableStoreClient,
  table: string,
  schema: readonly KeySchema[],
  lines: AsyncIterable<string>,
): Promise<number> {
  const underWay = new Map<string, Promise<void>>();
  let failure: { readonly error: unknown } | undefined;
  let number = 0;
  let written = 0;
  for await (const line of lines) {
    number++;
    if (line.trim() === "") continue;
    const place = `standard input:${number}`;
    const key = keyWords(parseRow(line, schema, place).key).join(" ");
    await underWay.get(key);
    while (underWay.size >= inFlight) await Promise.race(underWay.values());
    if (failure !== undefined) throw failure.error;
    const one = put(client, table, schema, line, place).then(
      () => void written++,
      (error: unknown) => void (failure ??= { error }),
    );
    underWay.set(
      key,
      one.finally(() => underWay.delete(key)),
    );
  }
  await Promise.all(underWay.values());
  if (failure !== undefined) throw failure.error;
  return written;
}
