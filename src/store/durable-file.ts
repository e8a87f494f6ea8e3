import { chmod, open, readFile, rename } from "node:fs/promises";
import { dirname } from "node:path";
import { hasSystemCode } from "../base/error.ts";

/** What a file holds, or undefined when there is none. */
export async function readIfPresent(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch (thrown) {
    if (hasSystemCode(thrown, "ENOENT")) return undefined;
    throw thrown;
  }
}

/** Replaces a small file: after a power cut at any moment it holds the old text or the new one, whole. */
export async function writeDurably(path: string, text: string, mode = 0o644): Promise<void> {
  const fresh = `${path}.new`;
  const file = await open(fresh, "w", mode);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  // A leftover of an earlier attempt kept its own mode.
  await chmod(fresh, mode);
  await rename(fresh, path);
  await syncFolder(dirname(path));
}

/** Makes names given and taken in a folder survive a power cut. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
