import type { Table } from "../store/table.ts";
import type { TableStore } from "../store/table-store.ts";
import { invalidParameter } from "./validation/parameter.ts";

/**
 * The table or index to read rows of. A local index promises what its table holds, so it is not read before all of that is in it (reference 7.6; the code is
 * unverified); a global one is read as far as it goes.
 * @throws OTSObjectNotExist, OTSParameterInvalid
 */
export function readableTable({ catalogue }: TableStore, instance: string, name: string): Table {
  const table = catalogue.table(instance, name);
  const index = table.base?.indexes?.find((one) => one.table === table);
  if (index?.fillFrom !== undefined && index.schema.type === "local") invalidParameter("Disallow read local index");
  return table;
}
