import type { CellSelection, WriteCondition } from "../../../../src/model/condition.ts";
import { encodeFilter } from "../../../../src/wire/filter.ts";
import * as gen from "../../../../src/wire/gen/row_pb.js";
import { abortTransaction } from "../../../../src/wire/operation/abort-transaction.ts";
import { batchGetRow } from "../../../../src/wire/operation/batch-get-row.ts";
import { batchWriteRow } from "../../../../src/wire/operation/batch-write-row.ts";
import { bulkExport } from "../../../../src/wire/operation/bulk-export.ts";
import { bulkImport } from "../../../../src/wire/operation/bulk-import.ts";
import { commitTransaction } from "../../../../src/wire/operation/commit-transaction.ts";
import { deleteRow } from "../../../../src/wire/operation/delete-row.ts";
import { getRange } from "../../../../src/wire/operation/get-range.ts";
import { getRow } from "../../../../src/wire/operation/get-row.ts";
import { putRow } from "../../../../src/wire/operation/put-row.ts";
import type { TableResults } from "../../../../src/wire/operation/row-result.ts";
import type { SingleWriteRequest, SingleWriteResponse } from "../../../../src/wire/operation/row-write.ts";
import { startLocalTransaction } from "../../../../src/wire/operation/start-local-transaction.ts";
import { updateRow } from "../../../../src/wire/operation/update-row.ts";
import { bytesOf, sample, type Sample } from "./sample.ts";

const filter = { type: "page", offset: 3, limit: 4 } as const;
const filterBytes = new Uint8Array(encodeFilter(filter));

const selection: CellSelection = {
  columns: ["~c1", "~c2"],
  timeRange: { start: 5, end: 6 },
  maxVersions: 7,
  filter,
  startColumn: "~from",
  endColumn: "~to",
};
const wireSelection = {
  columnsToGet: ["~c1", "~c2"],
  timeRange: { startTime: 5n, endTime: 6n },
  maxVersions: 7,
  filter: filterBytes,
  startColumn: "~from",
  endColumn: "~to",
};
const capacity = { read: 1, write: 2 };
const consumed = { capacityUnit: capacity };
const condition: WriteCondition = { existence: "expectExist", filter };
const wireCondition = { rowExistence: gen.RowExistenceExpectation.EXPECT_EXIST, columnCondition: filterBytes };
const returnContent = { type: "afterModify", columns: ["~n"] } as const;
const wireReturn = { returnType: gen.ReturnType.RETURN_AFTER_MODIFY, returnColumnNames: ["~n"] };

const single: Pick<Sample<SingleWriteRequest, never>, "model" | "minimal"> = {
  model: { tableName: "~t", change: bytesOf("row"), condition, returnContent, transactionId: "~x" },
  minimal: { tableName: "~t", change: bytesOf("row"), condition: { existence: "ignore" } },
};
const singleWire = { tableName: "~t", condition: wireCondition, returnContent: wireReturn, transactionId: "~x" };
const written: Pick<Sample<SingleWriteResponse, never>, "model" | "minimal"> = {
  model: { consumed: capacity, row: bytesOf("row") },
  minimal: { consumed: capacity },
};
const wireWritten = { consumed, row: bytesOf("row") };

const results: { readonly tables: readonly TableResults[] } = {
  tables: [
    {
      tableName: "~t",
      rows: [
        { ok: true, consumed: capacity, row: bytesOf("row") },
        { ok: false, error: { code: "~OTSConditionCheckFail", text: "~Condition check failed." }, consumed: capacity },
      ],
    },
  ],
};
const wireResults = {
  tables: [
    {
      tableName: "~t",
      rows: [
        { isOk: true, consumed, row: bytesOf("row") },
        { isOk: false, error: { code: "~OTSConditionCheckFail", message: "~Condition check failed." }, consumed },
      ],
    },
  ],
};

