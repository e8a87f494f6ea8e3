import { constants } from "node:fs";
import { open, readFile, rename, type FileHandle } from "node:fs/promises";
import { dirname } from "node:path";
import { crc32 } from "node:zlib";
import { hasSystemCode, TableferryError, toError } from "../base/error.ts";
import type { StateEntry } from "./state-store.ts";

/** One change of one key; without an entry the key was removed. */
export interface JournalRecord {
  readonly key: string;
  readonly entry?: StateEntry | undefined;
}

/**
 * The file behind `FileStateStore`: one line a flush, `crc32 [[key, token, seq, value] …]`, synced before it counts. A line
 * that was being written when the machine stopped is the last one and is left out; a bad line before others is damage.
 */
export interface ReadJournal {
  readonly entries: Map<string, StateEntry>;
  /** Bytes up to the end of the last whole line. */
  readonly length: number;
}

const header = "tableferry state 1\n";

/** @throws TF_STATE_CORRUPT with the line; TF_IO */
export async function readJournal(path: string): Promise<ReadJournal> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (cause) {
    if (hasSystemCode(cause, "ENOENT")) return { entries: new Map(), length: 0 };
    throw cannot("read", path, cause);
  }
  const entries = new Map<string, StateEntry>();
  if (!text.startsWith(header)) {
    if (header.startsWith(text)) return { entries, length: 0 };
    throw corrupt(path, 1, "it is no state file");
  }
  const lines = text.slice(header.length).split("\n");
  let length = header.length;
  for (const [i, line] of lines.entries()) {
    const records = i === lines.length - 1 ? undefined : decodeLine(line);
    if (records === undefined) {
      if (i >= lines.length - 2) break;
      throw corrupt(path, i + 2, "a line's checksum is wrong");
    }
    for (const { key, entry } of records) {
      if (entry === undefined) entries.delete(key);
      else entries.set(key, entry);
    }
    length += Buffer.byteLength(line) + 1;
  }
  return { entries, length };
}

/** Appends to a journal whose lock is held; calls one after the other. */
export class JournalWriter {
  readonly #path: string;
  #file: FileHandle;
  #length: number;

  private constructor(path: string, file: FileHandle, length: number) {
    this.#path = path;
    this.#file = file;
    this.#length = length;
  }

  /** Cuts off a torn last line and goes on after the rest. */
  static async open(path: string, length: number): Promise<JournalWriter> {
    try {
      const file = await open(path, constants.O_RDWR | constants.O_CREAT, 0o600);
      await file.truncate(length);
      const writer = new JournalWriter(path, file, length);
      if (length === 0) {
        await writer.#write(header);
        await syncFolder(path);
      }
      return writer;
    } catch (cause) {
      throw cannot("write", path, cause);
    }
  }

  /** Bytes of the file. */
  get length(): number {
    return this.#length;
  }

  /** Resolves once the records are on the disk. @throws TF_IO; the journal is of no further use then */
  async append(records: readonly JournalRecord[]): Promise<void> {
    try {
      await this.#write(encodeLine(records));
    } catch (cause) {
      throw cannot("write", this.#path, cause);
    }
  }

  /** Replaces the file by one that holds only what is current; the old one stays until the new one is complete. */
  async rewrite(entries: ReadonlyMap<string, StateEntry>): Promise<void> {
    const fresh = `${this.#path}.new`;
    try {
      const file = await open(fresh, "w", 0o600);
      const text = header + (entries.size === 0 ? "" : encodeLine([...entries].map(([key, entry]) => ({ key, entry }))));
      await file.writeFile(text);
      await file.sync();
      await rename(fresh, this.#path);
      await syncFolder(this.#path);
      await this.#file.close();
      this.#file = file;
      this.#length = Buffer.byteLength(text);
    } catch (cause) {
      throw cannot("write", this.#path, cause);
    }
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  async #write(text: string): Promise<void> {
    const bytes = Buffer.from(text);
    for (let sent = 0; sent < bytes.length;)
      sent += (await this.#file.write(bytes, sent, bytes.length - sent, this.#length + sent)).bytesWritten;
    await this.#file.datasync();
    this.#length += bytes.length;
  }
}

function encodeLine(records: readonly JournalRecord[]): string {
  const body = JSON.stringify(records.map(({ key, entry }) => (entry === undefined ? [key] : [key, entry.token, entry.seq, entry.value])));
  return `${checksum(body)} ${body}\n`;
}

function decodeLine(line: string): readonly JournalRecord[] | undefined {
  const body = line.slice(9);
  if (line[8] !== " " || line.slice(0, 8) !== checksum(body)) return undefined;
  const rows = JSON.parse(body) as readonly (readonly [string, string?, number?, string?])[];
  return rows.map(([key, token, seq, value]) =>
    token === undefined || seq === undefined || value === undefined ? { key } : { key, entry: { token, seq, value } },
  );
}

function checksum(text: string): string {
  return crc32(text).toString(16).padStart(8, "0");
}

/** A renamed or new file is durable once its folder is. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(dirname(path), "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

function corrupt(path: string, line: number, why: string): TableferryError {
  return new TableferryError("TF_STATE_CORRUPT", { message: `the job's state file is damaged: ${why}`, place: `${path}:${line}` });
}

function cannot(verb: "read" | "write", path: string, cause: unknown): TableferryError {
  return cause instanceof TableferryError
    ? cause
    : new TableferryError("TF_IO", {
        message: `the job's state cannot be ${verb === "read" ? "read" : "written"}: ${toError(cause).message}`,
        place: path,
        cause,
      });
}
