import type { Clock } from "../../src/base/clock.ts";
import type { CellSelection, WriteCondition } from "../../src/model/condition.ts";
import type { KeyColumn } from "../../src/model/key.ts";
import type { Cell, PutCell, Row, UpdateCell } from "../../src/model/row.ts";
import type { KeySchema, TableOptions } from "../../src/model/schema.ts";
import type { KeyBound, KeyInput, Value } from "../../src/model/value.ts";
import { decodeErrorBody } from "../../src/wire/error-body.ts";
import { signedRequest } from "../../src/wire/headers.ts";
import { operations, type OperationName, type RequestOf, type ResponseOf } from "../../src/wire/operation/operations.ts";
import type { Operation } from "../../src/wire/operation/operation.ts";
import type { ReturnContent } from "../../src/wire/operation/return-content.ts";
import { decodeRow, decodeRows } from "../../src/wire/plainbuffer/decode.ts";
import { encodeChange, encodeKey } from "../../src/wire/plainbuffer/encode.ts";
import type { Transport, WireResponse } from "../../src/wire/transport.ts";

/** What a refusal says. */
export interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly text: string;
}

/** Keys as plain objects, columns in the order written. */
export type KeyOf<V> = Readonly<Record<string, V>>;

const any: WriteCondition = { existence: "ignore" };

/** Calls operations by their wire messages, signed; nothing retried, nothing hidden. */
export class Caller {
  readonly transport: Transport;
  readonly #clock: Clock;
  readonly #key: { readonly id: string; readonly secret: string };
  readonly instance: string;

  constructor(transport: Transport, clock: Clock, key: { readonly id: string; readonly secret: string }, instance: string) {
    this.transport = transport;
    this.#clock = clock;
    this.#key = key;
    this.instance = instance;
  }

