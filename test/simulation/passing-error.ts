import { TableferryError } from "../../src/base/error.ts";
import { isRetryableCode } from "../../src/client/retry.ts";
import { isTransient } from "../../src/pipeline/transient.ts";
import { ServiceError } from "../../src/wire/service-error.ts";

/** What may end a worker when its surroundings fail it: whoever started it starts it again. */
export function isPassing(error: unknown): boolean {
  if (error instanceof ServiceError) return isRetryableCode(error.code, error.text);
  if (isTransient(error)) return true;
  return error instanceof TableferryError && ["TF_WRITE_FAILED", "TF_FENCED", "TF_RUN_HELD"].includes(error.code);
}
