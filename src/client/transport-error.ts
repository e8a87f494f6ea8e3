import type { ErrorCode } from "../base/error-code.ts";
import { TableferryError, type ErrorDetails } from "../base/error.ts";

/** No answer came. `sent` false: the request surely never reached the other side, so that even a write may be repeated. */
export class TransportError extends TableferryError {
  readonly sent: boolean;

  constructor(code: Extract<ErrorCode, "TF_CONNECTION" | "TF_TIMEOUT">, sent: boolean, details: ErrorDetails) {
    super(code, details);
    this.sent = sent;
  }
}