  /** The same key on another instance, or another key. */
  on(instance: string, key = this.#key): Caller {
    return new Caller(this.transport, this.#clock, key, instance);
  }

  send(name: string, body: Uint8Array): Promise<WireResponse> {
    return this.transport(signedRequest(name, this.instance, this.#key, body, this.#clock.now()));
  }

  /** The reply, decoded. @throws Error with the refusal's code and text */
  async call<Name extends OperationName>(name: Name, request: RequestOf<Name>): Promise<ResponseOf<Name>> {
    const operation: Operation<RequestOf<Name>, ResponseOf<Name>> = operations[name] as never;
    const response = await this.send(name, operation.encodeRequest(request));
    if (response.status === 200) return operation.decodeResponse(response.body);
    const { code, text } = decodeErrorBody(response.body, response.status);
    throw new Error(`${name}: ${response.status} ${code} ${text}`);
  }

  /** The refusal of a request that must be refused. */
  async refusal<Name extends OperationName>(name: Name, request: RequestOf<Name>): Promise<Refusal> {
    const operation: Operation<RequestOf<Name>, ResponseOf<Name>> = operations[name] as never;
    return refusalOf(await this.send(name, operation.encodeRequest(request)));
  }

  async createTable(tableName: string, key: readonly KeySchema[], options: Partial<TableOptions> = {}): Promise<void> {
    await this.call("CreateTable", tableRequest(tableName, key, options));
  }

  put(tableName: string, key: KeyOf<KeyInput>, cells: readonly PutCell[] | KeyOf<Value>, condition = any, returnContent?: ReturnContent) {
    return this.call("PutRow", putRequest(tableName, key, cells, condition, returnContent));
  }

  update(tableName: string, key: KeyOf<KeyInput>, cells: readonly UpdateCell[], condition = any, returnContent?: ReturnContent) {
    return this.call("UpdateRow", updateRequest(tableName, key, cells, condition, returnContent));
  }

  delete(tableName: string, key: KeyOf<KeyInput>, condition = any) {
    return this.call("DeleteRow", deleteRequest(tableName, key, condition));
  }

  /** Puts up to 200 rows in one request. */
  async writeBatch(tableName: string, rows: readonly { readonly key: KeyOf<KeyInput>; readonly cells: KeyOf<Value> }[]): Promise<void> {
    const writes = rows.map(({ key, cells }) => ({ ...putRequest(tableName, key, cells), type: "put" as const }));
    const { tables } = await this.call("BatchWriteRow", { tables: [{ tableName, rows: writes }] });
    const failed = tables[0]!.rows.find((row) => !row.ok);
    if (failed !== undefined) throw new Error(JSON.stringify(failed));
  }

  async get(tableName: string, key: KeyOf<KeyInput>, selection: CellSelection = { maxVersions: 1 }): Promise<Row | undefined> {
    return decodeRow((await this.call("GetRow", { tableName, key: keyBytes(key), selection })).row);
  }

  async range(
    tableName: string,
    start: KeyOf<KeyBound>,
    end: KeyOf<KeyBound>,
    options: { direction?: "forward" | "backward"; limit?: number; selection?: CellSelection } = {},
  ) {
    const { direction = "forward", limit, selection = { maxVersions: 1 } } = options;
    const request = { tableName, direction, limit, selection, start: keyBytes(start), end: keyBytes(end) };
    const { rows, nextStart, consumed } = await this.call("GetRange", request);
    return { rows: decodeRows(rows), nextStart, consumed };
  }
}

export function refusalOf({ status, body }: WireResponse): Refusal {
  return { status, ...decodeErrorBody(body, status) };
}

export function keyColumns<V>(key: KeyOf<V>): KeyColumn<V>[] {
  return Object.entries(key).map(([name, value]) => ({ name, value }));
}

export function keyBytes(key: KeyOf<KeyInput | KeyBound>): Uint8Array {
  return encodeKey(keyColumns(key));
}

export function tableRequest(tableName: string, key: readonly KeySchema[], options: Partial<TableOptions> = {}): RequestOf<"CreateTable"> {
  return {
    meta: { tableName, key, definedColumns: [] },
    reserved: { read: 0, write: 0 },
    options: { timeToLive: -1, maxVersions: 1, ...options },
    partitions: [],
    indexes: [],
  };
}

export function putRequest(
  tableName: string,
  key: KeyOf<KeyInput>,
  cells: readonly PutCell[] | KeyOf<Value>,
  condition = any,
  returnContent?: ReturnContent,
): RequestOf<"PutRow"> {
  const list = isList(cells) ? cells : Object.entries(cells).map(([name, value]) => ({ name, value }));
  return { tableName, change: encodeChange({ type: "put", key: keyColumns(key), cells: list }), condition, returnContent };
}

export function updateRequest(
  tableName: string,
  key: KeyOf<KeyInput>,
  cells: readonly UpdateCell[],
  condition = any,
  returnContent?: ReturnContent,
): RequestOf<"UpdateRow"> {
  return { tableName, change: encodeChange({ type: "update", key: keyColumns(key), cells }), condition, returnContent };
}

export function deleteRequest(tableName: string, key: KeyOf<KeyInput>, condition = any): RequestOf<"DeleteRow"> {
  return { tableName, change: encodeChange({ type: "delete", key: keyColumns(key) }), condition };
}

/** Cells as `name@version=value`, easy to compare. */
export function cellsOf(row: Row | undefined): string[] | undefined {
  return row?.cells.map(({ name, value, timestamp }: Cell) => `${name}@${timestamp}=${textOf(value)}`);
}

/** Cells as an object of newest values. */
export function valuesOf(row: Row | undefined): KeyOf<Value> | undefined {
  return row === undefined ? undefined : Object.fromEntries(row.cells.toReversed().map(({ name, value }) => [name, value]));
}

function textOf(value: Value): string {
  return value instanceof Uint8Array ? Buffer.from(value).toString("hex") : typeof value === "bigint" ? `${value}n` : String(value);
}

function isList(cells: readonly PutCell[] | KeyOf<Value>): cells is readonly PutCell[] {
  return Array.isArray(cells);
}
