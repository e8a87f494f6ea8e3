import type { TableStoreClient } from "../../client/table-store-client.ts";
import type { KeyColumn } from "../../model/key.ts";
import type { Row } from "../../model/row.ts";
import type { KeySchema } from "../../model/schema.ts";
import { INF_MAX, INF_MIN, type KeyBound } from "../../model/value.ts";
import { decodeRealKey, decodeRows } from "../../wire/plainbuffer/decode.ts";
import { encodeKey } from "../../wire/plainbuffer/encode.ts";
import { exitCodes } from "../exit-code.ts";
import type { Command, Invocation } from "../invocation.ts";
import { keyWords, parseKeyStart } from "../key-argument.ts";
import { cellText } from "../render/cell-text.ts";
import { grid } from "../render/grid.ts";
import { plainText } from "../render/plain-text.ts";
import { newest, rowJson } from "../row-json.ts";
import { withStore } from "../table/open-store.ts";

/** Shown without --limit where people look. */
const screenful = 20;
/** Rows asked for at once; the service gives 5,000 at most. */
const pageRows = 5000;

interface Scan {
  readonly table: string;
  readonly schema: readonly KeySchema[];
  readonly limit: number;
  pages(): AsyncIterable<readonly Row[]>;
  /** The key at which more rows begin, once the pages have been read; undefined at the end of the range. */
  next(): readonly string[] | undefined;
}

export const tableScan: Command = {
  run: (invocation) =>
    withStore(invocation, async (client) => {
      const format = invocation.text("format") ?? (invocation.json ? "json" : "table");
      const scan = await openScan(invocation, client, invocation.number("limit") ?? (format === "table" ? screenful : Infinity));
      await { table: asTable, json: asJson, jsonl: asLines }[format as "table" | "json" | "jsonl"](invocation, scan);
      const next = scan.next();
      if (next !== undefined && format !== "json")
        invocation.note(`There is more: go on with --from ${next.map((word) => plainText(word)).join(" --from ")}, or raise --limit.`);
      return exitCodes.ok;
    }),
};

async function openScan(invocation: Invocation, client: TableStoreClient, limit: number): Promise<Scan> {
  const table = invocation.arg(0);
  const schema = (await client.describeTable(table)).meta.key;
  const bound = (name: string, otherwise: KeyBound) => {
    const given = parseKeyStart(invocation.list(name), schema);
    const fill = given.length === 0 ? otherwise : INF_MIN;
    return encodeKey(schema.map(({ name: column }, i): KeyColumn => given[i] ?? { name: column, value: fill }));
  };
  const columns = invocation
    .text("columns")
    ?.split(",")
    .filter((name) => name !== "");
  // Key columns are named too, or rows that have none of the columns would be left out (reference 7.3).
  const selection = { maxVersions: 1, ...(columns === undefined ? {} : { columns: [...schema.map(({ name }) => name), ...columns] }) };
  let start: Uint8Array | undefined = bound("from", INF_MIN);
  const end = bound("to", INF_MAX);
  let left = limit;
  return {
    table,
    schema,
    limit,
    next: () => (start === undefined ? undefined : keyWords(decodeRealKey(start))),
    pages: async function* () {
      while (start !== undefined && left > 0) {
        const page = await client.getRange({
          tableName: table,
          direction: "forward",
          selection,
          start,
          end,
          limit: Math.min(left, pageRows),
        });
        const rows = page.rows.length === 0 ? [] : decodeRows(page.rows);
        left -= rows.length;
        start = page.nextStart;
        yield rows;
      }
    },
  };
}

async function asTable({ terminal }: Invocation, scan: Scan): Promise<void> {
  const rows: Row[] = [];
  for await (const page of scan.pages()) rows.push(...page);
  const columns = [...new Set(rows.flatMap((row) => row.cells.map(({ name }) => name)))].sort();
  const headers = [...scan.schema.map(({ name, type }) => `${name}:${type}`), ...columns].map(plainText);
  const cells = rows.map((row) => {
    const byName = new Map(newest(row.cells).map(({ name, value }) => [name, value]));
    return [...row.key.map(({ value }) => cellText(value)), ...columns.map((name) => cellText(byName.get(name)))];
  });
  const lines = rows.length === 0 ? [terminal.paint.dim("no rows")] : grid(headers, cells, terminal);
  await terminal.out(lines.map((line) => `${line}\n`).join(""));
}

async function asLines({ terminal }: Invocation, scan: Scan): Promise<void> {
  for await (const rows of scan.pages()) if (rows.length > 0) await terminal.out(rows.map((row) => `${rowJson(row)}\n`).join(""));
}

/** One document, written as the rows come, so that a whole table needs no memory. */
async function asJson({ terminal }: Invocation, scan: Scan): Promise<void> {
  await terminal.out(`{"table":${JSON.stringify(scan.table)},"rows":[`);
  let written = 0;
  for await (const rows of scan.pages()) {
    if (rows.length > 0) await terminal.out(`${written === 0 ? "" : ","}${rows.map(rowJson).join(",")}`);
    written += rows.length;
  }
  await terminal.out(`],"rowCount":${written},"next":${JSON.stringify(scan.next()?.join(" ") ?? null)}}\n`);
}
