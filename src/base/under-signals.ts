import type { Clock } from "./clock.ts";

/** A time after which something is given up. */
export interface Limit {
  readonly clock: Clock;
  readonly ms: number;
  /** What it is given up with. */
  readonly late: () => Error;
}

/**
 * Does something under a signal that is aborted with the first of several, or when its time is over. Not `AbortSignal.any`, which makes work for the garbage
 * collector at each of thousands of calls: nothing of this stays behind when it has settled.
 */
export async function underSignals<T>(
  signals: readonly (AbortSignal | undefined)[],
  act: (signal: AbortSignal) => Promise<T>,
  limit?: Limit,
): Promise<T> {
  const stop = new AbortController();
  const cancel = limit?.clock.after(limit.ms, () => stop.abort(limit.late()));
  const leave = signals.map((signal) => {
    if (signal === undefined) return undefined;
    const follow = () => stop.abort(signal.reason);
    if (signal.aborted) follow();
    else signal.addEventListener("abort", follow);
    return () => signal.removeEventListener("abort", follow);
  });
  try {
    return await act(stop.signal);
  } finally {
    cancel?.();
    for (const end of leave) end?.();
  }
}
