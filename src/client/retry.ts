import { ServiceError } from "../wire/service-error.ts";
import { TransportError } from "./transport-error.ts";

/** Nothing was done: repeated whatever the operation (reference 1.9). */
const alwaysCodes: ReadonlySet<string> = new Set([
  "OTSRowOperationConflict",
  "OTSNotEnoughCapacityUnit",
  "OTSTableNotReady",
  "OTSPartitionUnavailable",
  "OTSServerBusy",
  "OTSStorageServerBusy",
  "OTSOperationThrottled",
  "OTSFlowControl",
]);

/** Something may have been done: repeated for reads only (reference 1.9). */
const readCodes: ReadonlySet<string> = new Set([
  "OTSTimeout",
  "OTSInternalServerError",
  "OTSServerUnavailable",
  "OTSTunnelServerUnavailable",
]);

export type Verdict = "retry" | "give-up" | "unknown-outcome";

/** What to do after a failure. `unknown-outcome`: a write that may have been applied; whoever knows that it is idempotent repeats it. */
export function judge(error: unknown, kind: "read" | "write"): Verdict {
  if (error instanceof TransportError) return kind === "read" || !error.sent ? "retry" : "unknown-outcome";
  if (!(error instanceof ServiceError)) return "give-up";
  if (isRetryableCode(error.code, error.text)) return "retry";
  // Says what a busy tunnel server says, but of records that will not come back (reference 5.8).
  if (error.text.startsWith("OTSTrimmedDataAccess")) return "give-up";
  const uncertain = readCodes.has(error.code) || error.status === 500 || error.status === 502 || error.status === 503;
  if (!uncertain) return "give-up";
  return kind === "read" ? "retry" : "unknown-outcome";
}

/** Whether a refusal says that nothing was done and that trying again may help; for whole requests and for rows of a batch. */
export function isRetryableCode(code: string, text: string): boolean {
  return alwaysCodes.has(code) || (code === "OTSQuotaExhausted" && text === "Too frequent table operations.");
}

export interface RetryPolicy {
  /** Milliseconds from the first try in which tries may begin; 10 s as the Java SDK. */
  readonly totalMs: number;
  /** First and greatest pause; doubled each time, half of it by chance. */
  readonly firstMs: number;
  readonly mostMs: number;
}

export const defaultRetry: RetryPolicy = { totalMs: 10_000, firstMs: 10, mostMs: 320 };

/** Milliseconds to wait before try `attempt` + 1; `chance` in [0, 1). */
export function pauseMs(policy: RetryPolicy, attempt: number, chance: number): number {
  const full = Math.min(policy.mostMs, policy.firstMs * 2 ** Math.min(attempt, 16));
  return full / 2 + (full / 2) * chance;
}
