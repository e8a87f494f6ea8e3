import fc from "fast-check";
import type { Filter } from "../../../src/model/condition.ts";
import { INF_MAX, INF_MIN, INTEGER_MAX } from "../../../src/model/value.ts";
import { answers } from "../../../src/server/answers.ts";
import { isOperationName, operations, type OperationName } from "../../../src/wire/operation/operations.ts";
import { encodeChange, encodeKey } from "../../../src/wire/plainbuffer/encode.ts";
import { deleteRequest, keyBytes, putRequest, tableRequest, updateRequest } from "../../conformance/caller.ts";
import * as any from "../wire/arbitraries.ts";
import { rowSamples } from "../wire/samples/row-samples.ts";
import type { MessageCase } from "../wire/samples/sample.ts";
import { streamSamples } from "../wire/samples/stream-samples.ts";
import { tableSamples } from "../wire/samples/table-samples.ts";
import { tunnelSamples } from "../wire/samples/tunnel-samples.ts";

/** A request as its sender meant it. */
export interface FuzzSeed {
  readonly operation: OperationName;
  readonly body: Uint8Array;
}

/** Tables that the requests are about: of one key column of text, and of three columns of every type, the last counted by the server. */
export const fuzzTables = [
  tableRequest("t", [{ name: "pk", type: "string" }], { maxVersions: 3 }),
  tableRequest("m", [
    { name: "a", type: "string" },
    { name: "b", type: "binary" },
    { name: "c", type: "integer", autoIncrement: true },
  ]),
];

const column = (value: Extract<Filter, { type: "column" }>["value"], more: object = {}): Filter => ({
  type: "column",
  name: "c",
  comparator: "equal",
  value,
  filterIfMissing: false,
  latestVersionOnly: true,
  ...more,
});
const filter: Filter = {
  type: "and",
  filters: [
    { type: "or", filters: [column(1n), column("x", { comparator: "less", transfer: { regex: "id=(\\d+)", castType: "integer" } })] },
    { type: "not", filters: [column(new Uint8Array(3))] },
  ],
};
const selection = { maxVersions: 2, columns: ["c", "d", "n"], filter, timeRange: { start: 0, end: 2 ** 52 } } as const;
const condition = { existence: "ignore", filter } as const;
const put = putRequest("t", { pk: "a" }, { c: 1n, d: "text", e: true, f: 1.5, g: Uint8Array.of(1, 2) }, condition, {
  type: "key",
  columns: [],
});
const update = updateRequest(
  "t",
  { pk: "a" },
  [
    { op: "increment", name: "n", by: INTEGER_MAX },
    { op: "put", name: "c", value: "x", timestamp: 5 },
    { op: "deleteOne", name: "c", timestamp: 5 },
    { op: "deleteAll", name: "d" },
  ],
  condition,
  { type: "afterModify", columns: ["n"] },
);
const remove = deleteRequest("t", { pk: "b" }, condition);
const seed = (operation: OperationName, body: Uint8Array): FuzzSeed => ({ operation, body });

/** Requests that are answered, with every option. */
const meant: readonly FuzzSeed[] = [
  seed("ListTable", new Uint8Array(0)),
  seed("CreateTable", operations.CreateTable.encodeRequest(tableRequest("u", [{ name: "pk", type: "string" }]))),
  seed("DescribeTable", operations.DescribeTable.encodeRequest({ tableName: "t" })),
  seed(
    "UpdateTable",
    operations.UpdateTable.encodeRequest({ tableName: "t", options: { maxVersions: 2 }, reserved: { read: 1, write: 1 } }),
  ),
  seed("DeleteTable", operations.DeleteTable.encodeRequest({ tableName: "u" })),
  seed("GetRow", operations.GetRow.encodeRequest({ tableName: "t", key: keyBytes({ pk: "a" }), selection })),
  seed("PutRow", operations.PutRow.encodeRequest(put)),
  seed("UpdateRow", operations.UpdateRow.encodeRequest(update)),
  seed("DeleteRow", operations.DeleteRow.encodeRequest(remove)),
  ...[false, true].map((atomic) =>
    seed(
      "BatchWriteRow",
      operations.BatchWriteRow.encodeRequest({
        tables: [
          {
            tableName: "t",
            rows: [
              { ...put, type: "put" },
              { ...update, type: "update" },
              { ...remove, type: "delete" },
            ],
          },
        ],
        atomic,
      }),
    ),
  ),
  seed(
    "BatchGetRow",
    operations.BatchGetRow.encodeRequest({
      tables: [
        { tableName: "t", keys: [keyBytes({ pk: "a" }), keyBytes({ pk: "b" })], tokens: [], selection },
        { tableName: "m", keys: [keyBytes({ a: "a", b: Uint8Array.of(1), c: 1n })], tokens: [], selection: { maxVersions: 1 } },
      ],
    }),
  ),
  ...(["forward", "backward"] as const).map((direction) => {
    const [low, high] = [keyBytes({ pk: INF_MIN }), keyBytes({ pk: INF_MAX })];
    const ends = direction === "forward" ? { start: low, end: high } : { start: high, end: low };
    const request = { tableName: "t", direction, selection, ...ends, limit: 7 };
    return seed("GetRange", operations.GetRange.encodeRequest(request));
  }),
  seed("ComputeSplitPointsBySize", operations.ComputeSplitPointsBySize.encodeRequest({ tableName: "t", splitSize: 1, splitPointLimit: 3 })),
];

