import { changeEntry } from "../pipeline/change-entry.ts";
import { readValue } from "../pipeline/owned-entry.ts";
import { stateKeys } from "../pipeline/state-keys.ts";
import type { StateStore } from "../pipeline/state-store.ts";
import type { Rates } from "../pipeline/throttle.ts";

/** What the workers of a sync are told while they run; read by each about once a second. */
export interface SyncControl {
  /** Nothing is read or written; channels stay held. */
  readonly paused: boolean;
  /** Workers end as soon as everything committed before is applied. */
  readonly draining: boolean;
  /** A cut-over is under way: workers tell their state several times a second. */
  readonly eager?: boolean | undefined;
  /** As `draining`, of a cut-over: workers then wait for the way that comes into force. */
  readonly handingOver?: boolean | undefined;
  /** Names the order to drain, so that what was said of an earlier one is not taken for this one's. */
  readonly drainOrder?: string | undefined;
  /** Rates instead of the specification's; undefined: as specified. */
  readonly rates?: Rates | undefined;
}

export const noControl: SyncControl = { paused: false, draining: false };

export async function readControl(state: StateStore, job: string): Promise<SyncControl> {
  const key = stateKeys.control(job);
  const stored = await state.get(key);
  return stored === undefined ? noControl : readValue<SyncControl>(state, key, stored);
}

/** @param by names who orders this; never used twice */
export async function changeControl(state: StateStore, job: string, by: string, change: Partial<SyncControl>): Promise<SyncControl> {
  const changed = await changeEntry<SyncControl>(state, stateKeys.control(job), by, (now) => {
    const before = now ?? noControl;
    const begins = (change.draining === true && !before.draining) || (change.handingOver === true && before.handingOver !== true);
    return { ...before, ...change, ...(begins ? { drainOrder: by } : {}) };
  });
  return changed!;
}

/** Keeps a worker to what it was told. */
export class Pause {
  #paused = false;
  #wake: Promise<void> = Promise.resolve();
  #open: () => void = () => undefined;

  get paused(): boolean {
    return this.#paused;
  }

  set(paused: boolean): void {
    if (paused === this.#paused) return;
    this.#paused = paused;
    if (paused) this.#wake = new Promise((resolve) => (this.#open = resolve));
    else this.#open();
  }

  /** Resolves while nothing is paused; rejects with the signal's reason. */
  readonly allowed = async (signal: AbortSignal): Promise<void> => {
    if (!this.#paused) return;
    let leave: () => void = () => undefined;
    const aborted = new Promise<never>((_, reject) => {
      leave = () => reject(signal.reason);
      signal.addEventListener("abort", leave, { once: true });
    });
    try {
      signal.throwIfAborted();
      while (this.#paused) await Promise.race([this.#wake, aborted]);
    } finally {
      signal.removeEventListener("abort", leave);
    }
  };
}
