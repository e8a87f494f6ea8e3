import { createHash } from "node:crypto";
import { open, stat } from "node:fs/promises";
import { TableferryError } from "../../base/error.ts";
import { splitQuoted } from "./csv-record.ts";
import { fileError, formatError } from "./file-error.ts";
import type { FileLayout } from "./layout.ts";
import { RecordReader, type Place } from "./record-reader.ts";

/** What must be known of a file before its rows are read. */
export interface OpenedFile {
  /** Columns of CSV in order; empty for JSON. */
  readonly columns: readonly string[];
  /** Where the rows begin. */
  readonly start: Place;
  /** Bytes on disk. */
  readonly size: number;
}

/** @throws TF_SOURCE_MISSING, TF_IO, TF_SOURCE_FORMAT, TF_SOURCE_COLUMN_MISSING */
export async function openFile(layout: FileLayout, signal?: AbortSignal): Promise<OpenedFile> {
  const size = await sizeOf(layout);
  if (layout.format !== "csv") return { columns: [], start: { offset: 0, line: 0 }, size };
  const { names, start } = layout.header ? await readHeader(layout, signal) : { names: [], start: { offset: 0, line: 0 } };
  if (layout.header && layout.columns !== undefined && layout.columns.length !== names.length) {
    throw formatError(
      `${layout.title}:1`,
      `the header has ${names.length} columns, the specification names ${layout.columns.length}`,
      "Name every column of the file under `columns`, in order.",
    );
  }
  const columns = layout.columns ?? names;
  checkColumns(layout, columns);
  return { columns, start, size };
}

async function sizeOf(layout: FileLayout): Promise<number> {
  try {
    const found = await stat(layout.path);
    if (!found.isFile())
      throw new TableferryError("TF_IO", { message: `${layout.title} is not a file`, place: layout.title, wayOut: "Name a plain file." });
    return found.size;
  } catch (error) {
    throw fileError(error, "read", layout.title);
  }
}

async function readHeader(layout: FileLayout, signal?: AbortSignal): Promise<{ names: readonly string[]; start: Place }> {
  const reader = await RecordReader.open(layout, { offset: 0, line: 0 }, Infinity, false, signal);
  try {
    while (!reader.next()) {
      if (!(await reader.more()))
        throw formatError(
          layout.title,
          "the file is empty; it has no header line",
          "Give it a header line, or set `header: false` and name the `columns`.",
        );
    }
    if (reader.text === undefined)
      throw formatError(
        `${layout.title}:${reader.line}`,
        "the header is not UTF-8",
        "Convert the file to UTF-8, or set `encoding: latin1`.",
      );
    const names = splitQuoted(reader.text, layout.delimiter).map((name) => name ?? "");
    if (layout.columns === undefined) checkNames(layout, names, reader.line);
    return { names, start: reader.place };
  } finally {
    await reader.close();
  }
}

function checkNames(layout: FileLayout, names: readonly string[], line: number): void {
  const place = `${layout.title}:${line}`;
  const wayOut = "Correct the header, or name all columns in order under `columns`, which then replaces it.";
  names.forEach((name, at) => {
    if (name === "") throw formatError(place, `column ${at + 1} of the header has no name`, wayOut);
    if (names.indexOf(name) !== at) throw formatError(place, `the header names ${name} twice`, wayOut);
  });
}

function checkColumns(layout: FileLayout, columns: readonly string[]): void {
  for (const [field, names] of [
    ["key", layout.key.map((column) => column.name)],
    ["types", [...layout.types.keys()]],
  ] as const) {
    const missing = names.find((name) => !columns.includes(name));
    if (missing === undefined) continue;
    throw new TableferryError("TF_SOURCE_COLUMN_MISSING", {
      message: `${layout.title} has no column ${missing}, which \`${field}\` names; it has ${columns.join(", ")}`,
      place: layout.title,
    });
  }
}

/** Rows and unpacked bytes, from the first window of the file; undefined where a compressed file does not tell. */
export async function estimateRows(
  layout: FileLayout,
  opened: OpenedFile,
  signal?: AbortSignal,
): Promise<{ rows: number; bytes: number } | undefined> {
  const reader = await RecordReader.open(layout, opened.start, Infinity, false, signal);
  try {
    let records = 0;
    for (let windows = 0; windows < 2; windows++) {
      while (reader.next()) records++;
      // Two windows at most: a file that ends within them is counted, not estimated.
      if (!(await reader.more())) return { rows: records, bytes: reader.place.offset - opened.start.offset };
      if (windows === 1) break;
    }
    const sampled = reader.place.offset - opened.start.offset;
    const bytes = layout.compressed ? await unpackedSize(layout, opened.size) : opened.size;
    return bytes === undefined || records === 0 || sampled === 0
      ? undefined
      : { rows: Math.round((bytes - opened.start.offset) / (sampled / records)), bytes: bytes - opened.start.offset };
  } finally {
    await reader.close();
  }
}

/** The length that the last four bytes of a gzip file state, modulo 2^32; not believed when it is less than the file's. */
async function unpackedSize(layout: FileLayout, size: number): Promise<number | undefined> {
  const file = await open(layout.path, "r");
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(4), 0, 4, size - 4);
    const stated = bytesRead === 4 ? buffer.readUInt32LE() : 0;
    return stated >= size ? stated : undefined;
  } finally {
    await file.close();
  }
}

/** Changes when the file does: length, time of change and a hash over its first 64 KiB. */
export async function contentMark(layout: FileLayout): Promise<string> {
  const file = await open(layout.path, "r");
  try {
    const { size, mtimeMs } = await file.stat();
    const { buffer, bytesRead } = await file.read(Buffer.alloc(65_536), 0, 65_536, 0);
    const head = createHash("sha256").update(buffer.subarray(0, bytesRead)).digest("hex").slice(0, 16);
    return `${size}-${Math.round(mtimeMs)}-${head}`;
  } finally {
    await file.close();
  }
}
