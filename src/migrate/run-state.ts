import { TableferryError } from "../base/error.ts";
import type { Split } from "../connector/connector.ts";
import { CheckpointStore } from "../pipeline/checkpoint.ts";
import { OwnedEntry, readValue } from "../pipeline/owned-entry.ts";
import { RejectStore } from "../pipeline/rejects.ts";
import { stateKeys } from "../pipeline/state-keys.ts";
import type { StateStore } from "../pipeline/state-store.ts";
import type { RunRecord } from "./run-record.ts";

/** The stored facts of a migration under this run's token, and the stores of its generation. */
export class RunState {
  readonly token: string;
  readonly #state: StateStore;
  readonly #job: string;
  readonly #entry: OwnedEntry<RunRecord>;

  private constructor(state: StateStore, job: string, token: string, entry: OwnedEntry<RunRecord>) {
    this.#state = state;
    this.#job = job;
    this.token = token;
    this.#entry = entry;
  }

  static async take(state: StateStore, job: string, token: string): Promise<RunState> {
    return new RunState(state, job, token, await OwnedEntry.take<RunRecord>(state, stateKeys.run(job), token));
  }

  /** The record as it is now; undefined before the first. */
  get stored(): RunRecord | undefined {
    return this.#entry.value;
  }

  get record(): RunRecord {
    const record = this.#entry.value;
    if (record === undefined) throw new TableferryError("TF_INTERNAL", { message: "a run without a record" });
    return record;
  }

  get checkpoints(): CheckpointStore {
    return new CheckpointStore(this.#state, this.#job, this.record.generation);
  }

  get rejects(): RejectStore {
    return new RejectStore(this.#state, this.#job, this.record.generation);
  }

  /**
   * Begins a new generation: its splits first, then the record that makes it the current one, in one write. What other generations
   * left counts for nothing then, and is removed.
   * @throws TF_FENCED
   */
  async begin(splits: readonly Split[], record: Omit<RunRecord, "splits" | "splitPieces">): Promise<void> {
    const splitPieces = await new CheckpointStore(this.#state, this.#job, record.generation).writeSplits(splits, this.token);
    await this.#entry.write({ ...record, splits: splits.length, splitPieces });
    await this.#sweep();
  }

  /** @throws TF_FENCED */
  async change(change: Partial<RunRecord>): Promise<void> {
    await this.#entry.write({ ...this.record, ...change });
  }

  async #sweep(): Promise<void> {
    const kept = [stateKeys.lease(this.#job), stateKeys.run(this.#job)];
    const mine = stateKeys.generation(this.#job, this.record.generation);
    const surplus: string[] = [];
    for await (const [key] of this.#state.scan(stateKeys.all(this.#job)))
      if (!kept.includes(key) && !key.startsWith(mine)) surplus.push(key);
    for (const key of surplus) await this.#state.remove(key);
  }
}

/** The run record without taking it, for plans and status. */
export async function peekRun(state: StateStore, job: string): Promise<RunRecord | undefined> {
  const key = stateKeys.run(job);
  const stored = await state.get(key);
  return stored === undefined ? undefined : readValue<RunRecord>(state, key, stored);
}
