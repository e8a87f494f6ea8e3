import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

const POLL_MS = 500;

/**
 * Runs `work` while this process alone holds the lock file; others wait for it. A lock whose owner is dead is taken over.
 * Two take-overs in the same instant may both succeed: `work` must be harmless when done twice, only dear.
 */
export async function withLock<T>(path: string, onWait: (owner: number) => void, work: () => Promise<T>): Promise<T> {
  let told = false;
  while (!take(path)) {
    const owner = ownerOf(path);
    if (owner !== undefined && !isAlive(owner)) discard(path);
    else {
      if (!told && owner !== undefined) onWait(owner);
      told = told || owner !== undefined;
      await delay(POLL_MS);
    }
  }
  const release = () => rmSync(path, { force: true });
  process.once("exit", release);
  try {
    return await work();
  } finally {
    process.removeListener("exit", release);
    release();
  }
}

function take(path: string): boolean {
  try {
    writeFileSync(path, String(process.pid), { flag: "wx" });
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw error;
  }
}

/** Undefined while the owner is still writing its id, or when the lock is gone again. */
function ownerOf(path: string): number | undefined {
  try {
    const owner = Number(readFileSync(path, "utf8"));
    return owner > 0 ? owner : undefined;
  } catch {
    return undefined;
  }
}

function discard(path: string): void {
  const aside = `${path}.${String(process.pid)}`;
  try {
    // Renamed first, so that of several who wait only one removes this very file.
    renameSync(path, aside);
    rmSync(aside, { force: true });
  } catch {
    // Somebody else was first.
  }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
