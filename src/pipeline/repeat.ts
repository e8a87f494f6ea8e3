import type { Chance } from "../base/chance.ts";
import type { Clock } from "../base/clock.ts";
import { isTransient } from "./transient.ts";

const triesMax = 6;
const firstPauseMs = 100;

/** Does something idempotent again while it fails in passing: an answer was lost, or the service failed inside. Six tries in some 3 s. */
export async function repeat<T>(
  act: () => Promise<T>,
  { clock, chance }: { readonly clock: Clock; readonly chance: Chance },
  signal?: AbortSignal,
): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await act();
    } catch (error) {
      if (tries === triesMax || signal?.aborted === true || !isTransient(error)) throw error;
      const full = firstPauseMs * 2 ** (tries - 1);
      await clock.sleep(full / 2 + (full / 2) * chance.next(), signal);
    }
  }
}