/** The samples of every message that this server answers, their placeholders made names of tables and columns. */
const sampled: readonly FuzzSeed[] = [...tableSamples, ...rowSamples, ...streamSamples, ...tunnelSamples].flatMap((sample: MessageCase) => {
  const [name = "", direction] = sample.title.split(" ");
  if (direction !== "request" || !isOperationName(name) || answers[name] === undefined) return [];
  return [sample.model, sample.minimal].map((model) => seed(name, sample.encode(named(model))));
});

function named(model: unknown): unknown {
  if (typeof model === "string") return model.replace(/^~/, "");
  if (Array.isArray(model)) return model.map(named);
  if (typeof model !== "object" || model === null || model instanceof Uint8Array) return model;
  return Object.fromEntries(Object.entries(model).map(([name, value]) => [name, named(value)]));
}

const strangeColumn = fc.record(
  {
    type: fc.constant("column" as const),
    name: fc.constantFrom("c", "d", "n", "", "größe"),
    comparator: fc.constantFrom("equal", "notEqual", "greater", "less", "exist", "notExist"),
    value: any.value,
    filterIfMissing: fc.boolean(),
    latestVersionOnly: fc.boolean(),
    transfer: fc.record({ regex: fc.constantFrom("(a+)+$", "(", "", "id=(\\d+)"), castType: fc.constantFrom("integer", "double", "null") }),
  },
  { requiredKeys: ["type", "name", "comparator", "value", "filterIfMissing", "latestVersionOnly"] },
);
const strangeFilter = fc.letrec<{ filter: Filter }>((tie) => ({
  filter: fc.oneof(
    { maxDepth: 4 },
    strangeColumn,
    fc.record({ type: fc.constant("page" as const), offset: fc.nat(), limit: fc.nat() }),
    fc.record({ type: fc.constantFrom("and", "or", "not"), filters: fc.array(tie("filter"), { maxLength: 4 }) }),
  ),
})).filter;
const strangeSelection = fc.record(
  {
    columns: fc.array(any.name, { maxLength: 5 }),
    startColumn: any.name,
    endColumn: any.name,
    maxVersions: fc.oneof(fc.integer(), fc.constantFrom(0, 1, 2)),
    timeRange: fc.record({ start: fc.maxSafeInteger(), end: fc.maxSafeInteger() }),
    filter: strangeFilter,
  },
  { requiredKeys: [] },
);

/** Requests that are well-formed and make no sense, or too much of it: every type, size and depth where another is expected, under checksums that are right. */
function strange(random: number): readonly FuzzSeed[] {
  const draw = <Item>(arbitrary: fc.Arbitrary<Item>) => fc.sample(arbitrary, { seed: random, numRuns: 24 });
  const [changes, keys, filters, selections] = [draw(any.change), draw(any.wireKey), draw(strangeFilter), draw(strangeSelection)];
  const names = { put: "PutRow", update: "UpdateRow", delete: "DeleteRow" } as const;
  return changes.flatMap((change, i) => {
    const named = keys[i]!.map((column, at) => ({ ...column, name: ["pk", "b", "c"][at] ?? column.name })).slice(0, 1 + (i % 2));
    const anyKey = encodeKey(i % 4 === 0 ? keys[i]! : named);
    const ownKey = change.key.map((column, at) => ({ ...column, name: ["pk", "b", "c"][at] ?? column.name })).slice(0, 1 + (i % 2));
    const bytes = encodeChange({ ...change, key: i % 4 === 0 ? change.key : ownKey });
    const operation = names[change.type];
    const filtered = { existence: "ignore", filter: i % 2 === 0 ? filters[i] : undefined } as const;
    const read = { tableName: "t", selection: selections[i]! };
    return [
      seed(operation, operations[operation].encodeRequest({ tableName: "t", change: bytes, condition: filtered })),
      seed("GetRow", operations.GetRow.encodeRequest({ ...read, key: anyKey })),
      seed("GetRange", operations.GetRange.encodeRequest({ ...read, direction: "forward", start: anyKey, end: keyBytes({ pk: INF_MAX }) })),
    ];
  });
}

/** What a round of fuzzing begins with. */
export function fuzzSeeds(random: number): readonly FuzzSeed[] {
  return [...meant, ...meant, ...sampled, ...strange(random)];
}
