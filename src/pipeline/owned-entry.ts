import { TableferryError } from "../base/error.ts";
import type { StateEntry, StateStore } from "./state-store.ts";

/** Times a take-over is tried while an older run, not yet aware of its end, may still write. */
const takesMax = 20;

/**
 * One key of a job's state under this run's token (R8). Taking it over makes every later write of an older run fail; a write
 * of ours that fails means that a newer run did the same to us.
 */
export class OwnedEntry<T> {
  readonly #state: StateStore;
  readonly #key: string;
  readonly #token: string;
  #seq: number | undefined;
  #value: T | undefined;

  private constructor(state: StateStore, key: string, token: string, seq: number | undefined, value: T | undefined) {
    this.#state = state;
    this.#key = key;
    this.#token = token;
    this.#seq = seq;
    this.#value = value;
  }

  /** Takes a key over from whoever wrote it last; its value stays. @throws TF_STATE_CORRUPT when it is no JSON */
  static async take<T>(state: StateStore, key: string, token: string): Promise<OwnedEntry<T>> {
    for (let takes = 0; takes < takesMax; takes++) {
      const stored = await state.get(key);
      if (stored === undefined) return new OwnedEntry<T>(state, key, token, undefined, undefined);
      if (stored.token === token) return new OwnedEntry(state, key, token, stored.seq, readValue<T>(state, key, stored));
      const next = { token, seq: stored.seq + 1, value: stored.value };
      if (await state.compareAndSet(key, stored, next))
        return new OwnedEntry(state, key, token, next.seq, readValue<T>(state, key, stored));
    }
    throw new TableferryError("TF_FENCED", { message: "another run keeps writing the job's state", place: key });
  }

  /** What was written last; undefined when nothing was. */
  get value(): T | undefined {
    return this.#value;
  }

  /** @throws TF_FENCED when another run has taken it over */
  async write(value: T): Promise<void> {
    const seq = (this.#seq ?? 0) + 1;
    const expected = this.#seq === undefined ? undefined : { token: this.#token, seq: this.#seq };
    const accepted = await this.#state.compareAndSet(this.#key, expected, { token: this.#token, seq, value: JSON.stringify(value) });
    if (!accepted)
      throw new TableferryError("TF_FENCED", {
        message: "another run has taken the job over: the checkpoint was not accepted",
        place: this.#key,
      });
    this.#seq = seq;
    this.#value = value;
  }
}

/** A stored value read as what its key holds. @throws TF_STATE_CORRUPT */
export function readValue<T>(state: StateStore, key: string, stored: StateEntry): T {
  try {
    return JSON.parse(stored.value) as T;
  } catch (cause) {
    throw new TableferryError("TF_STATE_CORRUPT", {
      message: `${state.title} holds no JSON where the job's state should be`,
      place: key,
      cause,
    });
  }
}
