import type { Chance } from "../../base/chance.ts";
import type { Clock } from "../../base/clock.ts";
import { hasCode } from "../../base/error.ts";
import { briefly } from "./tunnel-errors.ts";

const FIRST_PAUSE_MS = 250;
const MOST_PAUSE_MS = 30_000;
/** Channels and texts remembered; the oldest are forgotten beyond that. */
const REMEMBERED_MAX = 1000;

interface Failing {
  readonly failures: number;
  /** Monotonic milliseconds before which the channel is not run again. */
  readonly until: number;
}

/** Channels whose runs failed. The tunnel hands them out again at once; they are run again after pauses that grow until the channel gets on. Lives as long as the session. */
export class ChannelFailures {
  readonly #clock: Clock;
  readonly #chance: Chance;
  readonly #note: (line: string) => void;
  readonly #failing = new Map<string, Failing>();
  readonly #noted = new Set<string>();

  constructor(clock: Clock, chance: Chance, note: (line: string) => void) {
    this.#clock = clock;
    this.#chance = chance;
    this.#note = note;
  }

  add(channelId: string, error: unknown): void {
    const failures = (this.#failing.get(channelId)?.failures ?? 0) + 1;
    const full = Math.min(MOST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(failures - 1, 16));
    this.#failing.delete(channelId);
    this.#failing.set(channelId, { failures, until: this.#clock.monotonic() + full / 2 + (full / 2) * this.#chance.next() });
    forgetOldest(this.#failing);
    // Once is how a client that was let go of hears of it first.
    if (failures > 1 || !hasCode(error, "TF_FENCED"))
      this.note(briefly(error), `Channel ${channelId} was given back and is tried again: ${briefly(error)}`);
  }

  /** Milliseconds until the channel may be run again. */
  pauseMs(channelId: string): number {
    return Math.max(0, (this.#failing.get(channelId)?.until ?? 0) - this.#clock.monotonic());
  }

  /** It got on. */
  clear(channelId: string): void {
    this.#failing.delete(channelId);
  }

  /** Says something once a text. */
  note(text: string, line = text): void {
    if (this.#noted.has(text)) return;
    this.#noted.add(text);
    forgetOldest(this.#noted);
    this.#note(line);
  }
}

function forgetOldest(remembered: Map<string, unknown> | Set<string>): void {
  for (const oldest of remembered.keys()) {
    if (remembered.size <= REMEMBERED_MAX) return;
    remembered.delete(oldest);
  }
}
