import { ServiceError } from "../wire/service-error.ts";

/** The service's refusals that depend on what is stored (reference 1.8, 7.9). */
export const refusal = {
  tableMissing: () => new ServiceError(404, "OTSObjectNotExist", "Requested table does not exist."),
  tableExists: () => new ServiceError(409, "OTSObjectAlreadyExist", "Requested table already exists."),
  tableQuota: (quota: number) => new ServiceError(403, "OTSQuotaExhausted", `Number of tables exceeds the quota:${quota}.`),
  /** The code is that of the reference (1.8, 7.9); a test of the Java SDK expects OTSParameterInvalid (unverified which the service answers). */
  indexQuota: (quota: number) => new ServiceError(403, "OTSQuotaExhausted", `Number of index per table exceeds the quota:${quota}.`),
  /** The text is known of `write`, the other verbs are not (unverified). */
  indexTable: (verb: "write" | "update" | "delete") => new ServiceError(400, "OTSParameterInvalid", `Can't ${verb} index table directly.`),
  instanceMissing: () => new ServiceError(403, "OTSAuthFailed", "The instance is not found."),
  condition: () => new ServiceError(403, "OTSConditionCheckFail", "Condition check failed."),
  invalidKey: (text: string) => new ServiceError(400, "OTSInvalidPK", text),
  conflict: () => new ServiceError(409, "OTSRowOperationConflict", "Data is being modified by the other request."),
  busy: () => new ServiceError(503, "OTSServerBusy", "Server is busy."),
  sessionMissing: () => new ServiceError(400, "OTSSessionNotExist", "Session not exist or may be timeout."),
  transactionsOff: () =>
    new ServiceError(400, "OTSParameterInvalid", "Try to call method using explicit transaction on explicit-transaction-disabled table."),
  /** Code and text are the atomic batch's, by analogy (unverified). */
  outOfTransaction: (what: string, its: string, own: string) =>
    new ServiceError(400, "OTSDataOutOfRange", `Data out of scope of transaction. Transaction ${what}:${its}. Data ${what}:${own}`),
  parameter: (text: string) => new ServiceError(400, "OTSParameterInvalid", text),
};
