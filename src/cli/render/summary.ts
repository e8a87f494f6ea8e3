import type { Difference, MigrationResult, VerificationResult } from "../../job/result.ts";
import { shellWord } from "../key-argument.ts";
import type { Paint } from "../terminal.ts";
import { bytes, count, counted, duration, rate } from "./amounts.ts";
import { facts } from "./grid.ts";
import { plainText, shorten } from "./plain-text.ts";

export interface SummaryOptions {
  readonly paint: Paint;
  readonly width: number;
  readonly self: string;
  /** The job file as the user named it. */
  readonly file: string;
  /** A path relative to the job's folder, as the user can type it. */
  readonly shownPath: (path: string) => string;
}

/** What a migration did, what proves it, and what to try next. */
export function migrationSummary(result: MigrationResult, options: SummaryOptions): string[] {
  const { paint } = options;
  const { verification } = result;
  const title =
    result.outcome === "nothing-to-do"
      ? `${result.job}: complete already, nothing was changed`
      : `${result.job}: ${counted(result.rowsWritten, "row")} copied in ${duration(result.seconds)}${result.resumed ? ", going on from an earlier run" : ""}`;
  const moved = [counted(result.rowsRead, "row"), bytes(result.bytesRead), rate(result.rowsRead, result.seconds)]
    .filter((part) => part !== "")
    .join(", ");
  const good = verification === undefined || verification.equal;
  return [
    `${good ? paint.green("✓") : paint.red("✗")} ${title}`,
    ...facts(
      [
        ["read", result.outcome === "nothing-to-do" ? undefined : moved],
        ["written", result.outcome === "nothing-to-do" ? undefined : counted(result.rowsWritten, "row")],
        ["filtered", result.filteredRows === 0 ? undefined : counted(result.filteredRows, "row")],
        ["rejects", count(result.rejects)],
        ["resumed", result.resumed ? `at most ${counted(result.rewrittenAtMost, "row")} written a second time` : undefined],
        ...(verification === undefined ? [["proof", "not verified, as the job says"] as const] : proof(verification, options)),
      ],
      paint,
    ),
    ...(verification === undefined ? [] : differenceLines(verification, options)),
    ...nextLines(nextAfterMigration(result, options), paint),
  ];
}

/** What a verification found. */
export function verificationSummary(result: VerificationResult, options: SummaryOptions): string[] {
  const { paint, self, file } = options;
  const title = result.equal
    ? `${result.job}: equal, ${counted(result.targetRows, "row")} on both sides`
    : `${result.job}: not equal, ${counted(result.differenceCount, "difference")}`;
  const first = result.differences[0];
  return [
    `${result.equal ? paint.green("✓") : paint.red("✗")} ${title}`,
    ...facts(
      [
        ["rows", `${count(result.sourceRows)} in the source, ${count(result.targetRows)} in the target`],
        ...proof(result, options),
        ["seconds", duration(result.seconds)],
      ],
      paint,
    ),
    ...differenceLines(result, options),
    ...nextLines(
      [
        ...(first === undefined
          ? []
          : [[`${self} explain ${file} ${shellWord(first.key)}`, "both sides of the first difference"] as const]),
        ...(result.certificate === undefined
          ? []
          : [[`${self} certificate check ${options.shownPath(result.certificate)}`, "anybody can check it again"] as const]),
      ],
      paint,
    ),
  ];
}

function proof(result: VerificationResult, { shownPath }: SummaryOptions): (readonly [string, string | undefined])[] {
  const sides = result.sourceDigest === result.targetDigest ? "" : " source";
  return [
    [
      "proof",
      `${result.equal ? "equal" : "NOT equal"}, ${result.coverage.kind === "all" ? "all rows compared" : `part compared: ${result.coverage.text}`}${result.live ? ", while the source may have been written" : ""}`,
    ],
    ["explained", result.rejectedRows === 0 ? undefined : `${counted(result.rejectedRows, "row")} missing because rejected`],
    ["unsettled", result.unsettled === 0 ? undefined : `${counted(result.unsettled, "row")} changed too often to compare`],
    [`digest${sides}`, result.sourceDigest],
    ["digest target", sides === "" ? undefined : result.targetDigest],
    ["certificate", result.certificate === undefined ? undefined : shownPath(result.certificate)],
  ];
}

const shownDifferences = 10;

/** The first differences, a line a row and a line a column; values came from outside and are made harmless. */
function differenceLines(result: VerificationResult, { paint, width }: SummaryOptions): string[] {
  const lines = result.differences
    .slice(0, shownDifferences)
    .flatMap((difference) => [
      shorten(`  ${kindText[difference.kind].padEnd(11)} ${plainText(difference.key)}`, width),
      ...difference.columns.map((column) =>
        shorten(
          `              ${plainText(column.name)}: ${column.source ?? "absent"} → ${column.target ?? "absent"} (${column.why})`,
          width,
        ),
      ),
    ]);
  const more = result.differenceCount - Math.min(shownDifferences, result.differences.length);
  return [...lines, ...(more > 0 ? [paint.dim(`  … and ${count(more)} more; --json lists up to the job's verify.list`)] : [])];
}

const kindText: Readonly<Record<Difference["kind"], string>> = {
  missing: "missing",
  extra: "extra",
  different: "different",
  unsettled: "unsettled",
  "hidden-version": "old version",
  duplicate: "duplicate",
};

function nextAfterMigration(result: MigrationResult, { self, file, shownPath }: SummaryOptions): (readonly [string, string])[] {
  const certificate = result.verification?.certificate;
  return [
    ...(result.rejects === 0 ? [] : [[`${self} rejects list ${file}`, "what could not be carried over, and why"] as const]),
    ...(result.outcome === "complete" ? [[`${self} verify ${file}`, "compare both sides again, any time"] as const] : []),
    ...(certificate === undefined ? [] : [[`${self} certificate check ${shownPath(certificate)}`, "anybody can check it again"] as const]),
  ];
}

function nextLines(next: readonly (readonly [string, string])[], paint: Paint): string[] {
  if (next.length === 0) return [];
  const width = Math.max(...next.map(([command]) => command.length));
  return ["", "Next:", ...next.map(([command, gives]) => `  ${command.padEnd(width)}  ${paint.dim(gives)}`)];
}
