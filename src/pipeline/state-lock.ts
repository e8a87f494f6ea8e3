import { mkdir, readdir, readFile, rename, unlink, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { Chance } from "../base/chance.ts";
import type { Clock } from "../base/clock.ts";
import { hasSystemCode, TableferryError, toError } from "../base/error.ts";
import { ownerText, provablyDead, thisProcess, type ProcessOwner } from "./process-owner.ts";

/** The right to write a state file; one process has it at a time. */
export interface StateLock {
  release(): Promise<void>;
}

const triesMax = 3;

/**
 * Announces itself beside the file and then looks for others, so that of two processes at least one sees the other: both may
 * be refused, never both let in. What a process that is provably dead has left is cleared away; a lock whose owner cannot be
 * judged (another machine, a restarted one) stands.
 * @throws TF_STATE_LOCKED naming the owner
 */
export async function lockState(path: string, clock: Clock, chance: Chance): Promise<StateLock> {
  for (let tries = 1; ; tries++) {
    const mine = `${basename(path)}.lock-${chance.id()}`;
    const release = await announce(path, mine);
    const other = await livingOther(path, mine);
    if (other === undefined) return { release };
    await release();
    if (tries === triesMax) throw locked(path, other);
    await clock.sleep(20 + chance.next() * 80);
  }
}

interface OtherLock {
  readonly name: string;
  readonly owner: ProcessOwner | undefined;
}

/** The announcement appears whole: it is written under another name first. */
async function announce(path: string, name: string): Promise<() => Promise<void>> {
  const folder = dirname(path);
  const draft = join(folder, `.${name}`);
  try {
    await mkdir(folder, { recursive: true });
    await writeFile(draft, JSON.stringify(thisProcess()), { mode: 0o600 });
    await rename(draft, join(folder, name));
  } catch (cause) {
    throw new TableferryError("TF_IO", { message: `the job's state cannot be locked: ${toError(cause).message}`, place: path, cause });
  }
  return () => unlink(join(folder, name)).catch(() => undefined);
}

async function livingOther(path: string, mine: string): Promise<OtherLock | undefined> {
  const folder = dirname(path);
  const names = (await readdir(folder)).filter((name) => name.startsWith(`${basename(path)}.lock-`) && name !== mine);
  for (const name of names) {
    const owner = await readOwner(join(folder, name));
    if (owner === "gone") continue;
    if (owner === undefined || !provablyDead(owner)) return { name, owner };
    await unlink(join(folder, name)).catch(() => undefined);
  }
  return undefined;
}

async function readOwner(path: string): Promise<ProcessOwner | undefined | "gone"> {
  try {
    return JSON.parse(await readFile(path, "utf8")) as ProcessOwner;
  } catch (error) {
    return hasSystemCode(error, "ENOENT") ? "gone" : undefined;
  }
}

function locked(path: string, other: OtherLock): TableferryError {
  const who = other.owner === undefined ? "another process" : ownerText(other.owner);
  const file = join(dirname(path), other.name);
  return new TableferryError("TF_STATE_LOCKED", {
    message: `the job's state is in use by ${who}`,
    place: path,
    wayOut: `Wait for it, or stop it and run again. Only if that process is surely gone, delete ${file}.`,
  });
}
