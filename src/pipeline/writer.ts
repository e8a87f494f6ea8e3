import type { Chance } from "../base/chance.ts";
import type { Clock } from "../base/clock.ts";
import { TableferryError, toError } from "../base/error.ts";
import type { Gate, Hold } from "../base/gate.ts";
import type { Encoded, Parcel, RowOutcome, Target } from "../connector/connector.ts";
import type { Refusal } from "../job/mapping.ts";
import { SendTooLate, type Fence } from "./fence.ts";
import type { Throttle } from "./throttle.ts";
import { isTransient } from "./transient.ts";

export interface WriterOptions {
  readonly target: Pick<Target, "write">;
  readonly fence: Fence;
  /** Parcels under way at once, over all workers. */
  readonly slots: Gate;
  readonly throttle: Throttle;
  readonly clock: Clock;
  readonly chance: Chance;
  /** Ends what is under way. */
  readonly signal: AbortSignal;
}

/** What became of a batch: all its rows are accounted for. */
export interface BatchWritten {
  readonly written: number;
  /** Rows of the batch that the target refused for good. */
  readonly refused: readonly { readonly index: number; readonly refusal: Refusal }[];
}

/** Tries of one parcel that may fail without any row getting through; with the pauses below some 50 s. */
const triesMax = 15;
const firstPauseMs = 50;
const mostPauseMs = 5000;

/**
 * Writes batches: parcels in the order in which they were encoded, several under way, each behind the fence (R2) and with a
 * deadline shorter than the lease. Rows that are refused for now are sent again alone, after a pause; a parcel whose answer was lost
 * is sent again whole, because writes are idempotent (R10). Resolves only when every row is acknowledged or refused for good.
 */
export class Writer {
  readonly #options: WriterOptions;
  /** The fence's check once more, for requests that wait for a connection. */
  readonly #mayLeave: () => void;
  /** Until then a write whose answer was lost may still take effect. */
  #doubtfulUntil = -Infinity;

  constructor(options: WriterOptions) {
    this.#options = options;
    this.#mayLeave = () => options.fence.assertMaySend();
  }

  /** Whether nothing that was sent can still take effect; asked when nothing is under way. */
  get settled(): boolean {
    return this.#options.clock.monotonic() >= this.#doubtfulUntil;
  }

  /** The same right, slots and rates for another target; whether it is settled is its own. */
  to(target: WriterOptions["target"]): Writer {
    return new Writer({ ...this.#options, target });
  }

  /** @throws TF_FENCED, TF_WRITE_FAILED, what the target threw, the signal's reason; every parcel has settled by then */
  async write(encoded: Encoded): Promise<BatchWritten> {
    const batch: BatchUnderWay = { refused: [], failure: undefined };
    const fail = (error: unknown) => void (batch.failure ??= toError(error));
    const deliveries: Promise<void>[] = [];
    for (const parcel of encoded.parcels) {
      try {
        const hold = await this.#admit(parcel);
        // Without a pause between here and the target, so that parcels arrive in their order.
        deliveries.push(this.#deliver(parcel, hold, batch).catch(fail));
      } catch (error) {
        fail(error);
      }
      if (batch.failure !== undefined) break;
    }
    await Promise.all(deliveries);
    if (batch.failure !== undefined) throw batch.failure;
    return { written: encoded.rowsOut - batch.refused.length, refused: batch.refused };
  }

  /** Waits for a free slot, for the rates and for the right to write. */
  async #admit(parcel: Parcel): Promise<Hold> {
    const { slots, throttle, fence, signal } = this.#options;
    const hold = await slots.acquire(1, signal);
    try {
      await throttle.take(parcel.rows, parcel.bytes, signal);
      await fence.ready(signal);
      return hold;
    } catch (error) {
      hold.release();
      throw error;
    }
  }

  async #deliver(parcel: Parcel, admitted: Hold, batch: BatchUnderWay): Promise<void> {
    let left = parcel;
    let hold = admitted;
    for (let failures = 0; ;) {
      let reason: { readonly text: string; readonly cause?: Error };
      try {
        const outcomes = await this.#send(left);
        const again = outcomes.filter((outcome) => outcome.kind === "retry");
        for (const outcome of outcomes)
          if (outcome.kind === "refused") batch.refused.push({ index: left.sourceIndex(outcome.row), refusal: outcome.refusal });
        if (again.length === 0) return;
        failures = again.length < left.rows ? 1 : failures + 1;
        reason = { text: `${again[0]!.code}: ${again[0]!.text}` };
        left = left.only(again.map((outcome) => outcome.row));
      } catch (thrown) {
        const error = toError(thrown);
        const late = error instanceof SendTooLate;
        if (this.#options.signal.aborted || !(late || isTransient(error))) throw error;
        if (!late) failures++;
        reason = { text: error.message, cause: error };
      } finally {
        hold.release();
      }
      if (batch.failure !== undefined) return;
      if (failures >= triesMax) throw givenUp(left, reason);
      if (failures > 0) await this.#pause(failures);
      hold = await this.#admit(left);
    }
  }

  /** Sends once. Nothing may come between the fence's check and the call. */
  async #send(parcel: Parcel): Promise<readonly RowOutcome[]> {
    const { target, fence, clock, signal } = this.#options;
    signal.throwIfAborted();
    const end = new AbortController();
    const abort = () => end.abort(signal.reason);
    const cancel = clock.after(fence.requestDeadlineMs, () =>
      end.abort(new TableferryError("TF_TIMEOUT", { message: `no answer to a write within ${fence.requestDeadlineMs / 1000} s` })),
    );
    signal.addEventListener("abort", abort, { once: true });
    try {
      fence.assertMaySend();
      return await target.write(parcel, end.signal, this.#mayLeave);
    } catch (error) {
      if (!(error instanceof SendTooLate)) this.#doubtfulUntil = clock.monotonic() + fence.requestDeadlineMs;
      throw error;
    } finally {
      cancel();
      signal.removeEventListener("abort", abort);
    }
  }

  #pause(failures: number): Promise<void> {
    const { clock, chance, signal } = this.#options;
    const full = Math.min(mostPauseMs, firstPauseMs * 2 ** (failures - 1));
    return clock.sleep(full / 2 + (full / 2) * chance.next(), signal);
  }
}

interface BatchUnderWay {
  readonly refused: { readonly index: number; readonly refusal: Refusal }[];
  /** The first failure of any of its parcels; the others then end at their next try. */
  failure: Error | undefined;
}

function givenUp(left: Parcel, reason: { readonly text: string; readonly cause?: Error }): TableferryError {
  const rows = left.rows === 1 ? "1 row" : `${left.rows} rows`;
  return new TableferryError("TF_WRITE_FAILED", {
    message: `${rows} could not be written after ${triesMax} tries: ${reason.text.split("\n")[0]}`,
    cause: reason.cause,
  });
}
