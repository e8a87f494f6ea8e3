import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";
import { valueFileName } from "./value-file.ts";
import { FRAME_HEAD_BYTES_MAX, frameHeadAt, nextFrame, type ValuePlace } from "./value-frame.ts";

const CHUNK_BYTES = 1024 * 1024;

/** A value that is needed, by its key and where it stands. */
export interface LiveFrame {
  readonly key: Uint8Array;
  readonly place: ValuePlace;
}

/**
 * The first value of a complete file that `isNeeded`; undefined where none is. What a crash left at the end of a file is nobody's; where a frame cannot be read and another one
 * begins behind it, the file is damaged, and what is in it is not known.
 */
export async function liveFrame(
  folder: string,
  file: number,
  isNeeded: (frame: LiveFrame) => boolean,
): Promise<LiveFrame | "damaged" | undefined> {
  const handle = await open(join(folder, valueFileName(file)), "r");
  try {
    const { size } = await handle.stat();
    for (let at = 0; at < size;) {
      const head = frameHeadAt(await bytesAt(handle, at, FRAME_HEAD_BYTES_MAX), 0);
      if (head === undefined) return (await frameBegins(handle, at + 1, size)) ? "damaged" : undefined;
      const { key, length, crc } = head;
      const frame = { key, place: { file, at: at + head.bytes, length, crc } };
      if (isNeeded(frame)) return frame;
      at = frame.place.at + length;
    }
    return undefined;
  } finally {
    await handle.close();
  }
}

async function frameBegins(handle: FileHandle, from: number, size: number): Promise<boolean> {
  for (let at = from; at < size; at += CHUNK_BYTES) {
    if (nextFrame(await bytesAt(handle, at, CHUNK_BYTES + FRAME_HEAD_BYTES_MAX), 0) !== undefined) return true;
  }
  return false;
}

async function bytesAt(handle: FileHandle, at: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await handle.read(Buffer.allocUnsafeSlow(length), 0, length, at);
  return buffer.subarray(0, bytesRead);
}
