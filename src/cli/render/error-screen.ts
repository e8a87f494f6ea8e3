import { errorCodes, type ErrorCode } from "../../base/error-code.ts";
import { TableferryError, toError } from "../../base/error.ts";
import { ServiceError } from "../../wire/service-error.ts";
import type { ExitCode } from "../exit-code.ts";
import { PlacedError } from "../placed-error.ts";
import type { Paint } from "../terminal.ts";
import { plainText, wrapText } from "./plain-text.ts";
import { serviceWayOut } from "./service-way-out.ts";

/** What every error shown to a user has. */
export interface ErrorReport {
  readonly code: string;
  readonly message: string;
  readonly place: string | undefined;
  readonly wayOut: string;
}

export interface ScreenOptions {
  readonly paint: Paint;
  readonly width: number;
  /** How the user started us, for commands that can be typed as printed. */
  readonly self: string;
}

const screenLines = 24;

/** Whatever was thrown, as code, sentence, place and way out. What is not ours counts as a state that must not occur. */
export function errorReport(thrown: unknown): ErrorReport {
  if (thrown instanceof TableferryError) return { code: thrown.code, message: thrown.sentence, place: thrown.place, wayOut: thrown.wayOut };
  if (thrown instanceof PlacedError) return { ...errorReport(thrown.service), place: thrown.place };
  if (thrown instanceof ServiceError) {
    const place = thrown.requestId === undefined ? undefined : `request ${thrown.requestId}`;
    return { code: thrown.code, message: thrown.text, place, wayOut: serviceWayOut(thrown.code, thrown.text) };
  }
  const code: ErrorCode = "TF_INTERNAL";
  return {
    code,
    message: toError(thrown).message,
    place: firstFrame(thrown),
    wayOut: `${errorCodes[code]} TABLEFERRY_DEBUG=1 shows where it came from.`,
  };
}

/** One screen: at most 24 lines of at most `width` columns, without stack traces and without control characters. */
export function errorScreen(thrown: unknown, { paint, width, self }: ScreenOptions): string[] {
  const report = errorReport(thrown);
  const labelled = (label: string, text: string): string[] => {
    const lines = wrapText(text.split("\n").map(plainText).join("\n"), width - 11);
    return lines.map((line, i) => `  ${paint.dim((i === 0 ? label : "").padEnd(9))}${line}`);
  };
  const title = wrapText(`${report.code}: ${report.message.split("\n").map(plainText).join("\n")}`, width);
  const below = [
    ...(report.place === undefined ? [] : labelled("at", report.place)),
    ...labelled("way out", report.wayOut.replaceAll("`tableferry ", `\`${self} `)),
    ...labelled("more", `${self} errors ${report.code}`),
  ].slice(0, screenLines - 2);
  const room = screenLines - below.length;
  const shown = title.length <= room ? title : [...title.slice(0, room - 1), paint.dim(`  … and ${title.length - room + 1} lines more`)];
  return [...shown.map((line, i) => (i === 0 ? paint.red(line) : line)), ...below];
}

/** The same for machines. */
export function errorDocument(thrown: unknown, exit: ExitCode): { readonly error: ErrorReport & { readonly exit: ExitCode } } {
  return { error: { ...errorReport(thrown), exit } };
}

/** Where an unforeseen error was thrown: file and line without the folders of this machine. */
function firstFrame(thrown: unknown): string | undefined {
  const frame = thrown instanceof Error ? /([^/\\()\s]+\.[cm]?[jt]s:\d+)(:\d+)?\)?$/m.exec(thrown.stack ?? "") : null;
  return frame?.[1];
}
