import { TableferryError } from "../base/error.ts";
import { readValue } from "./owned-entry.ts";
import type { StateStore } from "./state-store.ts";

/** Times a change is tried while others write the same key. */
const triesMax = 20;

/**
 * Changes a key that several processes write: read, change, compare and set, again while another was faster. `change` may be called several
 * times; when it returns undefined nothing is written.
 * @returns what stands there afterwards
 * @throws TF_STATE_CORRUPT; TF_FENCED when others keep writing it
 */
export async function changeEntry<T>(
  state: StateStore,
  key: string,
  token: string,
  change: (now: T | undefined) => T | undefined,
): Promise<T | undefined> {
  for (let tries = 0; tries < triesMax; tries++) {
    const stored = await state.get(key);
    const now = stored === undefined ? undefined : readValue<T>(state, key, stored);
    const next = change(now);
    if (next === undefined) return now;
    const entry = { token, seq: (stored?.seq ?? 0) + 1, value: JSON.stringify(next) };
    if (await state.compareAndSet(key, stored, entry)) return next;
  }
  throw new TableferryError("TF_FENCED", { message: "others keep writing the job's state", place: key });
}
