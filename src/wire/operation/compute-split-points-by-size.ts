import type { KeySchema } from "../../model/schema.ts";
import { ProtobufReader, ProtobufWriter, required } from "../protobuf.ts";
import { readConsumed, writeConsumed, type Capacity } from "./capacity.ts";
import type { Operation } from "./operation.ts";
import { readKeySchema, writeKeySchema } from "./table-codec.ts";

export interface ComputeSplitPointsBySizeRequest {
  readonly tableName: string;
  /** In units of `unitBytes`. */
  readonly splitSize: number;
  /** Bytes of a unit, 100 MB unless given. */
  readonly unitBytes?: number | undefined;
  readonly splitPointLimit?: number | undefined;
}

export interface ComputeSplitPointsBySizeResponse {
  readonly consumed: Capacity;
  readonly key: readonly KeySchema[];
  /** Encoded keys in order; trailing INF_MIN columns are left out (reference 2.2). */
  readonly splitPoints: readonly Uint8Array[];
  /** Where the splits lie; the repeats add up to the number of points plus one. */
  readonly locations: readonly { readonly location: string; readonly repeat: number }[];
}

/**
 * `1! table_name; 2! split_size; 3? split_size_unit_in_byte; 4? split_point_limit`; reply `1! consumed; 2* schema;
 * 3* split_points; 4* locations {1! location; 2! repeat (zigzag)}` (reference 2.2).
 */
export const computeSplitPointsBySize: Operation<ComputeSplitPointsBySizeRequest, ComputeSplitPointsBySizeResponse> = {
  name: "ComputeSplitPointsBySize",
  kind: "read",
  encodeRequest: (request) => {
    const writer = new ProtobufWriter();
    writer.string(1, request.tableName);
    writer.integer(2, request.splitSize);
    writer.integer(3, request.unitBytes);
    writer.integer(4, request.splitPointLimit);
    return writer.finish();
  },
  decodeRequest: (body) => {
    const reader = new ProtobufReader(body);
    const parts: { -readonly [Part in keyof ComputeSplitPointsBySizeRequest]?: ComputeSplitPointsBySizeRequest[Part] } = {};
    while (reader.next()) {
      if (reader.field === 1) parts.tableName = reader.string();
      else if (reader.field === 2) parts.splitSize = reader.integer();
      else if (reader.field === 3) parts.unitBytes = reader.integer();
      else if (reader.field === 4) parts.splitPointLimit = reader.integer();
      else reader.skip();
    }
    return { ...parts, tableName: required(parts.tableName, "table_name"), splitSize: required(parts.splitSize, "split_size") };
  },
  encodeResponse: (response) => {
    const writer = new ProtobufWriter();
    writeConsumed(writer, 1, response.consumed);
    for (const column of response.key) writeKeySchema(writer, 2, column);
    for (const point of response.splitPoints) writer.bytes(3, point);
    for (const { location, repeat } of response.locations) {
      writer.message(4, () => {
        writer.string(1, location);
        writer.zigzag(2, repeat);
      });
    }
    return writer.finish();
  },
  decodeResponse: (body) => {
    const reader = new ProtobufReader(body);
    let consumed: Capacity | undefined;
    const key: KeySchema[] = [];
    const splitPoints: Uint8Array[] = [];
    const locations: { location: string; repeat: number }[] = [];
    while (reader.next()) {
      if (reader.field === 1) consumed = reader.message(readConsumed);
      else if (reader.field === 2) key.push(reader.message(readKeySchema));
      else if (reader.field === 3) splitPoints.push(reader.view());
      else if (reader.field === 4) locations.push(reader.message(readLocation));
      else reader.skip();
    }
    return { consumed: required(consumed, "consumed"), key, splitPoints, locations };
  },
};

function readLocation(reader: ProtobufReader): { location: string; repeat: number } {
  let location = "";
  let repeat = 0;
  while (reader.next()) {
    if (reader.field === 1) location = reader.string();
    else if (reader.field === 2) repeat = reader.zigzag();
    else reader.skip();
  }
  return { location, repeat };
}
