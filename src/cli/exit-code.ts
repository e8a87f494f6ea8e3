import { ServiceError } from "../wire/service-error.ts";
import { TableferryError } from "../base/error.ts";
import { PlacedError } from "./placed-error.ts";

/** What a script can tell from the number alone. Documented in docs/cli.md; numbers never change their meaning. */
export const exitCodes = {
  ok: 0,
  failed: 1,
  usage: 2,
  different: 3,
  rejects: 4,
  stopped: 5,
  held: 6,
  unreachable: 7,
  interrupted: 130,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

export const exitMeanings: Readonly<Record<keyof typeof exitCodes, string>> = {
  ok: "done, and what was asked to be proved is proved",
  failed: "failed; the message on standard error has a code, a place and a way out",
  usage: "the command line, the job file or a mapping is wrong, or credentials are missing; nothing was touched",
  different: "the two sides differ, or a certificate does not hold",
  rejects: "the job ran to its end, but more rows were rejected than it allows",
  stopped: "stopped at a checkpoint; run the same command again to go on from there",
  held: "another run holds the job, the data folder or the stack, or took it over",
  unreachable: "an endpoint did not answer in time; running again later may be all it takes",
  interrupted: "stopped at once by a second Ctrl-C; run again to go on from the last checkpoint",
};

const codesOfExit: Readonly<Partial<Record<string, ExitCode>>> = {
  TF_USAGE: exitCodes.usage,
  TF_KEY_INVALID: exitCodes.usage,
  TF_ROW_INVALID: exitCodes.usage,
  TF_SPEC_INVALID: exitCodes.usage,
  TF_MAPPING_INVALID: exitCodes.usage,
  TF_CREDENTIALS_MISSING: exitCodes.usage,
  TF_DIFFERENT: exitCodes.different,
  TF_REJECTS: exitCodes.rejects,
  TF_ABORTED: exitCodes.stopped,
  TF_STOPPED: exitCodes.stopped,
  TF_FENCED: exitCodes.held,
  TF_RUN_HELD: exitCodes.held,
  TF_STATE_LOCKED: exitCodes.held,
  TF_STORE_LOCKED: exitCodes.held,
  TF_STACK_LOCKED: exitCodes.held,
  TF_CONNECTION: exitCodes.unreachable,
  TF_TIMEOUT: exitCodes.unreachable,
  OTSServerBusy: exitCodes.unreachable,
  OTSServerUnavailable: exitCodes.unreachable,
  OTSTimeout: exitCodes.unreachable,
  OTSPartitionUnavailable: exitCodes.unreachable,
  OTSRequestTimeout: exitCodes.unreachable,
};

/** The exit code that an error code leads to. */
export function exitOfCode(code: string): ExitCode {
  return codesOfExit[code] ?? exitCodes.failed;
}

/** The exit code of an error that ends a command. */
export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof PlacedError) return exitOfCode(error.service.code);
  return error instanceof TableferryError || error instanceof ServiceError ? exitOfCode(error.code) : exitCodes.failed;
}
