import { systemChance, type Chance } from "../base/chance.ts";
import { systemClock, type Clock } from "../base/clock.ts";
import { limits } from "../model/limits.ts";
import { batchGetRow, type BatchGetRowRequest, type BatchGetRowResponse } from "../wire/operation/batch-get-row.ts";
import { batchWriteRow, type BatchWriteRowRequest, type BatchWriteRowResponse } from "../wire/operation/batch-write-row.ts";
import {
  computeSplitPointsBySize,
  type ComputeSplitPointsBySizeRequest,
  type ComputeSplitPointsBySizeResponse,
} from "../wire/operation/compute-split-points-by-size.ts";
import { createTable, type CreateTableRequest } from "../wire/operation/create-table.ts";
import { deleteRow, type DeleteRowRequest, type DeleteRowResponse } from "../wire/operation/delete-row.ts";
import { deleteTable } from "../wire/operation/delete-table.ts";
import { describeTable, type DescribeTableResponse } from "../wire/operation/describe-table.ts";
import { getRange, type GetRangeRequest, type GetRangeResponse } from "../wire/operation/get-range.ts";
import { getRow, type GetRowRequest, type GetRowResponse } from "../wire/operation/get-row.ts";
import { listTable } from "../wire/operation/list-table.ts";
import type { Operation } from "../wire/operation/operation.ts";
import { putRow, type PutRowRequest, type PutRowResponse } from "../wire/operation/put-row.ts";
import { updateRow, type UpdateRowRequest, type UpdateRowResponse } from "../wire/operation/update-row.ts";
import { updateTable, type UpdateTableRequest, type UpdateTableResponse } from "../wire/operation/update-table.ts";
import type { AccessKey } from "../wire/headers.ts";
import type { Transport } from "../wire/transport.ts";
import { Caller, type CallOptions } from "./call.ts";
import type { CredentialSource } from "./credentials.ts";
import { openHttpTransport, type HttpTransport } from "./http-transport.ts";
import { defaultRetry, type RetryPolicy } from "./retry.ts";

export interface TableStoreClientOptions {
  /** `http(s)://host[:port]`; not needed with a transport. */
  readonly endpoint?: string | undefined;
  readonly instance: string;
  readonly credentials: AccessKey | CredentialSource;
  /** Instead of HTTP: an in-process server, a recorder, a simulation. */
  readonly transport?: Transport | undefined;
  readonly clock?: Clock | undefined;
  readonly chance?: Chance | undefined;
  /** Milliseconds one try may take; 30 s as the official SDKs. */
  readonly timeoutMs?: number | undefined;
  readonly retry?: RetryPolicy | undefined;
  /** Check signature and checksum of replies; default true. */
  readonly checkResponses?: boolean | undefined;
  /** With a transport: nobody but the two ends can change bytes on its way; default false. */
  readonly guarded?: boolean | undefined;
  /** Asked synchronously before each try of each write leaves, also when it had to wait for a connection; throwing sends nothing (a fence, R2). */
  readonly beforeWrite?: (() => void) | undefined;
  /** HTTP connections at most; default 32. */
  readonly connections?: number | undefined;
}

/** Replies carry at most 4 MB of rows; framing and one row over the line come on top. */
const responseBytesMax = 4 * limits.rangeBytesMax;

/**
 * A client of one instance. Methods are named for the operations and throw what `Caller.call` throws; rows travel as
 * PlainBuffer bytes, so that copying never decodes what it does not touch (`wire/plainbuffer` reads and writes them).
 */
export class TableStoreClient {
  readonly instance: string;
  readonly #caller: Caller;
  readonly #http: HttpTransport | undefined;

  constructor(options: TableStoreClientOptions) {
    const { credentials } = options;
    this.instance = options.instance;
    this.#http =
      options.transport === undefined
        ? openHttpTransport({ endpoint: options.endpoint ?? "", connections: options.connections ?? 32, responseBytesMax })
        : undefined;
    this.#caller = new Caller({
      transport: options.transport ?? this.#http!.transport,
      instance: options.instance,
      credentials: typeof credentials === "function" ? credentials : () => credentials,
      clock: options.clock ?? systemClock,
      chance: options.chance ?? systemChance,
      retry: options.retry ?? defaultRetry,
      timeoutMs: options.timeoutMs ?? 30_000,
      checkResponses: options.checkResponses ?? true,
      guarded: this.#http?.guarded ?? options.guarded ?? false,
      beforeWrite: options.beforeWrite,
    });
  }

  /** Any operation by its descriptor. */
  call<Request, Response>(operation: Operation<Request, Response>, request: Request, options?: CallOptions): Promise<Response> {
    return this.#caller.call(operation, request, options);
  }

  async listTable(options?: CallOptions): Promise<readonly string[]> {
    return (await this.call(listTable, {}, options)).tableNames;
  }

  async createTable(request: CreateTableRequest, options?: CallOptions): Promise<void> {
    await this.call(createTable, request, options);
  }

  describeTable(tableName: string, options?: CallOptions): Promise<DescribeTableResponse> {
    return this.call(describeTable, { tableName }, options);
  }

  updateTable(request: UpdateTableRequest, options?: CallOptions): Promise<UpdateTableResponse> {
    return this.call(updateTable, request, options);
  }

  async deleteTable(tableName: string, options?: CallOptions): Promise<void> {
    await this.call(deleteTable, { tableName }, options);
  }

  computeSplitPointsBySize(request: ComputeSplitPointsBySizeRequest, options?: CallOptions): Promise<ComputeSplitPointsBySizeResponse> {
    return this.call(computeSplitPointsBySize, request, options);
  }

  getRow(request: GetRowRequest, options?: CallOptions): Promise<GetRowResponse> {
    return this.call(getRow, request, options);
  }

  putRow(request: PutRowRequest, options?: CallOptions): Promise<PutRowResponse> {
    return this.call(putRow, request, options);
  }

  updateRow(request: UpdateRowRequest, options?: CallOptions): Promise<UpdateRowResponse> {
    return this.call(updateRow, request, options);
  }

  deleteRow(request: DeleteRowRequest, options?: CallOptions): Promise<DeleteRowResponse> {
    return this.call(deleteRow, request, options);
  }

  batchGetRow(request: BatchGetRowRequest, options?: CallOptions): Promise<BatchGetRowResponse> {
    return this.call(batchGetRow, request, options);
  }

  /** Sends the rows once; refusals of single rows stand in the reply, in request order. */
  batchWriteRow(request: BatchWriteRowRequest, options?: CallOptions): Promise<BatchWriteRowResponse> {
    return this.call(batchWriteRow, request, options);
  }

  getRange(request: GetRangeRequest, options?: CallOptions): Promise<GetRangeResponse> {
    return this.call(getRange, request, options);
  }

  /** Pages of a range until its end; each page is one reply, possibly without rows. */
  async *getRangePages(request: GetRangeRequest, options?: CallOptions): AsyncGenerator<GetRangeResponse> {
    let start: Uint8Array | undefined = request.start;
    while (start !== undefined) {
      const page: GetRangeResponse = await this.getRange({ ...request, start }, options);
      yield page;
      start = page.nextStart;
    }
  }

  /** Closes the connections once the requests under way have settled. */
  async close(): Promise<void> {
    await this.#http?.close();
  }
}
