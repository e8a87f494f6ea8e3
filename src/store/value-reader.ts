import { closeSync, openSync, readSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { hasSystemCode, TableferryError } from "../base/error.ts";
import { valueFileName } from "./value-file.ts";
import type { ValuePlace } from "./value-frame.ts";

/** Reads values of the value log, one after another; what stands near each other is in one file, which stays open meanwhile. */
export class ValueReader {
  readonly #folder: string;
  #open: { readonly file: number; readonly handle: FileHandle } | undefined;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** @throws TF_STORE_CORRUPT where it is not what was written */
  async read(place: ValuePlace): Promise<Buffer> {
    const path = join(this.#folder, valueFileName(place.file));
    const value = Buffer.allocUnsafeSlow(place.length);
    try {
      if (this.#open?.file !== place.file) {
        await this.close();
        this.#open = { file: place.file, handle: await open(path, "r") };
      }
      const { bytesRead } = await this.#open.handle.read(value, 0, place.length, place.at);
      check(value.subarray(0, bytesRead), place, path);
    } catch (thrown) {
      throw damaged(thrown, place, path);
    }
    return value;
  }

  async close(): Promise<void> {
    const { handle } = this.#open ?? {};
    this.#open = undefined;
    await handle?.close();
  }
}

/** Reads one value within the call. @throws TF_STORE_CORRUPT */
export function readValueNow(folder: string, place: ValuePlace): Buffer {
  const path = join(folder, valueFileName(place.file));
  const value = Buffer.allocUnsafeSlow(place.length);
  try {
    const descriptor = openSync(path, "r");
    try {
      check(value.subarray(0, readSync(descriptor, value, 0, place.length, place.at)), place, path);
    } finally {
      closeSync(descriptor);
    }
  } catch (thrown) {
    throw damaged(thrown, place, path);
  }
  return value;
}

function check(value: Buffer, { length, crc, at }: ValuePlace, path: string): void {
  if (value.length === length && crc32(value) === crc) return;
  throw new TableferryError("TF_STORE_CORRUPT", { message: `a file of the data folder is damaged behind byte ${at}`, place: path });
}

/** A file that should be there and is not is damage too; what else goes wrong is passed on. */
function damaged(thrown: unknown, { at }: ValuePlace, path: string): unknown {
  if (!hasSystemCode(thrown, "ENOENT")) return thrown;
  return new TableferryError("TF_STORE_CORRUPT", {
    message: `a file of the data folder is missing, wanted from byte ${at} on`,
    place: path,
    cause: thrown,
  });
}
