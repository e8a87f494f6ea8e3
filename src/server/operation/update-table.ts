import { updateTable } from "../../wire/operation/update-table.ts";
import { answering } from "../call-context.ts";
import { reservedDetailsOf, streamDetailsOf } from "../table-details.ts";
import { checkIndexedOptions } from "../validation/secondary-index.ts";
import { checkTableUpdate, present, streamOptionsOf } from "../validation/table.ts";

/**
 * Only what is present changes (reference 7.1); the stream's details are always answered, because Go reads them unasked (2.2). The stream goes first: it
 * alone can then still be refused.
 */
export const answerUpdateTable = answering(updateTable, async (request, { store, instance, clock }) => {
  checkTableUpdate(request);
  const table = store.catalogue.table(instance, request.tableName);
  if (table.indexes !== undefined) checkIndexedOptions({ ...table.schema.options, ...present(request.options ?? {}) });
  if (request.stream?.enabled === true) await store.streams.enable(table, streamOptionsOf(request.stream));
  else if (request.stream !== undefined) await store.streams.disable(table);
  const { record } = table;
  const { reserved, options } = record.schema;
  const wanted = { read: request.reserved?.read ?? reserved.read, write: request.reserved?.write ?? reserved.write };
  const now = Math.floor(clock.now() / 1000);
  const raised = wanted.read > reserved.read || wanted.write > reserved.write;
  const lowered = wanted.read < reserved.read || wanted.write < reserved.write;
  const updated = {
    ...record,
    schema: { ...record.schema, reserved: wanted, options: { ...options, ...present(request.options ?? {}) } },
    ...(raised ? { reservedRaisedAt: now } : {}),
    ...(lowered ? { reservedLoweredAt: now } : {}),
  };
  await store.catalogue.updateTable(table, updated);
  return { reserved: reservedDetailsOf(updated), options: updated.schema.options, stream: streamDetailsOf(store.streams.ofTable(table)) };
});
