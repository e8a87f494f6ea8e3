import { appendFileSync, readdirSync, readFileSync, statSync, truncateSync } from "node:fs";
import { join } from "node:path";
import type { Chance } from "../../../src/base/chance.ts";

/** What the disk holds behind the last flush once the power is back: nothing, a piece of what was being written, or that with rubbish behind it. */
export type Tail = "nothing" | "torn" | "rubbish";

/**
 * Takes from LevelDB's logs, and from the files of large values, what no completed flush covered, by the lengths that `durable-server.ts` noted. A log that no flush was noted of
 * goes whole; files of large values that nothing was noted of are older, and lose nothing. Files of sorted entries and the manifest stay: LevelDB flushes them before it relies on them.
 * Returns the bytes taken.
 */
export function cutPower(dataDir: string, journalPath: string, tail: Tail, chance: Chance): number {
  const flushed = notes(journalPath);
  const folder = join(dataDir, "level");
  let taken = 0;
  for (const name of readdirSync(folder).filter((file) => file.endsWith(".log") || flushed.has(file))) {
    const path = join(folder, name);
    const written = statSync(path).size;
    const kept = flushed.get(name) ?? 0;
    if (kept > written) throw new Error(`${name} has ${written} bytes, ${kept} were flushed`);
    const behind = written - kept;
    const left = kept + (tail === "nothing" ? 0 : Math.floor(chance.next() * behind));
    truncateSync(path, left);
    if (tail === "rubbish") appendFileSync(path, chance.bytes(1 + Math.floor(chance.next() * 40)));
    taken += written - left;
  }
  return taken;
}

/** The last length noted of each log; a process killed while it wrote may leave half a line. */
function notes(path: string): ReadonlyMap<string, number> {
  const whole = readFileSync(path, "utf8").split("\n").slice(0, -1);
  return new Map(whole.map((line): [string, number] => JSON.parse(line)));
}
