import type { VirtualClock } from "../../../src/base/virtual-clock.ts";

/** Lets virtual time pass in small steps until the promise settles; everything that is ready runs before each step. */
export async function drive<T>(clock: VirtualClock, promise: Promise<T>, stepMs = 10): Promise<T> {
  let settled = false;
  promise.catch(() => undefined).finally(() => (settled = true));
  for (let i = 0; i < 100_000; i++) {
    await new Promise<void>((resolve) => setImmediate(resolve));
    if (settled) return promise;
    await clock.advance(stepMs);
  }
  throw new Error("it did not settle");
}
