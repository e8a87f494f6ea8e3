import type { Reject } from "../../pipeline/rejects.ts";
import { stateKeys } from "../../pipeline/state-keys.ts";
import type { StateStore } from "../../pipeline/state-store.ts";
import { copyOf, keyOf, parkedId } from "./parked.ts";
import { changeParked } from "./parked-keys.ts";

/**
 * Parks the key of a row that the copy has refused. One that is parked already stays as it is, and so does one that this copy had parked and that was replayed
 * since: several workers may find the copy complete, one of them late, when changes are applied already.
 * @param copy its generation
 */
export async function parkReject(state: StateStore, job: string, token: string, copy: string, reject: Reject): Promise<void> {
  const stored = typeof reject.original === "string" ? reject.key : reject.original.key;
  // A row that the source itself could not make out has no key; a table has none of these.
  if (stored === undefined) return;
  const { split: _split, key: _key, ...rest } = reject;
  const id = parkedId(keyOf(stored));
  const place = stateKeys.parked(job, id);
  const none = { put: 0, update: 0, delete: 0 };
  await changeParked(state, place, token, (parked, entry) =>
    parked === undefined && copyOf(state, place, entry) !== copy
      ? { ...rest, id, key: stored, refused: { ...none, put: 1 }, joined: none, formerKeys: [], copy }
      : undefined,
  );
}
