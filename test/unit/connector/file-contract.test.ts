import { randomUUID } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { fileSource } from "../../../src/connector/file/file-source.ts";
import { fileTarget } from "../../../src/connector/file/file-target.ts";
import { fileEndpoint } from "../../../src/job/endpoint-spec.ts";
import type { FlowRow } from "../../../src/job/mapping.ts";
import { sourceContract } from "./source-contract.ts";
import { scratchFolder } from "./support.ts";
import { targetContract } from "./target-contract.ts";

const folder = scratchFolder();
const key = [{ name: "id", type: "integer" as const }];
const columns = ["id", "city", "note"];

const rows: FlowRow[] = Array.from({ length: 10_200 }, (_, at) => ({
  key: [{ name: "id", value: BigInt(at) }],
  columns: [
    { name: "city", value: at % 7 === 0 ? "Ürümqi" : `city ${at}` },
    ...(at % 3 === 0 ? [] : [{ name: "note", value: at % 5 === 0 ? "" : `line ${at}\nand "quoted", too` }]),
  ],
}));

const fields = (row: FlowRow) => [String(row.key[0]!.value), row.columns[0]!.value as string, row.columns[1]?.value as string | undefined];
const csv = (delimiter: string, eol: string) =>
  [
    columns.join(delimiter),
    ...rows.map((row) =>
      fields(row)
        .map((field) => (field === undefined ? "" : `"${field.replaceAll('"', '""')}"`))
        .join(delimiter),
    ),
    "",
  ].join(eol);
const object = (row: FlowRow) => {
  const [, city, note] = fields(row);
  return `{"id": ${row.key[0]!.value}, "city": ${JSON.stringify(city)}${note === undefined ? "" : `, "note": ${JSON.stringify(note)}`}}`;
};
const contents = {
  csv: csv(",", "\r\n"),
  tsv: csv("\t", "\n"),
  json: `[\n${rows.map(object).join(",\n")}\n]`,
  jsonl: rows.map(object).join("\n"),
};

const filter = { column: "city", value: "Ürümqi" };
const spec = (path: string) => fileEndpoint.parse({ type: "file", path, key });

for (const [format, packed] of [
  ["csv", false],
  ["csv", true],
  ["tsv", false],
  ["json", false],
  ["jsonl", false],
  ["jsonl", true],
] as const) {
  const name = `${format}${packed ? ".gz" : ""}`;
  const path = `rows.${name}`;
  writeFileSync(join(folder, path), packed ? gzipSync(contents[format]) : contents[format]);
  const source = () => fileSource(spec(path), folder);
  sourceContract(name, async () => ({ source: source(), rows, filter }));
  targetContract(name, async () => {
    const target = spec(`${randomUUID()}.${name}`);
    return { open: () => fileTarget(target, folder), source: source(), key };
  });
}
