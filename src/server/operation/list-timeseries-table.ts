import { listTimeseriesTable } from "../../wire/operation/list-timeseries-table.ts";
import { answering } from "../call-context.ts";

/** Clients ask on the way to other things; there are none. */
export const answerListTimeseriesTable = answering(listTimeseriesTable, () => ({ tableNames: [] }));
