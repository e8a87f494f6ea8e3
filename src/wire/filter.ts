import type { Comparator, Filter, ValueTransfer } from "../model/condition.ts";
import { limits } from "../model/limits.ts";
import { corrupt, WireCorrupt } from "./corrupt.ts";
import { decodeBareValue, encodeBareValue } from "./plainbuffer/bare-value.ts";
import { enumeration, ProtobufReader, ProtobufWriter, required } from "./protobuf.ts";

/** Filters of reads and column conditions of writes, as bytes inside other messages (reference section 4). */
const filterType = enumeration("filter type", { column: 1, composite: 2, page: 3 });
const combinator = enumeration("combinator", { not: 1, and: 2, or: 3 });
const castType = enumeration("cast type", { integer: 0, double: 1, string: 3, null: 6, binary: 7 });
const comparator = enumeration<Comparator>("comparator", {
  equal: 1,
  notEqual: 2,
  greater: 3,
  greaterEqual: 4,
  less: 5,
  lessEqual: 6,
  exist: 7,
  notExist: 8,
});

/** Conditions nested deeper than this are refused before they are followed. */
const DEPTH_MAX = limits.filterConditionsMax + 1;

export function encodeFilter(filter: Filter): Uint8Array {
  const inner = new ProtobufWriter();
  if (filter.type === "column") {
    inner.integer(1, comparator.number(filter.comparator));
    inner.string(2, filter.name);
    inner.bytes(3, encodeBareValue(filter.value));
    inner.boolean(4, filter.filterIfMissing);
    inner.boolean(5, filter.latestVersionOnly);
    if (filter.transfer !== undefined) writeTransfer(inner, filter.transfer);
  } else if (filter.type === "page") {
    inner.integer(1, filter.offset);
    inner.integer(2, filter.limit);
  } else {
    inner.integer(1, combinator.number(filter.type));
    for (const part of filter.filters) inner.bytes(2, encodeFilter(part));
  }
  const outer = new ProtobufWriter();
  outer.integer(1, filterType.number(filter.type === "column" || filter.type === "page" ? filter.type : "composite"));
  outer.bytes(2, inner.finish());
  return outer.finish();
}

function writeTransfer(writer: ProtobufWriter, transfer: ValueTransfer): void {
  writer.message(6, () => {
    writer.string(1, transfer.regex);
    if (transfer.castType !== undefined) writer.integer(2, castType.number(transfer.castType));
  });
}

/** @throws WireCorrupt of layer `filter`, which the server answers with `Deserialize filter failed.` */
export function decodeFilter(bytes: Uint8Array): Filter {
  try {
    return nestedFilter(bytes, 0);
  } catch (error) {
    if (error instanceof WireCorrupt && error.layer !== "filter") throw new WireCorrupt(error.sentence, error.offset, "filter", error);
    throw error;
  }
}

function nestedFilter(bytes: Uint8Array, depth: number): Filter {
  if (depth > DEPTH_MAX) corrupt("a filter nested too deeply", 0, "filter");
  const reader = new ProtobufReader(bytes);
  let type: number | undefined;
  let inner: Uint8Array | undefined;
  while (reader.next()) {
    if (reader.field === 1) type = reader.integer();
    else if (reader.field === 2) inner = reader.view();
    else reader.skip();
  }
  const body = required(inner, "filter");
  switch (filterType.name(required(type, "type"))) {
    case "column":
      return columnFilter(body);
    case "page":
      return pageFilter(body);
    default:
      return compositeFilter(body, depth);
  }
}

function columnFilter(bytes: Uint8Array): Filter {
  const reader = new ProtobufReader(bytes);
  let comparison: Comparator | undefined;
  let name: string | undefined;
  let value: Uint8Array | undefined;
  let filterIfMissing: boolean | undefined;
  let latestVersionOnly: boolean | undefined;
  let transfer: ValueTransfer | undefined;
  while (reader.next()) {
    if (reader.field === 1) comparison = comparator.name(reader.integer());
    else if (reader.field === 2) name = reader.string();
    else if (reader.field === 3) value = reader.view();
    else if (reader.field === 4) filterIfMissing = reader.boolean();
    else if (reader.field === 5) latestVersionOnly = reader.boolean();
    else if (reader.field === 6) transfer = reader.message(readTransfer);
    else reader.skip();
  }
  const decoded = decodeBareValue(required(value, "column_value"));
  if (typeof decoded === "symbol" || decoded === null) return corrupt("a filter compares with a placeholder", 0, "filter");
  return {
    type: "column",
    comparator: required(comparison, "comparator"),
    name: required(name, "column_name"),
    value: decoded,
    filterIfMissing: required(filterIfMissing, "filter_if_missing"),
    latestVersionOnly: required(latestVersionOnly, "latest_version_only"),
    transfer,
  };
}

function readTransfer(reader: ProtobufReader): ValueTransfer {
  let regex: string | undefined;
  let cast: ValueTransfer["castType"];
  while (reader.next()) {
    if (reader.field === 1) regex = reader.string();
    else if (reader.field === 2) cast = castType.name(reader.integer());
    else reader.skip();
  }
  return { regex: required(regex, "regex"), castType: cast };
}

function pageFilter(bytes: Uint8Array): Filter {
  const reader = new ProtobufReader(bytes);
  let offset: number | undefined;
  let limit: number | undefined;
  while (reader.next()) {
    if (reader.field === 1) offset = reader.integer();
    else if (reader.field === 2) limit = reader.integer();
    else reader.skip();
  }
  return { type: "page", offset: required(offset, "offset"), limit: required(limit, "limit") };
}

function compositeFilter(bytes: Uint8Array, depth: number): Filter {
  const reader = new ProtobufReader(bytes);
  let type: "not" | "and" | "or" | undefined;
  const filters: Filter[] = [];
  while (reader.next()) {
    if (reader.field === 1) type = combinator.name(reader.integer());
    else if (reader.field === 2) filters.push(nestedFilter(reader.view(), depth + 1));
    else reader.skip();
  }
  return { type: required(type, "combinator"), filters };
}
