import { TableferryError } from "../base/error.ts";
import type { SyncSpec } from "../job/sync-spec.ts";

/** What writes to one side without the engine's marker would be taken for an application's change, and carried back (R4). @throws TF_TWO_WAY */
export function refuseTwoWay({ name, twoWay }: SyncSpec, what: "replay" | "repair"): void {
  if (twoWay === undefined) return;
  throw new TableferryError("TF_TWO_WAY", {
    message: `a ${what} writes one side only, and ${name} goes both ways`,
    place: name,
    wayOut: "Correct the row in an application, on either side: the sync carries it over, and takes back what was put aside of it.",
  });
}
