/** An error answered by the service, ours or the real one: exact code and text (reference 1.8, 7.9). */
export class ServiceError extends Error {
  /** The service's code, e.g. `OTSParameterInvalid`. */
  readonly code: string;
  /** HTTP status. */
  readonly status: number;
  readonly requestId: string | undefined;
  /** The service's text, without the code. */
  readonly text: string;

  constructor(status: number, code: string, text: string, requestId?: string) {
    super(`${code}: ${text}`);
    this.name = "ServiceError";
    this.status = status;
    this.code = code;
    this.text = text;
    this.requestId = requestId;
  }
}

/** The service's answer to parameters it does not take: 400 OTSParameterInvalid with a text of reference 7.9. */
export function invalid(text: string): never {
  throw new ServiceError(400, "OTSParameterInvalid", text);
}
