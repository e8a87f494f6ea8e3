import { ProtobufReader, type ProtobufWriter, required } from "../protobuf.ts";

/** Capacity units: consumed by a call, or reserved for a table. Both numbers are always on the wire (reference B.3). */
export interface Capacity {
  readonly read: number;
  readonly write: number;
}

/** `ConsumedCapacity {1! capacity_unit {1? read; 2? write}}` as field `field` (reference 2.1). */
export function writeConsumed(writer: ProtobufWriter, field: number, capacity: Capacity): void {
  writer.message(field, () => writeCapacityUnit(writer, 1, capacity));
}

export function writeCapacityUnit(
  writer: ProtobufWriter,
  field: number,
  capacity: { readonly read?: number | undefined; readonly write?: number | undefined },
): void {
  writer.message(field, () => {
    writer.integer(1, capacity.read);
    writer.integer(2, capacity.write);
  });
}

export function readConsumed(reader: ProtobufReader): Capacity {
  let capacity: Capacity | undefined;
  while (reader.next()) {
    if (reader.field === 1) {
      const { read, write } = reader.message(readCapacityUnit);
      capacity = { read: read ?? 0, write: write ?? 0 };
    } else reader.skip();
  }
  return required(capacity, "capacity_unit");
}

export function readCapacityUnit(reader: ProtobufReader): { readonly read: number | undefined; readonly write: number | undefined } {
  let read: number | undefined;
  let write: number | undefined;
  while (reader.next()) {
    if (reader.field === 1) read = reader.integer();
    else if (reader.field === 2) write = reader.integer();
    else reader.skip();
  }
  return { read, write };
}
