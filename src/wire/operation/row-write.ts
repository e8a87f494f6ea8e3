import type { WriteCondition } from "../../model/condition.ts";
import { ProtobufReader, ProtobufWriter, required } from "../protobuf.ts";
import { readConsumed, writeConsumed, type Capacity } from "./capacity.ts";
import type { Operation } from "./operation.ts";
import { readReturnContent, writeReturnContent, type ReturnContent } from "./return-content.ts";
import { readCondition, writeCondition } from "./write-condition.ts";

/** One row of a write: the encoded change (PlainBuffer with its header) and what must hold before it is applied. */
export interface RowWrite {
  readonly change: Uint8Array;
  readonly condition: WriteCondition;
  readonly returnContent?: ReturnContent | undefined;
}

/** PutRow, UpdateRow and DeleteRow have the same request in all but the field's name (reference 2.3). */
export interface SingleWriteRequest extends RowWrite {
  readonly tableName: string;
  readonly transactionId?: string | undefined;
}

export interface SingleWriteResponse {
  readonly consumed: Capacity;
  /** PlainBuffer of the returned key or columns; absent when nothing was asked for. */
  readonly row?: Uint8Array | undefined;
}

/** The codecs of PutRow, UpdateRow and DeleteRow: `1! table_name; 2! row; 3! condition; 4? return_content; 5? transaction_id`. */
export function singleWrite(name: string): Operation<SingleWriteRequest, SingleWriteResponse> {
  return { name, kind: "write", encodeRequest, decodeRequest, encodeResponse, decodeResponse };
}

function encodeRequest(request: SingleWriteRequest): Uint8Array {
  const writer = new ProtobufWriter(request.change.length + 128);
  writer.string(1, request.tableName);
  writer.bytes(2, request.change);
  writeCondition(writer, 3, request.condition);
  writeReturnContent(writer, 4, request.returnContent);
  writer.string(5, request.transactionId);
  return writer.finish();
}

function decodeRequest(body: Uint8Array): SingleWriteRequest {
  const reader = new ProtobufReader(body);
  let tableName: string | undefined;
  let change: Uint8Array | undefined;
  let condition: WriteCondition | undefined;
  let returnContent: ReturnContent | undefined;
  let transactionId: string | undefined;
  while (reader.next()) {
    if (reader.field === 1) tableName = reader.string();
    else if (reader.field === 2) change = reader.view();
    else if (reader.field === 3) condition = reader.message(readCondition);
    else if (reader.field === 4) returnContent = reader.message(readReturnContent);
    else if (reader.field === 5) transactionId = reader.string();
    else reader.skip();
  }
  return {
    tableName: required(tableName, "table_name"),
    change: required(change, "row"),
    condition: required(condition, "condition"),
    returnContent,
    transactionId,
  };
}

function encodeResponse(response: SingleWriteResponse): Uint8Array {
  const writer = new ProtobufWriter(64 + (response.row?.length ?? 0));
  writeConsumed(writer, 1, response.consumed);
  writer.bytes(2, response.row);
  return writer.finish();
}

function decodeResponse(body: Uint8Array): SingleWriteResponse {
  const reader = new ProtobufReader(body);
  let consumed: Capacity | undefined;
  let row: Uint8Array | undefined;
  while (reader.next()) {
    if (reader.field === 1) consumed = reader.message(readConsumed);
    else if (reader.field === 2) row = reader.view();
    else reader.skip();
  }
  return { consumed: required(consumed, "consumed"), row };
}
