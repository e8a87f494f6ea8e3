import { limits } from "../model/limits.ts";
import type { SingleWriteRequest, SingleWriteResponse } from "../wire/operation/row-write.ts";
import type { CallContext } from "./call-context.ts";
import { transactionOf } from "./open-transaction.ts";
import { invalidParameter } from "./validation/parameter.ts";
import type { ChangeType } from "./validation/row-change.ts";
import { applyChange, openChange, sizeOfChange } from "./write-row.ts";

const operationNames = { put: "PutRow", update: "UpdateRow", delete: "DeleteRow" } as const;

/** PutRow, UpdateRow and DeleteRow: judge, apply, and answer once the change is durable. */
export async function writeSingle(type: ChangeType, request: SingleWriteRequest, context: CallContext): Promise<SingleWriteResponse> {
  const writes = transactionOf(context, request.transactionId) ?? context.store;
  const { change } = request;
  if (change.length > limits.writeBytesMax) refuseSize(operationNames[type], sizeOfChange(change));
  openChange(type, request);
  const table = context.store.catalogue.table(context.instance, request.tableName);
  const batch = writes.beginWrite(change.length * 2);
  try {
    const answer = applyChange(batch, table, type, request, context.clock.now());
    await batch.commit();
    return answer;
  } catch (refusal) {
    // The refusal may rest on what another request has just written: it must not be told before that is durable.
    await batch.settled();
    throw refusal;
  }
}

function refuseSize(operation: string, size: number): void {
  if (size <= limits.writeBytesMax) return;
  invalidParameter(
    `The total data size of ${operation} request exceeds the limit, limit size: ${limits.writeBytesMax} , data size: ${size}.`,
  );
}
