import { stateKeys } from "../pipeline/state-keys.ts";
import type { StateStore } from "../pipeline/state-store.ts";
import type { ParkedRows } from "../verify/parked-rows.ts";
import { keyOf, parkedId, readParked } from "./apply/parked.ts";
import { listParked } from "./apply/replay-parked.ts";

/** A sync's parked keys, as verification asks for them: each time anew, because they come and go. */
export function parkedRows(state: StateStore, job: string): ParkedRows {
  return {
    holds: (keys) =>
      Promise.all(
        keys.map(async (key) => {
          const place = stateKeys.parked(job, parkedId(key));
          return readParked(state, place, await state.get(place)) !== undefined;
        }),
      ),
    all: async function* () {
      for await (const { key } of listParked(state, job)) yield keyOf(key);
    },
  };
}
