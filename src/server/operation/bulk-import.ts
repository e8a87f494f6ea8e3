import { limits } from "../../model/limits.ts";
import { bulkImport, type BulkImportRequest } from "../../wire/operation/bulk-import.ts";
import { answering } from "../call-context.ts";
import { invalidParameter } from "../validation/parameter.ts";
import { sizeOfChange, writeRow } from "../write-row.ts";

const condition = { existence: "ignore" } as const;

/** Rows without conditions, each with its own outcome, as a batch of one table (reference 7.4). The limits are the batch's (unverified), and so are the texts. */
export const answerBulkImport = answering(bulkImport, async (request, { store, instance, clock }) => {
  const { tableName, rows: changes } = request;
  const bytes = checkImport(request);
  const table = store.catalogue.table(instance, tableName);
  const batch = store.beginWrite(bytes + bytes / 2 + changes.length * 128);
  const now = clock.now();
  const rows = changes.map(({ type, change }) => writeRow(batch, table, { type, change, condition }, now));
  await batch.commit();
  return { tableName, rows };
});

/** The bytes of all changes. @throws OTSParameterInvalid */
function checkImport({ rows }: BulkImportRequest): number {
  if (rows.length === 0) invalidParameter("No row is specified in BulkImport.");
  if (rows.length > limits.batchWriteRowsMax) invalidParameter(`Rows count exceeds the upper limit: ${limits.batchWriteRowsMax}.`);
  const bytes = rows.reduce((sum, { change }) => sum + change.length, 0);
  if (bytes <= limits.writeBytesMax) return bytes;
  const size = rows.reduce((sum, { change }) => sum + sizeOfChange(change), 0);
  if (size <= limits.writeBytesMax) return bytes;
  return invalidParameter(
    `The total data size of BulkImport request exceeds the limit, limit size: ${limits.writeBytesMax}, data size: ${size}.`,
  );
}
