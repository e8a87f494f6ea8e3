import { OwnedEntry } from "../pipeline/owned-entry.ts";
import { stateKeys } from "../pipeline/state-keys.ts";
import type { StateStore } from "../pipeline/state-store.ts";

/** Who holds a channel, and whether what it sent can still take effect (R2, R11). */
export interface ChannelRecord {
  readonly worker: string;
  /** True from before its first write until all of its writes were answered: a successor then waits `doubtMs` before its own first. */
  readonly open: boolean;
  /** Milliseconds within which whatever this worker sent has taken effect or never will: its request deadline and the service's longest operation. */
  readonly doubtMs: number;
  /** Everything in it is acknowledged. */
  readonly finished: boolean;
}

/** A channel's row under this worker's token. */
export class ChannelEntry {
  /** Milliseconds before the first write may leave. */
  readonly waitMs: number;
  readonly #entry: OwnedEntry<ChannelRecord>;
  readonly #worker: string;
  readonly #doubtMs: number;

  private constructor(entry: OwnedEntry<ChannelRecord>, worker: string, doubtMs: number, waitMs: number) {
    this.#entry = entry;
    this.#worker = worker;
    this.#doubtMs = doubtMs;
    this.waitMs = waitMs;
  }

  /** Takes a channel over: its predecessor can write this row no more. @throws TF_FENCED when another worker does the same now */
  static async take(
    state: StateStore,
    job: string,
    channel: string,
    { worker, doubtMs }: { worker: string; doubtMs: number },
  ): Promise<ChannelEntry> {
    const entry = await OwnedEntry.take<ChannelRecord>(state, stateKeys.channel(job, channel), worker);
    const before = entry.value;
    const waitMs = before?.open === true ? Math.max(before.doubtMs, doubtMs) : 0;
    const taken = new ChannelEntry(entry, worker, doubtMs, waitMs);
    await taken.#write(true, false);
    return taken;
  }

  /** @param settled whether every write was answered */
  async release({ settled, finished }: { settled: boolean; finished: boolean }): Promise<void> {
    await this.#write(!settled, finished);
  }

  async #write(open: boolean, finished: boolean): Promise<void> {
    await this.#entry.write({ worker: this.#worker, open, doubtMs: this.#doubtMs, finished });
  }
}
