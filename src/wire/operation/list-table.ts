import { ProtobufReader, ProtobufWriter } from "../protobuf.ts";
import { decodeEmpty, encodeEmpty, type Empty } from "./empty.ts";
import type { Operation } from "./operation.ts";

export type ListTableRequest = Empty;

export interface ListTableResponse {
  readonly tableNames: readonly string[];
}

/** Empty request; reply `1* table_names`. */
export const listTable: Operation<ListTableRequest, ListTableResponse> = {
  name: "ListTable",
  kind: "read",
  encodeRequest: encodeEmpty,
  decodeRequest: decodeEmpty,
  encodeResponse: (response) => {
    const writer = new ProtobufWriter();
    writer.strings(1, response.tableNames);
    return writer.finish();
  },
  decodeResponse: (body) => {
    const reader = new ProtobufReader(body);
    const tableNames: string[] = [];
    while (reader.next()) {
      if (reader.field === 1) tableNames.push(reader.string());
      else reader.skip();
    }
    return { tableNames };
  },
};
