import { listTable } from "../../wire/operation/list-table.ts";
import { answering } from "../call-context.ts";

export const answerListTable = answering(listTable, (_request, { store, instance }) => ({
  tableNames: store.catalogue.tables(instance).map(({ name }) => name),
}));
