import { tableSource } from "../../../src/connector/table-store/table-source.ts";
import { tableTarget } from "../../../src/connector/table-store/table-target.ts";
import type { FlowRow } from "../../../src/job/mapping.ts";
import { sourceContract } from "./source-contract.ts";
import { testStore } from "./table-support.ts";
import { targetContract } from "./target-contract.ts";

const store = testStore();
const key = [
  { name: "city", type: "string" },
  { name: "id", type: "integer" },
] as const;

const rows: FlowRow[] = Array.from({ length: 3000 }, (_, at) => ({
  key: [
    { name: "city", value: at % 7 === 0 ? "Ürümqi" : `city ${at % 100}` },
    { name: "id", value: BigInt(at) - 1000n },
  ],
  columns: [
    { name: "name", value: at % 5 === 0 ? "Ada" : `name ${at}` },
    { name: "number", value: at % 2 === 0 ? BigInt(at) : at / 3 },
    ...(at % 3 === 0 ? [] : [{ name: "raw", value: new Uint8Array([at & 0xff, 0]) }]),
  ],
}));

let filled: Promise<string> | undefined;
const filledTable = () =>
  (filled ??= (async () => {
    const table = await store.createTable(key);
    await store.put(table, rows);
    return table;
  })());

sourceContract("table", async () => ({
  source: tableSource(store.client, await filledTable(), { pageRows: 700 }),
  rows,
  filter: { column: "name", value: "Ada" },
}));

targetContract("table", async () => {
  const table = await store.createTable(key);
  return { open: () => tableTarget(store.client, table), source: tableSource(store.client, await filledTable(), { pageRows: 900 }), key };
});
