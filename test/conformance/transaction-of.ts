import type { KeyBound } from "../../src/model/value.ts";
import { decodeRow, decodeRows } from "../../src/wire/plainbuffer/decode.ts";
import { type Caller, deleteRequest, keyBytes, type KeyOf, putRequest, tableRequest, valuesOf } from "./caller.ts";
import { twoKeys } from "./indexed-table.ts";

/** A table of two key columns on which transactions can be started. */
export async function createForTransactions(caller: Caller, tableName = "t"): Promise<void> {
  await caller.call("CreateTable", { ...tableRequest(tableName, twoKeys), localTransactions: true });
}

/** Calls within one transaction on a partition key of table `t`. */
export class TransactionCaller {
  readonly caller: Caller;
  readonly id: string;

  constructor(caller: Caller, id: string) {
    this.caller = caller;
    this.id = id;
  }

  static async start(caller: Caller, pk: string, tableName = "t"): Promise<TransactionCaller> {
    const { transactionId } = await caller.call("StartLocalTransaction", { tableName, key: keyBytes({ pk }) });
    return new TransactionCaller(caller, transactionId);
  }

  put(pk: string, n: bigint, cells: Parameters<typeof putRequest>[2], condition?: Parameters<typeof putRequest>[3]) {
    return this.caller.call("PutRow", { ...putRequest("t", { pk, n }, cells, condition), transactionId: this.id });
  }

  delete(pk: string, n: bigint) {
    return this.caller.call("DeleteRow", { ...deleteRequest("t", { pk, n }), transactionId: this.id });
  }

  async get(pk: string, n: bigint) {
    const request = { tableName: "t", key: keyBytes({ pk, n }), selection: { maxVersions: 1 }, transactionId: this.id };
    return valuesOf(decodeRow((await this.caller.call("GetRow", request)).row));
  }

  rangeRequest(start: KeyOf<KeyBound>, end: KeyOf<KeyBound>, direction: "forward" | "backward" = "forward", limit?: number) {
    const selection = { maxVersions: 1 };
    return { tableName: "t", start: keyBytes(start), end: keyBytes(end), direction, limit, selection, transactionId: this.id };
  }

  /** Rows as `n=value`, and whether there are more. */
  async range(start: KeyOf<KeyBound>, end: KeyOf<KeyBound>, direction: "forward" | "backward" = "forward", limit?: number) {
    const { rows, nextStart } = await this.caller.call("GetRange", this.rangeRequest(start, end, direction, limit));
    const texts = decodeRows(rows).map((row) => `${String(row.key[1]!.value)}=${String(row.cells[0]?.value)}`);
    return nextStart === undefined ? texts : [...texts, "more"];
  }

  async commit(): Promise<void> {
    await this.caller.call("CommitTransaction", { transactionId: this.id });
  }

  async abort(): Promise<void> {
    await this.caller.call("AbortTransaction", { transactionId: this.id });
  }
}

/** Values of the row as everybody sees it. */
export async function committed(caller: Caller, pk: string, n: bigint) {
  return valuesOf(await caller.get("t", { pk, n }));
}

export const conflict = { status: 409, code: "OTSRowOperationConflict", text: "Data is being modified by the other request." };
export const sessionMissing = { status: 400, code: "OTSSessionNotExist", text: "Session not exist or may be timeout." };
