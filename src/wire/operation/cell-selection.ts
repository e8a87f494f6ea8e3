import type { CellSelection } from "../../model/condition.ts";
import { decodeFilter, encodeFilter } from "../filter.ts";
import { ProtobufReader, type ProtobufWriter } from "../protobuf.ts";
import { invalid } from "../service-error.ts";

/** Field numbers of the parts of a selection; they differ by message (reference 2.3). */
export interface SelectionFields {
  readonly columns: number;
  readonly timeRange: number;
  readonly maxVersions: number;
  readonly filter: number;
  readonly startColumn: number;
  readonly endColumn: number;
}

/** A selection while a message is being read. */
export interface SelectionParts {
  columns?: string[];
  startColumn?: string;
  endColumn?: string;
  maxVersions?: number;
  timeRange?: { start: number; end: number };
  specificTime?: number;
  filter?: CellSelection["filter"];
}

export function writeSelection(writer: ProtobufWriter, fields: SelectionFields, selection: CellSelection): void {
  writer.strings(fields.columns, selection.columns ?? []);
  const { timeRange, specificTime } = selection;
  if (timeRange !== undefined || specificTime !== undefined) {
    writer.message(fields.timeRange, () => {
      writer.integer(1, timeRange?.start);
      writer.integer(2, timeRange?.end);
      writer.integer(3, specificTime);
    });
  }
  writer.integer(fields.maxVersions, selection.maxVersions);
  if (selection.filter !== undefined) writer.bytes(fields.filter, encodeFilter(selection.filter));
  writer.string(fields.startColumn, selection.startColumn);
  writer.string(fields.endColumn, selection.endColumn);
}

/** Takes the reader's current field if it is part of a selection. */
export function readSelectionField(reader: ProtobufReader, fields: SelectionFields, into: SelectionParts): boolean {
  switch (reader.field) {
    case fields.columns:
      (into.columns ??= []).push(reader.string());
      return true;
    case fields.timeRange:
      reader.message((range) => readTimeRange(range, into));
      return true;
    case fields.maxVersions:
      into.maxVersions = reader.integer();
      return true;
    case fields.filter:
      into.filter = decodeFilter(reader.view());
      return true;
    case fields.startColumn:
      into.startColumn = reader.string();
      return true;
    case fields.endColumn:
      into.endColumn = reader.string();
      return true;
    default:
      return false;
  }
}

function readTimeRange(reader: ProtobufReader, into: SelectionParts): void {
  let start: number | undefined;
  let end: number | undefined;
  while (reader.next()) {
    if (reader.field === 1) start = reader.integer();
    else if (reader.field === 2) end = reader.integer();
    else if (reader.field === 3) into.specificTime = reader.integer();
    else reader.skip();
  }
  if (start !== undefined && end !== undefined) into.timeRange = { start, end };
  else if (start !== undefined || end !== undefined) invalid("Start and end time must be given at the same time.");
}
