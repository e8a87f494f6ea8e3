/** Our client reading a whole table: `decoded=yes` decodes every row to values, as the yardstick of verification asks; `workers` splits at once. */
import { readFileSync } from "node:fs";
import { INF_MAX, INF_MIN } from "../../../src/model/value.ts";
import { TableStoreClient } from "../../../src/client/table-store-client.ts";
import { decodeRows, keyOf } from "../../../src/wire/plainbuffer/decode.ts";
import { encodeKey } from "../../../src/wire/plainbuffer/encode.ts";
import { RowWalker } from "../../../src/wire/plainbuffer/walk.ts";
import { argument, reportMeasured } from "../measure.ts";

const keys: { accessKeyId: string; accessKeySecret: string } = JSON.parse(readFileSync(argument("keys"), "utf8"));
const decoded = argument("decoded") === "yes";
const workers = Number(argument("workers"));

/** Reads each table named once, `workers` ranges at a time. */
async function scan(instance: string, tableName: string): Promise<number> {
  const client = new TableStoreClient({
    endpoint: argument("endpoint"),
    instance,
    credentials: { id: keys.accessKeyId, secret: keys.accessKeySecret },
  });
  const { meta } = await client.describeTable(tableName);
  const end = (value: typeof INF_MIN | typeof INF_MAX) => encodeKey(meta.key.map(({ name }) => ({ name, value })));
  const { splitPoints } = await client.computeSplitPointsBySize({ tableName, splitSize: 16, unitBytes: 1_048_576 });
  const bounds = [
    end(INF_MIN),
    ...splitPoints.map((point) =>
      fill(
        point,
        meta.key.map(({ name }) => name),
      ),
    ),
    end(INF_MAX),
  ];
  const ranges = bounds.slice(1).map((to, i) => ({ start: bounds[i]!, end: to }));
  let rows = 0;
  const worker = async () => {
    const walker = new RowWalker("row");
    for (let range = ranges.shift(); range !== undefined; range = ranges.shift()) {
      for await (const page of client.getRangePages({ tableName, direction: "forward", selection: { maxVersions: 1 }, ...range })) {
        if (decoded) rows += decodeRows(page.rows).length;
        else for (walker.open(page.rows); walker.next();) rows++;
      }
    }
  };
  await Promise.all(Array.from({ length: workers }, worker));
  await client.close();
  return rows;
}

/** Split points leave trailing INF_MIN columns out; a range bound names every column. */
function fill(point: Uint8Array, names: readonly string[]): Uint8Array {
  const walker = new RowWalker("none").open(point);
  walker.next();
  const given = walker.keyCount;
  return given === names.length
    ? point
    : encodeKey([...keyOf(walker), ...names.slice(given).map((name) => ({ name, value: INF_MIN as typeof INF_MIN }))]);
}

await reportMeasured(async () => {
  const counts = await Promise.all(
    argument("tables")
      .split(",")
      .map((both) => both.split("/"))
      .map(([instance, table]) => scan(instance!, table!)),
  );
  return counts.reduce((sum, count) => sum + count, 0);
});
