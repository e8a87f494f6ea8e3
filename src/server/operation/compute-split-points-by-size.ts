import { limits } from "../../model/limits.ts";
import { computeSplitPointsBySize } from "../../wire/operation/compute-split-points-by-size.ts";
import { answering } from "../call-context.ts";
import { readCapacity } from "../capacity.ts";
import { invalidParameter } from "../validation/parameter.ts";

/** Everything lies in one place; the name is opaque to clients. */
const LOCATION = "tableferry";

export const answerComputeSplitPointsBySize = answering(computeSplitPointsBySize, async (request, { store, instance }) => {
  const { splitSize, unitBytes = limits.splitUnitBytesDefault, splitPointLimit = Number.POSITIVE_INFINITY } = request;
  if (splitSize <= 0) invalidParameter("The split_size should be greater than 0.");
  if (unitBytes < limits.splitUnitBytesMin) {
    invalidParameter(`The split_size_unit_in_byte should be greater equal than: ${limits.splitUnitBytesMin}`);
  }
  if (splitPointLimit <= 0) invalidParameter("The value of SplitPointLimit must be greater than 0.");
  const table = store.catalogue.table(instance, request.tableName);
  const splitPoints = await store.splitPoints(table, splitSize * unitBytes, splitPointLimit);
  return {
    consumed: readCapacity(0),
    key: table.schema.key,
    splitPoints,
    locations: [{ location: LOCATION, repeat: splitPoints.length + 1 }],
  };
});
