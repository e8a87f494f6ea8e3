/**
 * Question: what does one row cost on its way through PlainBuffer, and one message on its way through protobuf, in CPU time
 * of one core?
 * Knobs: rows=N (default 20000), rounds=N (default 15). Corpus: the seeded orders, 2 key columns and 8 cells, in pages of
 * 5,000 rows as GetRange sends them. Each figure is the median of the rounds after one warm-up round.
 * Yardstick: rewriting a row (other key, two columns renamed, one derived) under 1.5 µs; the official SDK decodes a row of
 * 10 cells in 16 µs and encodes one in 25 µs (reference section 9).
 * Run: node test/bench/wire.bench.ts [rows=N] [rounds=N]
 */
import { fromBinary, toBinary, type DescMessage } from "@bufbuild/protobuf";
import type { Row } from "../../src/model/row.ts";
import type { KeySchema } from "../../src/model/schema.ts";
import type { Value } from "../../src/model/value.ts";
import * as gen from "../../src/wire/gen/row_pb.js";
import { batchWriteRow } from "../../src/wire/operation/batch-write-row.ts";
import { getRange } from "../../src/wire/operation/get-range.ts";
import { getRow } from "../../src/wire/operation/get-row.ts";
import { putRow } from "../../src/wire/operation/put-row.ts";
import { ByteWriter } from "../../src/wire/plainbuffer/byte-writer.ts";
import { compileCanonical } from "../../src/wire/plainbuffer/canonical.ts";
import { decodeRows } from "../../src/wire/plainbuffer/decode.ts";
import { encodeChange, encodeKey, encodeRows, writeChange } from "../../src/wire/plainbuffer/encode.ts";
import { identityPlan, type RewritePlan } from "../../src/wire/plainbuffer/rewrite-plan.ts";
import { compileRewrite } from "../../src/wire/plainbuffer/rewrite.ts";
import { RowWalker, type Verification } from "../../src/wire/plainbuffer/walk.ts";
import { orders } from "./corpus.ts";

const PAGE_ROWS = 5000;
const knob = (name: string, otherwise: number): number =>
  Number(process.argv.find((one) => one.startsWith(`${name}=`))?.slice(name.length + 1) ?? otherwise);
const count = knob("rows", 20_000);
const rounds = knob("rounds", 15);

const rows: Row[] = [];
for (const { customer, order, ...rest } of orders(count)) {
  const cells = Object.entries(rest).map(([name, value]: [string, Value]) => ({ name, value, timestamp: 1_700_000_000_000 + rows.length }));
  cells.sort((a, b) => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)));
  rows.push({
    key: [
      { name: "customer", value: customer },
      { name: "order", value: order },
    ],
    cells,
  });
}
const pages: Uint8Array[] = [];
for (let at = 0; at < rows.length; at += PAGE_ROWS) pages.push(encodeRows(rows.slice(at, at + PAGE_ROWS)));
const bytes = pages.reduce((sum, page) => sum + page.length, 0);

const key: KeySchema[] = [
  { name: "customer", type: "string" },
  { name: "order", type: "integer" },
];
const mapping: RewritePlan = {
  sourceKey: key,
  targetKey: [
    { name: "id", type: "integer", from: { kind: "key", name: "order" } },
    { name: "client", type: "string", from: { kind: "key", name: "customer" } },
  ],
  columns: [
    { name: "town", from: { kind: "column", name: "city" } },
    { name: "remark", from: { kind: "column", name: "note" } },
    { name: "total", from: { kind: "computed", index: 0 } },
  ],
  rest: "copy",
  excluded: ["customer", "order", "city", "note"],
  computed: [
    {
      inputs: ["amount", "quantity"],
      apply: ([amount, quantity]) => (typeof amount === "number" && typeof quantity === "bigint" ? amount * Number(quantity) : undefined),
    },
  ],
  keepTimestamps: false,
};

const writer = new ByteWriter(8 << 20);
const walk = (verification: Verification) => {
  const walker = new RowWalker(verification);
  return () => {
    let fields = 0;
    for (const page of pages) for (walker.open(page); walker.next();) fields += walker.count;
    return fields;
  };
};
const rewrite = (plan: RewritePlan) => {
  const walker = new RowWalker("row");
  const rewriter = compileRewrite(plan);
  return () => {
    let written = 0;
    for (const page of pages) {
      writer.reset();
      for (walker.open(page); walker.next();) if (rewriter.rewrite(walker, writer) === "written") written++;
    }
    return written;
  };
};
const canonical = (plan: RewritePlan, verification: Verification) => {
  const walker = new RowWalker(verification);
  const canonicalizer = compileCanonical(plan);
  return () => {
    let length = 0;
    for (const page of pages) {
      for (walker.open(page); walker.next();) {
        writer.reset();
        canonicalizer.write(walker, writer);
        length += canonicalizer.end - canonicalizer.start;
      }
    }
    return length;
  };
};

