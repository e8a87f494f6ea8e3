import { ProtobufReader, ProtobufWriter, required } from "../protobuf.ts";

/** A message that is `1! table_name`. */
export function encodeTableName(request: { readonly tableName: string }): Uint8Array {
  const writer = new ProtobufWriter();
  writer.string(1, request.tableName);
  return writer.finish();
}

export function decodeTableName(body: Uint8Array): { readonly tableName: string } {
  const reader = new ProtobufReader(body);
  let tableName: string | undefined;
  while (reader.next()) {
    if (reader.field === 1) tableName = reader.string();
    else reader.skip();
  }
  return { tableName: required(tableName, "table_name") };
}
