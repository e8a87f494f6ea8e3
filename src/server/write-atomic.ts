import type { Table } from "../store/table.ts";
import type { TableStore } from "../store/table-store.ts";
import type { Transaction } from "../store/transaction.ts";
import type { BatchWriteRowRequest } from "../wire/operation/batch-write-row.ts";
import type { RowResult, TableResults } from "../wire/operation/row-result.ts";
import { keyOf } from "../wire/plainbuffer/decode.ts";
import { ServiceError } from "../wire/service-error.ts";
import type { CallContext } from "./call-context.ts";
import { failedRow } from "./failed-row.ts";
import { invalidParameter } from "./validation/parameter.ts";
import { applyChange, openChange } from "./write-row.ts";

/**
 * All rows of a batch or none, within one partition key of one table (reference 7.4). When one row fails, every row answers its error:
 * that a refusal reaches all of them is known for the partition key, for the others assumed.
 */
export async function writeAtomically(
  request: BatchWriteRowRequest,
  writes: Pick<TableStore | Transaction, "beginWrite">,
  context: CallContext,
): Promise<TableResults[]> {
  const [first, ...others] = request.tables;
  if (first === undefined || others.length > 0) invalidParameter("An atomic BatchWriteRow takes the rows of one table.");
  const { tableName, rows } = first;
  const batch = writes.beginWrite(rows.reduce((sum, { change }) => sum + change.length * 2, 0));
  const results: RowResult[] = [];
  try {
    const table: Table = context.store.catalogue.table(context.instance, tableName);
    let partition: string | undefined;
    for (const write of rows) {
      const walker = openChange(write.type, write);
      const own = String(keyOf(walker)[0]!.value);
      partition ??= own;
      if (own !== partition) throw outOfScope(partition, own);
      const { consumed, row } = applyChange(batch, table, write.type, write, context.clock.now());
      results.push({ ok: true, consumed, row });
    }
  } catch (thrown) {
    const failure = failedRow(thrown);
    if (thrown instanceof ServiceError && isRequestWide(thrown)) throw thrown;
    await batch.settled();
    return [{ tableName, rows: rows.map(() => failure) }];
  }
  await batch.commit();
  return [{ tableName, rows: results }];
}

/** Codes that speak of the request as a whole, not of its rows. */
function isRequestWide(error: ServiceError): boolean {
  return error.code === "OTSParameterInvalid";
}

function outOfScope(partition: string, own: string): ServiceError {
  return new ServiceError(400, "OTSDataOutOfRange", `Data out of scope of atomic. Atomic PartKey:${partition}. Data PartKey:${own}`);
}
