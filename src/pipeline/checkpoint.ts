import type { Position, Split } from "../connector/connector.ts";
import { OwnedEntry, readValue } from "./owned-entry.ts";
import { stateKeys } from "./state-keys.ts";
import type { StateStore } from "./state-store.ts";

/**
 * How far one split is: everything before `position` is acknowledged by the target, or stands among the rejects, which were
 * acknowledged by the state store (R6). Counters are of the split from its beginning.
 */
export interface Checkpoint {
  readonly split: string;
  /** Where reading goes on; null at the beginning. */
  readonly position: Position | null;
  readonly done: boolean;
  readonly rowsRead: number;
  readonly rowsWritten: number;
  readonly bytesRead: number;
  readonly filtered: number;
  /** Cells left out because they would expire before the run is over (R5); absent: none. */
  readonly expired?: number | undefined;
  readonly rejects: number;
}

export function firstCheckpoint(split: string): Checkpoint {
  return { split, position: null, done: false, rowsRead: 0, rowsWritten: 0, bytesRead: 0, filtered: 0, rejects: 0 };
}

/** Sums over splits. */
export interface CopyTotals {
  readonly rowsRead: number;
  readonly rowsWritten: number;
  readonly bytesRead: number;
  readonly filtered: number;
  readonly expired?: number | undefined;
  readonly rejects: number;
  readonly splitsDone: number;
  /** Splits that were begun and not finished. */
  readonly splitsOpen: number;
}

export function totalsOf(checkpoints: Iterable<Checkpoint>): CopyTotals {
  const sum = { rowsRead: 0, rowsWritten: 0, bytesRead: 0, filtered: 0, expired: 0, rejects: 0, splitsDone: 0, splitsOpen: 0 };
  for (const at of checkpoints) {
    sum.rowsRead += at.rowsRead;
    sum.rowsWritten += at.rowsWritten;
    sum.bytesRead += at.bytesRead;
    sum.filtered += at.filtered;
    sum.expired += at.expired ?? 0;
    sum.rejects += at.rejects;
    if (at.done) sum.splitsDone++;
    else sum.splitsOpen++;
  }
  return sum;
}

/** Bytes of JSON in one row of the state store, far below the 2 MB that a cell holds. */
const pieceBytesMax = 256 * 1024;

/** Splits and checkpoints of one attempt at a job (`generation`), in a state store. */
export class CheckpointStore {
  readonly #state: StateStore;
  readonly #job: string;
  readonly #generation: string;

  constructor(state: StateStore, job: string, generation: string) {
    this.#state = state;
    this.#job = job;
    this.#generation = generation;
  }

  /** Keeps the list of splits, so that a later run reads the very same ones. Returns the number of pieces it took. */
  async writeSplits(splits: readonly Split[], token: string): Promise<number> {
    const pieces = cut(splits);
    for (const [i, piece] of pieces.entries())
      await (await OwnedEntry.take(this.#state, stateKeys.splits(this.#job, this.#generation, i), token)).write(piece);
    return pieces.length;
  }

  async readSplits(pieces: number): Promise<readonly Split[]> {
    const splits: Split[] = [];
    for (let i = 0; i < pieces; i++) {
      const key = stateKeys.splits(this.#job, this.#generation, i);
      const stored = await this.#state.get(key);
      if (stored !== undefined) splits.push(...readValue<Split[]>(this.#state, key, stored));
    }
    return splits;
  }

  /** Checkpoints by split; splits that were never begun have none. */
  async read(): Promise<Map<string, Checkpoint>> {
    const found = new Map<string, Checkpoint>();
    for await (const [key, stored] of this.#state.scan(stateKeys.checkpoints(this.#job, this.#generation))) {
      const checkpoint = readValue<Checkpoint>(this.#state, key, stored);
      found.set(checkpoint.split, checkpoint);
    }
    return found;
  }

  /** A split's checkpoint under this run's token; from then on no older run can move it. */
  take(split: string, token: string): Promise<OwnedEntry<Checkpoint>> {
    return OwnedEntry.take<Checkpoint>(this.#state, stateKeys.checkpoint(this.#job, this.#generation, split), token);
  }
}

function cut(splits: readonly Split[]): Split[][] {
  const pieces: Split[][] = [];
  let bytes = Infinity;
  for (const split of splits) {
    const size = JSON.stringify(split).length + 1;
    if (bytes + size > pieceBytesMax) {
      pieces.push([]);
      bytes = 0;
    }
    pieces.at(-1)!.push(split);
    bytes += size;
  }
  return pieces;
}