export const rowSamples = [
  ...sample(
    getRow,
    {
      schema: gen.GetRowRequestSchema,
      model: { tableName: "~t", key: bytesOf("key"), selection, cacheBlocks: false, token: bytesOf("token"), transactionId: "~x" },
      wire: {
        tableName: "~t",
        primaryKey: bytesOf("key"),
        ...wireSelection,
        cacheBlocks: false,
        token: bytesOf("token"),
        transactionId: "~x",
      },
      minimal: { tableName: "~t", key: bytesOf("key"), selection: {} },
    },
    {
      schema: gen.GetRowResponseSchema,
      model: { consumed: capacity, row: bytesOf("row"), nextToken: bytesOf("next") },
      wire: { consumed, row: bytesOf("row"), nextToken: bytesOf("next") },
      minimal: { consumed: capacity, row: bytesOf("") },
    },
  ),
  ...sample(
    putRow,
    { ...single, schema: gen.PutRowRequestSchema, wire: { ...singleWire, row: bytesOf("row") } },
    { ...written, schema: gen.PutRowResponseSchema, wire: wireWritten },
  ),
  ...sample(
    updateRow,
    { ...single, schema: gen.UpdateRowRequestSchema, wire: { ...singleWire, rowChange: bytesOf("row") } },
    { ...written, schema: gen.UpdateRowResponseSchema, wire: wireWritten },
  ),
  ...sample(
    deleteRow,
    { ...single, schema: gen.DeleteRowRequestSchema, wire: { ...singleWire, primaryKey: bytesOf("row") } },
    { ...written, schema: gen.DeleteRowResponseSchema, wire: wireWritten },
  ),
  ...sample(
    batchGetRow,
    {
      schema: gen.BatchGetRowRequestSchema,
      model: {
        tables: [
          { tableName: "~t", keys: [bytesOf("a"), bytesOf("b")], tokens: [bytesOf("ta"), bytesOf("")], selection, cacheBlocks: true },
        ],
      },
      wire: {
        tables: [
          {
            tableName: "~t",
            primaryKey: [bytesOf("a"), bytesOf("b")],
            token: [bytesOf("ta"), bytesOf("")],
            ...wireSelection,
            cacheBlocks: true,
          },
        ],
      },
      minimal: { tables: [{ tableName: "~t", keys: [], tokens: [], selection: {} }] },
    },
    {
      schema: gen.BatchGetRowResponseSchema,
      model: { tables: [{ tableName: "~t", rows: [{ ok: true, consumed: capacity, row: bytesOf("row"), nextToken: bytesOf("next") }] }] },
      wire: { tables: [{ tableName: "~t", rows: [{ isOk: true, consumed, row: bytesOf("row"), nextToken: bytesOf("next") }] }] },
      minimal: { tables: [{ tableName: "~t", rows: [{ ok: true, consumed: capacity }] }] },
    },
  ),
  ...sample(
    batchWriteRow,
    {
      schema: gen.BatchWriteRowRequestSchema,
      model: {
        tables: [
          {
            tableName: "~t",
            rows: [
              { type: "put", change: bytesOf("put"), condition, returnContent },
              { type: "update", change: bytesOf("update"), condition: { existence: "ignore" } },
              { type: "delete", change: bytesOf("delete"), condition: { existence: "expectNotExist" } },
            ],
          },
        ],
        transactionId: "~x",
        atomic: true,
      },
      wire: {
        tables: [
          {
            tableName: "~t",
            rows: [
              { type: gen.OperationType.PUT, rowChange: bytesOf("put"), condition: wireCondition, returnContent: wireReturn },
              {
                type: gen.OperationType.UPDATE,
                rowChange: bytesOf("update"),
                condition: { rowExistence: gen.RowExistenceExpectation.IGNORE },
              },
              {
                type: gen.OperationType.DELETE,
                rowChange: bytesOf("delete"),
                condition: { rowExistence: gen.RowExistenceExpectation.EXPECT_NOT_EXIST },
              },
            ],
          },
        ],
        transactionId: "~x",
        isAtomic: true,
      },
      minimal: { tables: [] },
    },
    { schema: gen.BatchWriteRowResponseSchema, model: results, wire: wireResults, minimal: { tables: [] } },
  ),
  ...sample(
    getRange,
    {
      schema: gen.GetRangeRequestSchema,
      model: {
        tableName: "~t",
        direction: "backward",
        selection,
        limit: 10,
        start: bytesOf("start"),
        end: bytesOf("end"),
        cacheBlocks: true,
        token: bytesOf("token"),
        transactionId: "~x",
        blockType: "simpleRowMatrix",
        entireKeys: false,
      },
      wire: {
        tableName: "~t",
        direction: gen.Direction.BACKWARD,
        ...wireSelection,
        limit: 10,
        inclusiveStartPrimaryKey: bytesOf("start"),
        exclusiveEndPrimaryKey: bytesOf("end"),
        cacheBlocks: true,
        token: bytesOf("token"),
        transactionId: "~x",
        dataBlockTypeHint: gen.DataBlockType.SIMPLE_ROW_MATRIX,
        returnEntirePrimaryKeys: false,
      },
      minimal: { tableName: "~t", direction: "forward", selection: {}, start: bytesOf("start"), end: bytesOf("end") },
    },
    {
      schema: gen.GetRangeResponseSchema,
      model: {
        consumed: capacity,
        rows: bytesOf("rows"),
        nextStart: bytesOf("next"),
        nextToken: bytesOf("token"),
        blockType: "plainBuffer",
      },
      wire: {
        consumed,
        rows: bytesOf("rows"),
        nextStartPrimaryKey: bytesOf("next"),
        nextToken: bytesOf("token"),
        dataBlockType: gen.DataBlockType.PLAIN_BUFFER,
      },
      minimal: { consumed: capacity, rows: bytesOf("") },
    },
  ),
  ...sample(
    bulkImport,
    {
      schema: gen.BulkImportRequestSchema,
      model: {
        tableName: "~t",
        rows: [
          { type: "put", change: bytesOf("put") },
          { type: "delete", change: bytesOf("delete") },
        ],
      },
      wire: {
        tableName: "~t",
        rows: [
          { type: gen.OperationType.PUT, rowChange: bytesOf("put") },
          { type: gen.OperationType.DELETE, rowChange: bytesOf("delete") },
        ],
      },
      minimal: { tableName: "~t", rows: [] },
    },
    {
      schema: gen.BulkImportResponseSchema,
      model: {
        tableName: "~t",
        rows: [
          { ok: true, consumed: capacity },
          { ok: false, error: { code: "~code", text: "~text" } },
        ],
      },
      wire: {
        tableName: "~t",
        rows: [
          { isOk: true, consumed },
          { isOk: false, error: { code: "~code", message: "~text" } },
        ],
      },
      minimal: { tableName: "~t", rows: [] },
    },
  ),
  ...sample(
    bulkExport,
    {
      schema: gen.BulkExportRequestSchema,
      model: { tableName: "~t", columns: ["~a"], start: bytesOf("start"), end: bytesOf("end"), filter, blockType: "plainBuffer" },
      wire: {
        tableName: "~t",
        columnsToGet: ["~a"],
        inclusiveStartPrimaryKey: bytesOf("start"),
        exclusiveEndPrimaryKey: bytesOf("end"),
        filter: filterBytes,
        dataBlockTypeHint: gen.DataBlockType.PLAIN_BUFFER,
      },
      minimal: { tableName: "~t", columns: [], start: bytesOf("start"), end: bytesOf("end") },
    },
    {
      schema: gen.BulkExportResponseSchema,
      model: { consumed: capacity, rows: bytesOf("rows"), nextStart: bytesOf("next"), blockType: "simpleRowMatrix" },
      wire: { consumed, rows: bytesOf("rows"), nextStartPrimaryKey: bytesOf("next"), dataBlockType: gen.DataBlockType.SIMPLE_ROW_MATRIX },
      minimal: { consumed: capacity, rows: bytesOf("") },
    },
  ),
  ...sample(
    startLocalTransaction,
    {
      schema: gen.StartLocalTransactionRequestSchema,
      model: { tableName: "~t", key: bytesOf("key") },
      wire: { tableName: "~t", key: bytesOf("key") },
      minimal: { tableName: "~t", key: bytesOf("key") },
    },
    {
      schema: gen.StartLocalTransactionResponseSchema,
      model: { transactionId: "~x" },
      wire: { transactionId: "~x" },
      minimal: { transactionId: "~x" },
    },
  ),
  ...sample(
    commitTransaction,
    {
      schema: gen.CommitTransactionRequestSchema,
      model: { transactionId: "~x" },
      wire: { transactionId: "~x" },
      minimal: { transactionId: "~x" },
    },
    { schema: gen.CommitTransactionResponseSchema, model: {}, wire: {}, minimal: {} },
  ),
  ...sample(
    abortTransaction,
    {
      schema: gen.AbortTransactionRequestSchema,
      model: { transactionId: "~x" },
      wire: { transactionId: "~x" },
      minimal: { transactionId: "~x" },
    },
    { schema: gen.AbortTransactionResponseSchema, model: {}, wire: {}, minimal: {} },
  ),
];
