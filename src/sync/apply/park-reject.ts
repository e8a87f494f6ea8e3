import type { Reject } from "../../pipeline/rejects.ts";
import { stateKeys } from "../../pipeline/state-keys.ts";
import type { StateStore } from "../../pipeline/state-store.ts";
import { keyOf, parkedId } from "./parked.ts";
import { changeParked } from "./parked-keys.ts";

/** Parks the key of a row that the copy has refused; one that is parked already stays as it is. */
export async function parkReject(state: StateStore, job: string, token: string, reject: Reject): Promise<void> {
  const stored = typeof reject.original === "string" ? reject.key : reject.original.key;
  // A row that the source itself could not make out has no key; a table has none of these.
  if (stored === undefined) return;
  const { split: _split, key: _key, ...rest } = reject;
  const id = parkedId(keyOf(stored));
  await changeParked(state, stateKeys.parked(job, id), token, (parked) =>
    parked === undefined
      ? { ...rest, id, key: stored, refused: { put: 1, update: 0, delete: 0 }, joined: { put: 0, update: 0, delete: 0 }, formerKeys: [] }
      : undefined,
  );
}
