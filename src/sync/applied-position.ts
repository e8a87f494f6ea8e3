import type { Clock } from "../base/clock.ts";
import { readValue } from "../pipeline/owned-entry.ts";
import { stateKeys } from "../pipeline/state-keys.ts";
import type { StateStore } from "../pipeline/state-store.ts";
import type { AppliedPosition } from "../verify/rolling/applied-position.ts";
import type { ChannelRecord } from "./channel-record.ts";
import { readWorkers, type WorkerRecord } from "./worker-record.ts";

export interface AppliedPositionOptions {
  readonly state: StateStore;
  readonly job: string;
  readonly clock: Clock;
  /** Ids of the tunnel's channels that are not terminated, asked at each look. */
  readonly channels: (signal: AbortSignal) => Promise<readonly string[]>;
  /** Workers' clocks may be behind the asker's by so many milliseconds. */
  readonly clockSkewMs?: number | undefined;
}

/** Milliseconds between two looks; workers tell their state every two seconds. */
const lookMs = 500;
const clockSkewMs = 250;

/**
 * How far a sync has come, by what its workers tell. Only the word of whoever holds a channel now counts: its predecessor's may be of changes that are
 * applied once more since.
 */
export function appliedPosition(options: AppliedPositionOptions): AppliedPosition {
  const { state, job, clock, channels, clockSkewMs: skew = clockSkewMs } = options;
  return {
    passed: async (momentMs, signal) => {
      for (;;) {
        signal.throwIfAborted();
        const [ids, workers] = await Promise.all([channels(signal), readWorkers(state, job)]);
        const held = await Promise.all(ids.map((id) => hasPassed(state, job, id, workers, momentMs + skew)));
        if (ids.length > 0 && held.every(Boolean)) return;
        await clock.sleep(lookMs, signal);
      }
    },
  };
}

async function hasPassed(state: StateStore, job: string, id: string, workers: readonly WorkerRecord[], moment: number): Promise<boolean> {
  const key = stateKeys.channel(job, id);
  const stored = await state.get(key);
  if (stored === undefined) return false;
  const { worker, finished } = readValue<ChannelRecord>(state, key, stored);
  if (finished) return true;
  const channel = workers.find((one) => one.worker === worker)?.channels.find((one) => one.id === id);
  return channel !== undefined && (channel.caughtUpAt ?? 0) >= moment;
}
