import type { Chance } from "../../base/chance.ts";
import type { Clock } from "../../base/clock.ts";
import { ServiceError } from "../../wire/service-error.ts";
import type { TunnelGetCheckpointResponse } from "../../wire/operation/tunnel-get-checkpoint.ts";
import { FINISHED } from "../../wire/tunnel-token.ts";
import type { ChannelCalls } from "./channel-calls.ts";
import { fenced, meaningOf } from "./tunnel-errors.ts";

/** Times one checkpoint is sent at most. */
const TRIES_MAX = 6;
const FIRST_PAUSE_MS = 50;

export interface ChannelCheckpointOptions {
  readonly calls: ChannelCalls;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly lost: AbortSignal;
  /** What stood there when the channel was taken. */
  readonly stored: TunnelGetCheckpointResponse;
}

/**
 * The checkpoint of a channel we hold (R8, reference 5.5). The service takes the number after the stored one and no other, so whoever knows token and number that
 * stand there knows that nobody else has moved it: it never goes backwards. Tokens are stored in the order in which they are given, one after another.
 */
export class ChannelCheckpoint {
  readonly #options: ChannelCheckpointOptions;
  #token: string;
  #sequence: bigint;
  #before: Promise<unknown> = Promise.resolve();

  constructor(options: ChannelCheckpointOptions) {
    this.#options = options;
    this.#token = options.stored.checkpoint;
    this.#sequence = options.stored.sequenceNumber;
  }

  /** Everything of the channel is consumed, and the service knows. */
  get finished(): boolean {
    return this.#token === FINISHED;
  }

  /** False: it stood there already. @throws TF_FENCED where something else stands there; what the service answers; the reason of `lost` */
  store(token: string): Promise<boolean> {
    const stored = this.#before.then(() => this.#store(token));
    this.#before = stored.catch(() => undefined);
    return stored;
  }

  async #store(token: string): Promise<boolean> {
    if (token === this.#token) return false;
    const { calls, clock, chance, lost } = this.#options;
    const sequence = this.#sequence + 1n;
    for (let tries = 1; ; tries++) {
      lost.throwIfAborted();
      try {
        await calls.checkpoint(token, sequence, lost);
        return this.#take(token, sequence);
      } catch (error) {
        lost.throwIfAborted();
        if (meaningOf(error) !== "passing" && !isMismatch(error)) throw error;
        const there = await calls.getCheckpoint(lost);
        if (there.sequenceNumber === sequence && there.checkpoint === token) return this.#take(token, sequence);
        if (there.sequenceNumber !== this.#sequence || there.checkpoint !== this.#token) {
          throw fenced(`channel ${calls.channelId}`, "its checkpoint was moved by somebody else", error);
        }
        if (tries === TRIES_MAX) throw error;
        const full = FIRST_PAUSE_MS * 2 ** (tries - 1);
        await clock.sleep(full / 2 + (full / 2) * chance.next(), lost);
      }
    }
  }

  #take(token: string, sequence: bigint): true {
    this.#token = token;
    this.#sequence = sequence;
    return true;
  }
}

function isMismatch(error: unknown): boolean {
  return error instanceof ServiceError && error.code === "OTSSequenceNumberNotMatch";
}
