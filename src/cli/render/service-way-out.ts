/** What to do about errors of the service itself (reference 1.8, 7.9); ours and the real one answer the same codes. */
export const serviceWayOuts: Readonly<Record<string, string>> = {
  OTSAuthFailed: "Check the access key, its secret, the instance's name and this machine's clock.",
  OTSNoPermissionAccess: "Give the key's user the permission on this instance and table.",
  OTSParameterInvalid: "Correct the parameter named in the message.",
  OTSInvalidPK: "Give every key column of the table, in its order and of its type; `tableferry table describe` shows them.",
  OTSObjectNotExist: "Check the name; `tableferry table list` shows what is there, `tableferry table create` makes a table.",
  OTSObjectAlreadyExist: "Use the one that is there, or another name.",
  OTSTableNotReady: "A table needs a moment after it was made. Run it again in a few seconds.",
  OTSConditionCheckFail: "Somebody else changed the row first. Look at the row, then decide again.",
  OTSOutOfRowSizeLimit: "A row of one write holds at most 4 MB. Drop or split columns in the mapping.",
  OTSOutOfColumnCountLimit: "A write takes at most 1,024 columns. Drop or split columns in the mapping.",
  OTSQuotaExhausted: "The instance's quota is used up. Delete what is not needed, slow down, or ask for more.",
  OTSCapacityUnitExhausted: "One partition is at its limit. Lower `limits.rowsPerSecond`, or spread the first key column.",
  OTSNotEnoughCapacityUnit: "Raise the table's reserved throughput, or lower `limits.rowsPerSecond`.",
  OTSFlowControl: "The service throttles. Lower `limits.rowsPerSecond` or `limits.writesInFlight`, then run it again.",
  OTSRequestBodyTooLarge: "A request takes at most 5 MB. Lower the size of the rows written together.",
  OTSRequestTimeout: "Run it again; if it stays, lower `limits.writesInFlight`.",
  OTSRowOperationConflict: "Another writer works on the same row. Run it again.",
  OTSServerBusy: "The service is busy. Run it again in a moment.",
  OTSPartitionUnavailable: "A partition is being moved. Run it again in a moment.",
  OTSTimeout: "Run it again; if it stays, lower `limits.workers`.",
  OTSServerUnavailable: "Run it again in a moment.",
  OTSInternalServerError: "Run it again; if it stays, report it with the request named.",
};

const byText: readonly (readonly [RegExp, string])[] = [
  [/Signature mismatch/i, "The secret does not belong to this access key id. Check both, or the file or variables they come from."],
  [/AccessKeyID does not exist/i, "The server does not know this access key id. Check where the keys come from."],
  [/instance is not found/i, "Check the instance's name; `tableferry serve --instance NAME` makes one on the local server."],
  [/Mismatch between system time/i, "This machine's clock is off by more than 15 minutes. Set it right."],
  [/Unsupported operation/i, "The server does not have this operation. See docs/architecture.md for what the embedded store can do."],
];

export function serviceWayOut(code: string, text: string): string {
  return (
    byText.find(([pattern]) => pattern.test(text))?.[1] ??
    serviceWayOuts[code] ??
    "See the service's documentation of this code; run it again if it may be temporary."
  );
}
