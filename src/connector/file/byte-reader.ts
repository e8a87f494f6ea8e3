import { createReadStream } from "node:fs";
import { open, type FileHandle } from "node:fs/promises";
import { createGunzip } from "node:zlib";
import { fileError, formatError, systemCode } from "./file-error.ts";
import type { FileLayout } from "./layout.ts";

/** The bytes of a file, unpacked where it is compressed, in order. Offsets count unpacked bytes. */
export interface ByteReader {
  /** Fills up to `into.length` bytes from the front; 0 at the end. @throws TF_SOURCE_MISSING, TF_IO, TF_SOURCE_FORMAT */
  read(into: Uint8Array): Promise<number>;
  close(): Promise<void>;
}

export async function openBytes(layout: FileLayout, from: number, signal?: AbortSignal): Promise<ByteReader> {
  if (layout.compressed) return unpackedBytes(layout, from, signal);
  try {
    return plainBytes(await open(layout.path, "r"), from, layout.title, signal);
  } catch (error) {
    throw fileError(error, "read", layout.title);
  }
}

function plainBytes(file: FileHandle, from: number, title: string, signal?: AbortSignal): ByteReader {
  let offset = from;
  return {
    read: async (into) => {
      signal?.throwIfAborted();
      try {
        const { bytesRead } = await file.read(into, 0, into.length, offset);
        offset += bytesRead;
        return bytesRead;
      } catch (error) {
        throw fileError(error, "read", title);
      }
    },
    close: () => file.close(),
  };
}

/** A compressed stream cannot be entered in its middle: what lies before `from` is unpacked and passed over. */
function unpackedBytes(layout: FileLayout, from: number, signal?: AbortSignal): ByteReader {
  const packed = createReadStream(layout.path, { highWaterMark: 256 * 1024 });
  const gunzip = createGunzip({ chunkSize: 256 * 1024 });
  packed.on("error", (error) => gunzip.destroy(error));
  const pieces = packed.pipe(gunzip)[Symbol.asyncIterator]();
  let piece: Uint8Array = new Uint8Array(0);
  let skip = from;
  const pull = async (): Promise<boolean> => {
    try {
      const next = await pieces.next();
      if (next.done === true) return false;
      piece = next.value as Uint8Array;
      return true;
    } catch (error) {
      if (systemCode(error).startsWith("Z_"))
        throw formatError(layout.title, "the compressed file is cut off or damaged", "Make or fetch the file again.");
      throw fileError(error, "read", layout.title);
    }
  };
  return {
    read: async (into) => {
      signal?.throwIfAborted();
      while (piece.length === 0 || skip > 0) {
        const passed = Math.min(skip, piece.length);
        skip -= passed;
        piece = piece.subarray(passed);
        if (piece.length === 0 && !(await pull())) return 0;
      }
      const length = Math.min(into.length, piece.length);
      into.set(piece.subarray(0, length));
      piece = piece.subarray(length);
      return length;
    },
    close: async () => {
      packed.destroy();
      gunzip.destroy();
      await pieces.return?.().catch(() => undefined);
    },
  };
}
