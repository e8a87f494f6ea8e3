import type { JobOwner, JobStatus } from "../../run/job-status.ts";
import type { Paint } from "../terminal.ts";
import { bytes, count, counted, duration } from "./amounts.ts";
import { facts } from "./grid.ts";
import { plainText } from "./plain-text.ts";
import { rejectTitle } from "./reject-text.ts";

export interface StatusOptions {
  readonly paint: Paint;
  readonly self: string;
  /** The job file as the user named it. */
  readonly file: string;
  /** Wall clock, milliseconds. */
  readonly now: number;
}

/** Where a job stands, in a word or two. */
export function stateText({ stage, owner }: JobStatus): string {
  if (owner?.condition === "alive")
    return stage === undefined || stage === "planned" ? "starting" : stage === "copying" ? "copying" : "verifying";
  if (stage === undefined) return "not begun";
  return { planned: "interrupted", copying: "interrupted", copied: "copied, not proved", settled: "copied, not proved", done: "complete" }[
    stage
  ];
}

/** One line of a list: job, state, rows, rejects, proof. */
export function statusRow(status: JobStatus): string[] {
  const { totals, verification } = status;
  return [
    status.job,
    stateText(status),
    totals === undefined ? "" : count(totals.rowsWritten),
    totals === undefined ? "" : count(totals.rejects),
    proofText(verification?.equal),
  ];
}

function proofText(equal: boolean | undefined): string {
  return equal === undefined ? "" : equal ? "equal" : "NOT equal";
}

export function statusLines(status: JobStatus, { paint, self, file, now }: StatusOptions): string[] {
  const { totals, verification, rejects, estimatedRows, splits = 0 } = status;
  const state = stateText(status);
  const whole = estimatedRows === undefined || state === "complete" ? "" : ` of ~${count(estimatedRows)}`;
  const pairs: (readonly [string, string | undefined])[] = [
    ["source", status.source],
    ["target", status.target],
    [
      "rows",
      totals === undefined
        ? undefined
        : `${count(totals.rowsRead)}${whole} read, ${count(totals.rowsWritten)} written, ${bytes(totals.bytesRead)}`,
    ],
    ["splits", totals === undefined ? undefined : `${totals.splitsDone} of ${splits} done`],
    ["filtered", totals === undefined || totals.filtered === 0 ? undefined : counted(totals.filtered, "row")],
    ["rejects", totals === undefined ? undefined : count(totals.rejects)],
    [
      "proof",
      verification === undefined
        ? undefined
        : `${proofText(verification.equal)}, ${verification.coverage.kind === "all" ? "all rows compared" : verification.coverage.text}`,
    ],
    ["begun", status.begun === undefined ? undefined : `${ago(now - status.begun)} (${new Date(status.begun).toISOString()})`],
    ["ended", status.ended === undefined ? undefined : ago(now - status.ended)],
    ["held by", status.owner === undefined ? undefined : ownerLine(status.owner, now)],
    ["state", status.state],
  ];
  const listed = rejects.slice(0, 5).map((reject, i) => `  ${i + 1}. ${rejectTitle(reject)}`);
  return [
    `${paint.bold(status.job)}: ${state}`,
    ...facts(
      pairs.map(([label, text]) => [label, text === undefined ? undefined : plainText(text)] as const),
      paint,
    ),
    ...(listed.length === 0 ? [] : ["", "First rejects:", ...listed]),
    ...nextOf(status, state, self, file),
  ];
}

function ownerLine({ title, condition, lastSignOfLife }: JobOwner, now: number): string {
  const words = { alive: "alive", silent: "silent: the next run may take over", dead: "dead: the next run takes over at once" };
  return `${title}, ${words[condition]}, last sign of life ${ago(now - lastSignOfLife)}`;
}

function ago(milliseconds: number): string {
  return `${duration(Math.max(0, milliseconds) / 1000)} ago`;
}

function nextOf(status: JobStatus, state: string, self: string, file: string): string[] {
  const next = [
    ...(state === "interrupted" || state === "not begun" || state === "copied, not proved" ? [`${self} migrate ${file}`] : []),
    ...((status.totals?.rejects ?? 0) > 0 ? [`${self} rejects list ${file}`] : []),
    ...(state === "complete" ? [`${self} verify ${file}`] : []),
  ];
  return next.length === 0 ? [] : ["", "Next:", ...next.map((command) => `  ${command}`)];
}
