import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { TableferryError } from "../base/error.ts";
import { readIfPresent } from "./durable-file.ts";
import { damageInLog } from "./level-log.ts";
import { liveFiles } from "./level-manifest.ts";
import { damageInTable } from "./level-table.ts";

/** Tables up to so many bytes in all are checked before the store is opened: a tenth of a second, where 259 MB took 0.34 to 0.53 s on two shared cores. */
const CHECKED_AT_ONCE_BYTES = 64 * 1024 * 1024;

/**
 * Checks the files of a LevelDB that is not open: every log it would replay, and its tables, smallest numbers first, as far as the allowance reaches. Nothing is
 * changed. Returns the tables that are left to check. Files that go missing meanwhile are for LevelDB to miss.
 * @throws TF_STORE_CORRUPT
 */
export async function checkLevel(folder: string, allowance = CHECKED_AT_ONCE_BYTES): Promise<readonly string[]> {
  const current = await readIfPresent(join(folder, "CURRENT"));
  if (current === undefined) return [];
  const manifestName = current.toString("latin1").trim();
  if (!/^MANIFEST-\d+$/.test(manifestName)) throw damaged(join(folder, "CURRENT"), 0);
  const manifest = await readIfPresent(join(folder, manifestName));
  const live = manifest === undefined ? undefined : liveFiles(manifest);
  if (live === undefined) return [];
  const names = (await readdir(folder)).sort();
  for (const name of names.filter((file) => file.endsWith(".log") && Number.parseInt(file, 10) >= live.firstLog)) {
    await check(join(folder, name), damageInLog);
  }
  const tables = names
    .filter((file) => /\.(ldb|sst)$/.test(file) && live.tables.has(Number.parseInt(file, 10)))
    .map((name) => join(folder, name));
  let left = allowance;
  for (const [i, path] of tables.entries()) {
    left -= (await stat(path).catch(() => undefined))?.size ?? 0;
    if (left < 0) return tables.slice(i);
    await checkTable(path);
  }
  return [];
}

/** @throws TF_STORE_CORRUPT */
export function checkTable(path: string): Promise<void> {
  return check(path, damageInTable);
}

async function check(path: string, damageIn: (bytes: Buffer) => number | undefined): Promise<void> {
  const bytes = await readIfPresent(path);
  const at = bytes === undefined ? undefined : damageIn(bytes);
  if (at !== undefined) throw damaged(path, at);
}

function damaged(path: string, at: number): TableferryError {
  return new TableferryError("TF_STORE_CORRUPT", { message: `a file of the data folder is damaged at byte ${at}`, place: path });
}
