import type { RowExistence, WriteCondition } from "../../model/condition.ts";
import { decodeFilter, encodeFilter } from "../filter.ts";
import { enumeration, ProtobufReader, ProtobufWriter, required } from "../protobuf.ts";

const existence = enumeration<RowExistence>("row existence expectation", { ignore: 0, expectExist: 1, expectNotExist: 2 });

/** Conditions without a filter, which most rows have. */
const unfiltered: Readonly<Record<RowExistence, WriteCondition>> = {
  ignore: { existence: "ignore", filter: undefined },
  expectExist: { existence: "expectExist", filter: undefined },
  expectNotExist: { existence: "expectNotExist", filter: undefined },
};

/** `Condition {1! row_existence; 2? column_condition}` (reference 2.1). */
export function writeCondition(writer: ProtobufWriter, field: number, condition: WriteCondition): void {
  writer.message(field, () => {
    writer.integer(1, existence.number(condition.existence));
    if (condition.filter !== undefined) writer.bytes(2, encodeFilter(condition.filter));
  });
}

export function readCondition(reader: ProtobufReader): WriteCondition {
  let row: RowExistence | undefined;
  let filter: WriteCondition["filter"];
  while (reader.next()) {
    if (reader.field === 1) row = existence.name(reader.integer());
    else if (reader.field === 2) filter = decodeFilter(reader.view());
    else reader.skip();
  }
  const expected = required(row, "row_existence");
  return filter === undefined ? unfiltered[expected] : { existence: expected, filter };
}

/** Conditions recur: most rows of a batch share one object. */
const encodedConditions = new WeakMap<WriteCondition, Uint8Array>();

/** A condition as field 3, as it stands behind a row of a batch. */
export function encodedCondition(condition: WriteCondition): Uint8Array {
  let bytes = encodedConditions.get(condition);
  if (bytes === undefined) {
    const writer = new ProtobufWriter(64);
    writeCondition(writer, 3, condition);
    bytes = writer.finish();
    encodedConditions.set(condition, bytes);
  }
  return bytes;
}
