import { decodeEmpty, encodeEmpty, type Empty } from "./empty.ts";
import type { Operation } from "./operation.ts";
import { decodeTableName, encodeTableName } from "./table-name.ts";

export interface DeleteTableRequest {
  readonly tableName: string;
}

export type DeleteTableResponse = Empty;

export const deleteTable: Operation<DeleteTableRequest, DeleteTableResponse> = {
  name: "DeleteTable",
  kind: "write",
  encodeRequest: encodeTableName,
  decodeRequest: decodeTableName,
  encodeResponse: encodeEmpty,
  decodeResponse: decodeEmpty,
};
