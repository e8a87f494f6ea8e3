import type { CellSelection, Filter } from "../../model/condition.ts";
import { limits } from "../../model/limits.ts";
import { invalidParameter } from "./parameter.ts";

/** What a read may ask for (reference 7.3). @throws OTSParameterInvalid */
export function checkSelection(selection: CellSelection): void {
  const { columns, maxVersions, timeRange, specificTime, filter } = selection;
  if (maxVersions === undefined && timeRange === undefined && specificTime === undefined) {
    invalidParameter("No version condition is specified while querying row.");
  }
  if (maxVersions !== undefined && maxVersions <= 0) {
    invalidParameter(`Invalid max versions: ${maxVersions} . Reason: Max versions must be positive.`);
  }
  if (specificTime !== undefined) {
    if (specificTime < 0) invalidParameter("Specific timestamp cannot be less than 0.");
    // Spelt as the service spells it.
    if (maxVersions !== undefined) invalidParameter("Specific tiemstamp and max versions cannot be given at the same time.");
  }
  if (columns !== undefined && columns.length > limits.columnsToGetMax) {
    invalidParameter(
      `The number of columns from the request exceeds the limit, limit count: ${limits.columnsToGetMax}, column count: ${columns.length}.`,
    );
  }
  if (filter !== undefined) checkFilter(filter);
}

/** What a filter or a column condition may be (reference section 4). @throws OTSParameterInvalid */
export function checkFilter(filter: Filter): void {
  if (countConditions(filter) > limits.filterConditionsMax) {
    invalidParameter(`The count of filter exceeds the max:${limits.filterConditionsMax}.`);
  }
}

function countConditions(filter: Filter): number {
  switch (filter.type) {
    case "column":
      return 1;
    case "page":
      if (filter.offset < 0) invalidParameter("Offset in ColumnPaginationFilter must be greater than or equal to 0.");
      if (filter.limit <= 0) invalidParameter("Limit in ColumnPaginationFilter must be greater than 0.");
      return 1;
    case "not":
      if (filter.filters.length !== 1) invalidParameter("Invalid NOT operator: the number of sub-filters must be 1.");
      return countConditions(filter.filters[0]!);
    case "and":
    case "or":
      if (filter.filters.length === 0) invalidParameter("Deserialize filter failed.");
      return filter.filters.reduce((count, part) => count + countConditions(part), 0);
  }
}
