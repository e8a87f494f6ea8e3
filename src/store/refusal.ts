import { ServiceError } from "../wire/service-error.ts";

/** The service's refusals that depend on what is stored (reference 1.8, 7.9). */
export const refusal = {
  tableMissing: () => new ServiceError(404, "OTSObjectNotExist", "Requested table does not exist."),
  tableExists: () => new ServiceError(409, "OTSObjectAlreadyExist", "Requested table already exists."),
  tableQuota: (quota: number) => new ServiceError(403, "OTSQuotaExhausted", `Number of tables exceeds the quota:${quota}.`),
  indexQuota: (quota: number) => new ServiceError(403, "OTSQuotaExhausted", `Number of index per table exceeds the quota:${quota}.`),
  /** The text is known of `write`, the other verbs are not (unverified). */
  indexTable: (verb: "write" | "update" | "delete") => new ServiceError(400, "OTSParameterInvalid", `Can't ${verb} index table directly.`),
  instanceMissing: () => new ServiceError(403, "OTSAuthFailed", "The instance is not found."),
  condition: () => new ServiceError(403, "OTSConditionCheckFail", "Condition check failed."),
  invalidKey: (text: string) => new ServiceError(400, "OTSInvalidPK", text),
  parameter: (text: string) => new ServiceError(400, "OTSParameterInvalid", text),
};
