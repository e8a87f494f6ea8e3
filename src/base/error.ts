import { errorCodes, type ErrorCode } from "./error-code.ts";

export interface ErrorDetails {
  /** What happened, one sentence, without the code. */
  readonly message: string;
  /** Where: a field path, file:line, key, offset, URL. */
  readonly place?: string | undefined;
  /** What the user can do now; defaults to the code's entry in the list. */
  readonly wayOut?: string | undefined;
  readonly cause?: unknown;
}

/** Every error that tableferry shows to a user. The message starts with the code and ends with the way out. */
export class TableferryError extends Error {
  readonly code: ErrorCode;
  readonly place: string | undefined;
  readonly wayOut: string;
  /** The sentence alone, without code, place and way out. */
  readonly sentence: string;

  constructor(code: ErrorCode, details: ErrorDetails) {
    const wayOut = details.wayOut ?? errorCodes[code];
    const at = details.place === undefined ? "" : ` (at ${details.place})`;
    super(`${code}: ${details.message}${at}\n  way out: ${wayOut}`, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = "TableferryError";
    this.code = code;
    this.place = details.place;
    this.wayOut = wayOut;
    this.sentence = details.message;
  }
}

/** True for an error with this code, also across two copies of the package. */
export function hasCode(error: unknown, code: ErrorCode): error is TableferryError {
  return error instanceof Error && "code" in error && error.code === code;
}

/** True for an error of the system with this code, e.g. `ENOENT`. */
export function hasSystemCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}

/** A total conversion: whatever was thrown becomes an Error whose message can be shown. */
export function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
