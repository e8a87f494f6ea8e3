import { TableferryError } from "../base/error.ts";
import type { DifferentError } from "../migrate/endings.ts";
import { counted } from "./render/amounts.ts";

/** The error after a report that has named the differences already. */
export function differ({ verification, place, wayOut }: DifferentError): TableferryError {
  const { differenceCount, unsettled } = verification;
  const unsure = unsettled === 0 ? "" : `, of which ${counted(unsettled, "row")} kept changing`;
  return new TableferryError("TF_DIFFERENT", {
    message: `source and target differ in ${counted(differenceCount, "row")}${unsure}`,
    place,
    wayOut,
  });
}
