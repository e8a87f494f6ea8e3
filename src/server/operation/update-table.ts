import type { Streams } from "../../store/stream.ts";
import type { Table } from "../../store/table.ts";
import { updateTable, type UpdateTableRequest } from "../../wire/operation/update-table.ts";
import { answering } from "../call-context.ts";
import { reservedDetailsOf, streamDetailsOf } from "../table-details.ts";
import { checkIndexedOptions } from "../validation/secondary-index.ts";
import { checkTableUpdate, present, streamOptionsOf } from "../validation/table.ts";

/**
 * Only what is present changes (reference 7.1); the stream's details are always answered, because Go reads them unasked (2.2). Everything is judged and changed in
 * one turn, the stream first, because it can still be refused: an index that is made meanwhile finds the table as it was, or as it is to be.
 */
export const answerUpdateTable = answering(updateTable, async (request, { store, instance, clock }) => {
  checkTableUpdate(request);
  const table = store.catalogue.table(instance, request.tableName);
  if (table.indexes !== undefined) checkIndexedOptions({ ...table.schema.options, ...present(request.options ?? {}) });
  const streamed = changeStream(request, table, store.streams);
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
  await Promise.all([streamed, store.catalogue.updateTable(table, updated)]);
  return { reserved: reservedDetailsOf(updated), options: updated.schema.options, stream: streamDetailsOf(store.streams.ofTable(table)) };
});

function changeStream({ stream }: UpdateTableRequest, table: Table, streams: Streams): Promise<unknown> | undefined {
  if (stream === undefined) return undefined;
  return stream.enabled ? streams.enable(table, streamOptionsOf(stream)) : streams.disable(table);
}