const cases: Record<string, () => number> = {
  "walk, no checksums": walk("none"),
  "walk, row checksums": walk("row"),
  "walk, all checksums": walk("cells"),
  "decode to objects": () => pages.reduce((sum, page) => sum + decodeRows(page).length, 0),
  "encode changes from objects": () => {
    writer.reset();
    for (const row of rows) {
      if (writer.at > 4 << 20) writer.reset();
      writeChange(writer, { type: "put", key: row.key, cells: row.cells });
    }
    return writer.at;
  },
  "rewrite, nothing changed, timestamps kept": rewrite(identityPlan(key, true)),
  "rewrite, nothing changed, timestamps dropped": rewrite(identityPlan(key, false)),
  "rewrite, mapping, timestamps dropped": rewrite(mapping),
  "rewrite, mapping, timestamps kept": rewrite({ ...mapping, keepTimestamps: true }),
  "canonical, nothing changed": canonical(identityPlan(key, false), "row"),
  "canonical, mapping": canonical(mapping, "row"),
  "canonical, mapping, checksums checked before": canonical(mapping, "none"),
};

/** Messages against the generated, reflective code: a batch of 200 rows, a page, single calls. */
const changes = rows.slice(0, 200).map((row) => encodeChange({ type: "put", key: row.key, cells: row.cells }));
const condition = { existence: "ignore" } as const;
const batch = { tables: [{ tableName: "orders", rows: changes.map((change) => ({ type: "put", change, condition }) as const) }] };
const consumed = { read: 0, write: 1 };
const results = { tables: [{ tableName: "orders", rows: changes.map(() => ({ ok: true, consumed }) as const) }] };
const put = { tableName: "orders", change: changes[0]!, condition };
const get = { tableName: "orders", key: encodeKey(rows[0]!.key), selection: { maxVersions: 1 } };
const page = { consumed, rows: pages[0]!, nextStart: encodeKey(rows[0]!.key) };

/** Both directions of one message, ours and the generated code's. */
function both<Value>(
  name: string,
  schema: DescMessage,
  value: Value,
  encode: (value: Value) => Uint8Array,
  decode: (bytes: Uint8Array) => unknown,
): Record<string, () => number> {
  const bytes = Uint8Array.from(encode(value));
  const generated = fromBinary(schema, bytes);
  return {
    [`${name}, encode`]: () => encode(value).length,
    [`${name}, encode, generated code`]: () => toBinary(schema, generated).length,
    [`${name}, decode`]: () => (decode(bytes) === undefined ? 0 : 1),
    [`${name}, decode, generated code`]: () => (fromBinary(schema, bytes) === undefined ? 0 : 1),
  };
}
const { encodeRequest, decodeRequest, encodeResponse, decodeResponse } = batchWriteRow;
const messages: Record<string, () => number> = {
  ...both("BatchWriteRow of 200, request", gen.BatchWriteRowRequestSchema, batch, encodeRequest, decodeRequest),
  ...both("BatchWriteRow of 200, reply", gen.BatchWriteRowResponseSchema, results, encodeResponse, decodeResponse),
  ...both("GetRange, reply of a page", gen.GetRangeResponseSchema, page, getRange.encodeResponse, getRange.decodeResponse),
  ...both("PutRow, request", gen.PutRowRequestSchema, put, putRow.encodeRequest, putRow.decodeRequest),
  ...both("GetRow, request", gen.GetRowRequestSchema, get, getRow.encodeRequest, getRow.decodeRequest),
};

/** Median and least CPU time of the rounds, in µs. */
function measured(run: () => number, repeats: number): { readonly median: number; readonly least: number } {
  const micros: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const before = process.cpuUsage();
    for (let i = 0; i < repeats; i++) sink += run();
    const used = process.cpuUsage(before);
    micros.push((used.user + used.system) / repeats);
  }
  micros.sort((a, b) => a - b);
  return { median: micros[Math.floor(micros.length / 2)]!, least: micros[0]! };
}

process.stdout.write(
  `${rows.length} rows of ${Math.round(bytes / rows.length)} encoded bytes, node ${process.version}, median of ${rounds}\n`,
);
let sink = 0;
for (const [name, run] of Object.entries(cases)) {
  sink += run();
  const { median, least } = measured(run, 1);
  process.stdout.write(`${name.padEnd(46)}${(median / rows.length).toFixed(2)} µs a row (least ${(least / rows.length).toFixed(2)})\n`);
}
for (const [name, run] of Object.entries(messages)) {
  for (let i = 0; i < 300; i++) sink += run();
  const { median, least } = measured(run, 300);
  process.stdout.write(`${name.padEnd(54)}${median.toFixed(2)} µs (least ${least.toFixed(2)})\n`);
}
if (sink === 0) process.exitCode = 1;
