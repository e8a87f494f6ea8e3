import type { RowResult } from "../wire/operation/row-result.ts";
import { ServiceError } from "../wire/service-error.ts";

/** A refusal as the outcome of one row of a batch; anything else is no refusal and goes on. */
export function failedRow(thrown: unknown): RowResult {
  if (!(thrown instanceof ServiceError)) throw thrown;
  return { ok: false, error: { code: thrown.code, text: thrown.text } };
}
