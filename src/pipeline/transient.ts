import { hasCode } from "../base/error.ts";

/** Failures after which an idempotent write is simply sent again: the answer was lost, or the service failed inside. */
export function isTransient(error: unknown): boolean {
  if (hasCode(error, "TF_CONNECTION") || hasCode(error, "TF_TIMEOUT")) return true;
  return error instanceof Error && "status" in error && typeof error.status === "number" && error.status >= 500;
}
