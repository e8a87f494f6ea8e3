import { link, mkdir, open, rename, unlink } from "node:fs/promises";
import { dirname } from "node:path";
import { hasSystemCode } from "../base/error.ts";

/** Puts a text in place of a file: after a crash at any moment the old text is there or the new one, whole. Folders are made. */
export async function replaceFile(path: string, text: string, mode: number, unique: string): Promise<void> {
  await writeAside(path, text, mode, unique, (aside) => rename(aside, path));
}

/** Makes a file that is not there yet, whole or not at all. False: somebody else made it first. */
export async function createFile(path: string, text: string, mode: number, unique: string): Promise<boolean> {
  return writeAside(path, text, mode, unique, async (aside) => {
    // A link, unlike a rename, never replaces what another process has put there in the meantime.
    try {
      await link(aside, path);
      await unlink(aside);
    } catch (error) {
      if (!noLinks.some((code) => hasSystemCode(error, code))) {
        await unlink(aside);
        throw error;
      }
      await rename(aside, path);
    }
  });
}

async function writeAside(
  path: string,
  text: string,
  mode: number,
  unique: string,
  moveIn: (aside: string) => Promise<void>,
): Promise<boolean> {
  const folder = dirname(path);
  await mkdir(folder, { recursive: true });
  const aside = `${path}.${unique}.new`;
  const file = await open(aside, "w", mode);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  try {
    await moveIn(aside);
  } catch (error) {
    if (hasSystemCode(error, "EEXIST")) return false;
    throw error;
  }
  const held = await open(folder, "r");
  try {
    await held.sync();
  } finally {
    await held.close();
  }
  return true;
}

/** What file systems without hard links answer. */
const noLinks = ["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"];
