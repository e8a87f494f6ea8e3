import { TableferryError } from "../../base/error.ts";
import { UnknownOutcome, type CallOptions } from "../../client/call.ts";
import { isRetryableCode } from "../../client/retry.ts";
import type { TableStoreClient } from "../../client/table-store-client.ts";
import type { Refusal } from "../../job/mapping.ts";
import { batchWriteBody, type RowKind } from "../../wire/operation/batch-write-body.ts";
import type { RowResult } from "../../wire/operation/row-result.ts";
import { ServiceError } from "../../wire/service-error.ts";
import type { RowOutcome } from "../connector.ts";
import { plainKinds, type BatchParcel, type WideParcel } from "./change-parcels.ts";
import { tableTitle } from "./table-facts.ts";

/** The service's answers that blame a row and not the request: sending the others without it can succeed. */
const rowCodes: ReadonlySet<string> = new Set([
  "OTSParameterInvalid",
  "OTSInvalidPK",
  "OTSOutOfRowSizeLimit",
  "OTSOutOfColumnCountLimit",
  "OTSRequestBodyTooLarge",
  "OTSConditionCheckFail",
]);
/** Nobody knows whether the row was written; sending it again is right, because every write is idempotent (R10). */
const unknownCodes: ReadonlySet<string> = new Set(["OTSTimeout", "OTSInternalServerError", "OTSServerUnavailable"]);
/** Rows sent one by one at a time, when one of them made the service refuse them all. */
const singlesInFlight = 8;

/** What a write needs to know of its target. */
export interface WriteTarget {
  readonly client: TableStoreClient;
  readonly table: string;
  /** Which of rows that are there already (by encoded change) hold another row than the one to be written. */
  readonly duplicates: (changes: readonly Uint8Array[], signal?: AbortSignal) => Promise<readonly (Refusal | undefined)[]>;
}

interface Failure {
  readonly row: number;
  readonly code: string;
  readonly text: string;
}

/** Sends the rows in one request; where it is refused for one of them, each alone. @throws as `TableStoreClient.call` */
export async function writeBatch(target: WriteTarget, parcel: BatchParcel, how: CallOptions): Promise<readonly RowOutcome[]> {
  return outcomesOf(target, await batchFailures(target, parcel, how), parcel.replays, (row) => parcel.change(row), how.signal);
}

async function batchFailures(
  { client, table, ...target }: WriteTarget,
  parcel: BatchParcel,
  how: CallOptions,
): Promise<readonly Failure[]> {
  let results: readonly RowResult[];
  try {
    results = (await client.call(batchWriteBody, parcel.body, how)).tables[0]?.rows ?? [];
  } catch (error) {
    if (error instanceof ServiceError && rowCodes.has(error.code)) return writeSingly({ client, table, ...target }, parcel, how);
    throw error;
  }
  const failures: Failure[] = [];
  for (let row = 0; row < parcel.rows; row++) {
    const result = results[row];
    if (result?.ok === true) continue;
    failures.push({ row, code: result?.error.code ?? "no answer", text: result?.error.text ?? "the reply does not mention the row" });
  }
  return failures;
}

async function writeSingly({ client, table }: WriteTarget, parcel: BatchParcel, how: CallOptions): Promise<readonly Failure[]> {
  const failures: Failure[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < parcel.rows) {
      const row = next++;
      const failure = await rowFailure(row, () => writeOne(client, table, parcel.kind(row), parcel.change(row), how));
      if (failure !== undefined) failures.push(failure);
    }
  };
  await Promise.all(Array.from({ length: Math.min(singlesInFlight, parcel.rows) }, worker));
  return failures;
}

function writeOne(
  client: TableStoreClient,
  tableName: string,
  { type, condition }: RowKind,
  change: Uint8Array,
  how: CallOptions,
): Promise<unknown> {
  const request = { tableName, change, condition };
  switch (type) {
    case "put":
      return client.putRow(request, how);
    case "update":
      return client.updateRow(request, how);
    case "delete":
      return client.deleteRow(request, how);
  }
}

/** The first part, then each update; the row counts as written when the last one is acknowledged. */
export async function writeWide(target: WriteTarget, parcel: WideParcel, how: CallOptions): Promise<readonly RowOutcome[]> {
  const { client, table } = target;
  const failure = await rowFailure(0, async () => {
    await writeOne(client, table, parcel.kind, parcel.first, how);
    for (const change of parcel.updates) await writeOne(client, table, plainKinds.update, change, how);
  });
  return outcomesOf(target, failure === undefined ? [] : [failure], parcel.replays, () => parcel.whole, how.signal);
}

/** Undefined when the write went through. @throws what is not the row's fault */
async function rowFailure(row: number, write: () => Promise<unknown>): Promise<Failure | undefined> {
  try {
    await write();
    return undefined;
  } catch (error) {
    if (error instanceof UnknownOutcome) return { row, code: error.code, text: error.sentence };
    if (error instanceof ServiceError && (rowCodes.has(error.code) || isAgain(error))) return { row, code: error.code, text: error.text };
    throw error;
  }
}

async function outcomesOf(
  target: WriteTarget,
  failures: readonly Failure[],
  replays: boolean,
  changeOf: (row: number) => Uint8Array,
  signal?: AbortSignal,
): Promise<readonly RowOutcome[]> {
  if (failures.length === 0) return [];
  const outcomes: RowOutcome[] = [];
  const present: Failure[] = [];
  for (const failure of failures) {
    const { row, code, text } = failure;
    if (isAgain(failure) || code === "no answer") outcomes.push({ row, kind: "retry", code, text });
    else if (code === "OTSConditionCheckFail" && !replays) present.push(failure);
    else if (rowCodes.has(code)) outcomes.push({ row, kind: "refused", refusal: { cause: code, text } });
    else throw notTheRow(target, code, text);
  }
  if (present.length > 0) {
    const refusals = await target.duplicates(
      present.map(({ row }) => changeOf(row)),
      signal,
    );
    present.forEach(({ row }, at) => {
      const refusal = refusals[at];
      if (refusal !== undefined) outcomes.push({ row, kind: "refused", refusal });
    });
  }
  return outcomes;
}

/** What makes every row fail is no row's refusal: it stops the job. */
function notTheRow({ client, table }: WriteTarget, code: string, text: string): Error {
  if (code !== "OTSObjectNotExist") return new ServiceError(400, code, text);
  const title = tableTitle(client, table);
  return new TableferryError("TF_TARGET_MISSING", { message: `${title} was deleted while it was written`, place: title });
}

function isAgain({ code, text }: { readonly code: string; readonly text: string }): boolean {
  return isRetryableCode(code, text) || unknownCodes.has(code) || code === "TF_CONNECTION" || code === "TF_TIMEOUT";
}
