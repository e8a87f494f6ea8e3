import { constants, type FileHandle, open, readdir } from "node:fs/promises";
import { join } from "node:path";
import { syncFolder } from "./durable-file.ts";

const namePattern = /^values-(\d{1,10})$/;

export function valueFileName(number: number): string {
  return `values-${number}`;
}

/** Numbers of the value files of a folder, in order. */
export async function valueFilesIn(folder: string): Promise<number[]> {
  const digits = (await readdir(folder)).flatMap((name) => namePattern.exec(name)?.[1] ?? []);
  return digits.map(Number).sort((a, b) => a - b);
}

/** One system call then writes and flushes; between two of them the event loop may be busy for a millisecond with what comes next. Elsewhere the flag does less. */
const FLUSHED_BY_FLAG = process.platform === "linux";
const { O_WRONLY, O_CREAT, O_EXCL, O_DSYNC } = constants;

/** A file of the value log that is being written: it grows at its end, by one writer, and is never opened for that again. */
export class ValueFile {
  readonly number: number;
  readonly path: string;
  readonly #handle: FileHandle;

  private constructor(number: number, path: string, handle: FileHandle) {
    this.number = number;
    this.path = path;
    this.#handle = handle;
  }

  static async create(folder: string, number: number): Promise<ValueFile> {
    const path = join(folder, valueFileName(number));
    const handle = await open(path, O_WRONLY | O_CREAT | O_EXCL | (FLUSHED_BY_FLAG ? O_DSYNC : 0), 0o600);
    // A file is there after a power cut when its folder says so.
    await syncFolder(folder);
    return new ValueFile(number, path, handle);
  }

  /** Settles when a power cut cannot take it any more. */
  async append(pieces: readonly Uint8Array[]): Promise<void> {
    let bytes = 0;
    for (const piece of pieces) bytes += piece.length;
    const { bytesWritten } = await this.#handle.writev(pieces);
    // A disk may take less than it was given and say why only to the next one.
    if (bytesWritten < bytes) await this.#handle.writeFile(Buffer.concat(pieces).subarray(bytesWritten));
    if (!FLUSHED_BY_FLAG) await this.#handle.datasync();
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}
