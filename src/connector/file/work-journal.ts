import { open, readFile, readdir, rename, writeFile, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { TableferryError } from "../../base/error.ts";
import type { Position } from "../connector.ts";

/** A piece of a file in the work folder that holds acknowledged rows: its first `length` bytes. */
export interface Segment {
  readonly name: string;
  readonly length: number;
}

/** What a split had written when it stood at each of its latest positions. */
export type SplitMarks = Map<Position, readonly Segment[]>;

export interface WorkState {
  readonly splits: Map<string, SplitMarks>;
  /** Columns of CSV once they are fixed. */
  columns: readonly string[] | undefined;
}

export type JournalLine =
  | { readonly tableferry: 1 }
  | { readonly columns: readonly string[] }
  | { readonly split: string; readonly restart: Position | null }
  | { readonly split: string; readonly position: Position; readonly segments: readonly Segment[] };

/** A checkpoint lags behind by what is in flight, a few dozen batches; older positions are forgotten. */
const marksMax = 4096;

/**
 * The record of what is durably written, so that a run that goes on finds the very bytes its checkpoint stands for. Each run
 * writes a journal and segments of its own generation: an older run that wakes up again cannot touch the newer one's.
 */
export class WorkJournal {
  readonly generation: number;
  readonly #file: FileHandle;

  private constructor(generation: number, file: FileHandle) {
    this.generation = generation;
    this.#file = file;
  }

  /** Begins the next generation with everything that the latest one knew. */
  static async next(folder: string): Promise<{ journal: WorkJournal; state: WorkState }> {
    const generations = (await readdir(folder)).flatMap((name) => /^journal-(\d+)$/.exec(name)?.[1] ?? []).map(Number);
    const latest = Math.max(0, ...generations);
    const state =
      latest === 0
        ? { splits: new Map<string, SplitMarks>(), columns: undefined }
        : replay(await readFile(join(folder, `journal-${latest}`), "utf8"), folder);
    const generation = latest + 1;
    const name = join(folder, `journal-${generation}`);
    await writeFile(`${name}.new`, snapshot(state), { flush: true });
    await rename(`${name}.new`, name);
    await syncFolder(folder);
    return { journal: new WorkJournal(generation, await open(name, "a")), state };
  }

  async append(lines: readonly JournalLine[]): Promise<void> {
    if (lines.length === 0) return;
    await this.#file.appendFile(lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
    await this.#file.datasync();
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}

/** Applies one line to what is known; also what a running process does with every line that it writes. */
export function note(state: WorkState, line: JournalLine): void {
  if ("columns" in line) state.columns = line.columns;
  if (!("split" in line)) return;
  let marks = state.splits.get(line.split);
  if (marks === undefined) state.splits.set(line.split, (marks = new Map()));
  if ("restart" in line) {
    forgetAfter(marks, line.restart);
    return;
  }
  marks.set(line.position, line.segments);
  if (marks.size > marksMax) marks.delete(marks.keys().next().value ?? "");
}

/** What was written behind a position from which the split is read again does not count. */
function forgetAfter(marks: SplitMarks, position: Position | null): void {
  let behind = position === null;
  for (const known of [...marks.keys()]) {
    if (behind) marks.delete(known);
    else if (known === position) behind = true;
  }
}

function snapshot(state: WorkState): string {
  const lines: JournalLine[] = [{ tableferry: 1 }];
  if (state.columns !== undefined) lines.push({ columns: state.columns });
  for (const [split, marks] of state.splits) for (const [position, segments] of marks) lines.push({ split, position, segments });
  return lines.map((line) => `${JSON.stringify(line)}\n`).join("");
}

/** A last line without its end was being written when the process died: what it says was never acknowledged. */
function replay(text: string, folder: string): WorkState {
  const state: WorkState = { splits: new Map(), columns: undefined };
  const lines = text.split("\n").slice(0, -1);
  lines.forEach((line, at) => {
    try {
      note(state, JSON.parse(line) as JournalLine);
    } catch (error) {
      throw new TableferryError("TF_TARGET_CHANGED", {
        message: "the record of what was written is damaged",
        place: `${folder}, line ${at + 1} of the journal`,
        cause: error,
      });
    }
  });
  return state;
}

/** Makes new names in a folder durable, where the system can. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r").catch(() => undefined);
  try {
    await handle?.sync().catch(() => undefined);
  } finally {
    await handle?.close();
  }
}
