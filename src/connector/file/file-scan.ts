import { RowRefused, type FlowRow } from "../../job/mapping.ts";
import type { Batch, Position, ScanScope, SourceRefusal, Split } from "../connector.ts";
import { rowTest } from "../row-scope.ts";
import { CsvRows } from "./csv-rows.ts";
import { FileBatch } from "./file-batch.ts";
import { JsonRows } from "./json-rows.ts";
import type { FileLayout } from "./layout.ts";
import { RecordReader, type Place } from "./record-reader.ts";
import type { RowReader } from "./row-reader.ts";

/** What a split says of its piece of the file: [offset, until) in unpacked bytes, `until` null for the whole rest. */
export interface FileSpan extends Place {
  readonly until: number | null;
}

const batchRowsMax = 5000;
const batchBytesMax = 1024 * 1024;

export interface FileScan {
  readonly layout: FileLayout;
  /** Columns of CSV in the file's order; unused for JSON. */
  readonly columns: readonly string[];
  readonly split: Split;
  readonly from: Position | undefined;
  readonly scope: ScanScope;
}

/** Reads a piece of a file batch by batch; a batch ends behind a record, so every position is a record's end. */
export async function* scanFile(scan: FileScan, signal?: AbortSignal): AsyncGenerator<Batch> {
  const { layout, split, scope } = scan;
  const span = split.spec as FileSpan;
  const start = scan.from === undefined ? span : parsePosition(scan.from);
  const test = rowTest(scope, layout.key, layout.title);
  const rowReader: RowReader = layout.format === "csv" ? new CsvRows(layout, scan.columns) : new JsonRows(layout);
  const reader = await RecordReader.open(layout, start, span.until ?? Infinity, scan.from !== undefined, signal);
  try {
    let piece = new Piece(start, scan.from);
    do {
      while (reader.next()) {
        const row = readRow(reader, rowReader, layout.title, piece.refused);
        if (row !== undefined && (test === undefined || test(row))) piece.add(row, reader.line);
        piece.records++;
        if (piece.records >= batchRowsMax || reader.place.offset - piece.start.offset >= batchBytesMax) {
          const batch = piece.batch(layout.title, split.id, reader.place);
          yield batch;
          piece = new Piece(reader.place, batch.position);
        }
      }
      signal?.throwIfAborted();
    } while (await reader.more());
    if (piece.records > 0) yield piece.batch(layout.title, split.id, reader.place);
  } finally {
    await reader.close();
  }
}

class Piece {
  readonly start: Place;
  readonly from: Position | undefined;
  readonly refused: SourceRefusal[] = [];
  readonly rows: FlowRow[] = [];
  readonly lines: number[] = [];
  records = 0;

  constructor(start: Place, from: Position | undefined) {
    this.start = start;
    this.from = from;
  }

  add(row: FlowRow, line: number): void {
    this.rows.push(row);
    this.lines.push(line);
  }

  batch(title: string, split: string, end: Place): FileBatch {
    const span = { split, from: this.from, position: formatPosition(end), bytes: end.offset - this.start.offset, refused: this.refused };
    return new FileBatch(span, title, this.rows, this.lines);
  }
}

function readRow(reader: RecordReader, rowReader: RowReader, title: string, refused: SourceRefusal[]): FlowRow | undefined {
  try {
    if (reader.text === undefined) throw new RowRefused({ cause: "encoding", text: "the row is not UTF-8" });
    if (reader.fault !== undefined) throw new RowRefused({ cause: "quotes", text: reader.fault });
    return rowReader.read(reader.text, reader.quoted);
  } catch (error) {
    if (!(error instanceof RowRefused)) throw error;
    refused.push({ ...error.refusal, place: `${title}:${reader.line}`, original: reader.original() });
    return undefined;
  }
}

/** `offset:line`, in unpacked bytes and lines passed. */
function formatPosition(place: Place): Position {
  return `${place.offset}:${place.line}`;
}

function parsePosition(position: Position): Place {
  const [offset, line] = position.split(":").map(Number);
  return { offset: offset ?? 0, line: line ?? 0 };
}
