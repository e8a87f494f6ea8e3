import { enumeration, ProtobufReader, type ProtobufWriter } from "../protobuf.ts";

/** What a write answers besides its cost. `columns` may only be named for `afterModify` (reference 7.4). */
export interface ReturnContent {
  readonly type: "none" | "key" | "afterModify";
  readonly columns: readonly string[];
}

const returnType = enumeration("return type", { none: 0, key: 1, afterModify: 2 });

export function writeReturnContent(writer: ProtobufWriter, field: number, content: ReturnContent | undefined): void {
  if (content === undefined) return;
  writer.message(field, () => {
    writer.integer(1, returnType.number(content.type));
    writer.strings(2, content.columns);
  });
}

export function readReturnContent(reader: ProtobufReader): ReturnContent {
  let type: ReturnContent["type"] = "none";
  const columns: string[] = [];
  while (reader.next()) {
    if (reader.field === 1) type = returnType.name(reader.integer());
    else if (reader.field === 2) columns.push(reader.string());
    else reader.skip();
  }
  return { type, columns };
}
