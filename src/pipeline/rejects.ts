import type { Batch, SourceRefusal } from "../connector/connector.ts";
import type { FlowRow, Refusal } from "../job/mapping.ts";
import { scalarOf } from "../job/scalar.ts";
import type { Scalar } from "../job/job-spec.ts";
import { OwnedEntry, readValue } from "./owned-entry.ts";
import { stateKeys } from "./state-keys.ts";
import type { StateStore } from "./state-store.ts";

/** A row that was not carried over, kept with all that is needed to understand it and to carry it over later. JSON-clean. */
export interface Reject extends Refusal {
  readonly split: string;
  /** Where it stood: file and line, or its key. */
  readonly place: string;
  /** The row as read: key and columns with typed values; or, where the source could not make it out, its text. */
  readonly original: StoredRow | string;
  /** True when `original` was longer than 64 KiB and had to be cut. */
  readonly cut?: boolean | undefined;
  readonly mappingHash: string;
  /** Wall clock, milliseconds. */
  readonly at: number;
}

export interface StoredRow {
  readonly key: readonly (readonly [name: string, value: Scalar])[];
  readonly columns: readonly (readonly [name: string, value: Scalar, timestamp?: number])[];
}

const originalBytesMax = 65_536;
/** Rejects written at once. */
const writesMax = 8;

/** What a batch's rows were refused for, in the order of the rows, ready to be kept: one reject a source row, whatever became of its parts. */
export function rejectsOf(
  batch: Batch,
  refused: readonly { readonly index: number; readonly refusal: Refusal }[],
  mappingHash: string,
  at: number,
): Reject[] {
  const frame = { split: batch.split, mappingHash, at };
  const unread = batch.refused.map((refusal: SourceRefusal): Reject => ({ ...refusal, ...frame }));
  if (refused.length === 0) return unread;
  const rows = batch.decoded();
  const ordered = refused.toSorted((a, b) => a.index - b.index).filter(({ index }, i, all) => index !== all[i - 1]?.index);
  return [
    ...unread,
    ...ordered.map(({ index, refusal }): Reject => ({ ...refusal, ...frame, place: batch.place(index), ...originalOf(rows[index]!) })),
  ];
}

/** A row as it is kept: whole, or as the beginning of its text. */
export function originalOf(row: FlowRow): Pick<Reject, "original" | "cut"> {
  const original: StoredRow = {
    key: row.key.map(({ name, value }) => [name, scalarOf(value)]),
    columns: row.columns.map(({ name, value, timestamp }) =>
      timestamp === undefined ? [name, scalarOf(value)] : [name, scalarOf(value), timestamp],
    ),
  };
  const text = JSON.stringify(original);
  return text.length <= originalBytesMax ? { original } : { original: text.slice(0, originalBytesMax), cut: true };
}

/**
 * Rejects of one attempt at a job. They are numbered within their split by the checkpoint's counter: a run that was killed between
 * reject and checkpoint writes the same numbers again, and numbers at or above the counter do not count. Those are left where they are:
 * a removal whose answer was lost could take effect late, and remove the number's next holder.
 */
export class RejectStore {
  readonly title: string;
  readonly #state: StateStore;
  readonly #job: string;
  readonly #generation: string;

  constructor(state: StateStore, job: string, generation: string) {
    this.#state = state;
    this.#job = job;
    this.#generation = generation;
    this.title = `${state.title}, under ${stateKeys.rejects(job, generation)}`;
  }

  /** Resolves when every one is acknowledged; only then may a checkpoint pass them (R6). */
  async add(split: string, first: number, rejects: readonly Reject[], token: string): Promise<void> {
    for (let from = 0; from < rejects.length; from += writesMax) {
      await Promise.all(
        rejects.slice(from, from + writesMax).map(async (reject, i) => {
          const key = stateKeys.reject(this.#job, this.#generation, split, first + from + i);
          await (await OwnedEntry.take<Reject>(this.#state, key, token)).write(reject);
        }),
      );
    }
  }

  /** Rejects in the order of splits and rows. @param counts of each split's checkpoint; what lies beyond does not count */
  async *read(counts: ReadonlyMap<string, { readonly rejects: number }>): AsyncGenerator<Reject> {
    for await (const [key, stored] of this.#state.scan(stateKeys.rejects(this.#job, this.#generation))) {
      const reject = readValue<Reject>(this.#state, key, stored);
      if (ordinalOf(key) < (counts.get(reject.split)?.rejects ?? 0)) yield reject;
    }
  }
}

function ordinalOf(key: string): number {
  return Number(key.slice(key.lastIndexOf("/") + 1));
}
