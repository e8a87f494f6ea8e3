import { TableferryError } from "../base/error.ts";
import type { VerificationResult } from "../job/result.ts";
import type { CopyTotals } from "../pipeline/checkpoint.ts";
import type { Reject } from "../pipeline/rejects.ts";

/** Rejects and differences shown in messages. */
export const shownMax = 5;

/** A migration whose two sides turned out different, with what the verification found. */
export class DifferentError extends TableferryError {
  readonly verification: VerificationResult;

  constructor(verification: VerificationResult) {
    const { differenceCount, differences, unsettled } = verification;
    const rows = differenceCount === 1 ? "1 row differs" : `${differenceCount} rows differ`;
    const shown = differences
      .slice(0, shownMax)
      .map(
        ({ kind, key, columns }) =>
          `\n  ${kind}: ${key}${columns.length === 0 ? "" : ` in ${columns.map((column) => column.name).join(", ")}`}`,
      );
    const more = differenceCount > shown.length ? `\n  … and ${differenceCount - shown.length} more` : "";
    const unsure = unsettled > 0 ? `; ${unsettled} kept changing and could not be settled` : "";
    super("TF_DIFFERENT", {
      message: `${rows} between source and target${unsure}${shown.join("")}${more}`,
      place: verification.job,
      wayOut:
        "Correct the cause and run again: the copy is complete, so only the proof is repeated. `tableferry migrate FILE --again` copies once more over what is there.",
    });
    this.verification = verification;
  }
}

/** @param early the copy was ended before it had read everything */
export function rejectsError(count: number, allowed: number, first: readonly Reject[], keptIn: string, early: boolean): TableferryError {
  const rows = count === 1 ? "1 row was" : `${count} rows were`;
  const shown = first.slice(0, shownMax).map((reject) => `\n  ${whereIs(reject)}: ${reject.text} [${reject.cause}]`);
  const more = count > shown.length ? `\n  … and ${count - shown.length} more` : "";
  return new TableferryError("TF_REJECTS", {
    message: `${rows} rejected${early ? " so far" : ""}, ${allowed} allowed${shown.join("")}${more}`,
    place: keptIn,
    wayOut: "Correct the rows or the mapping and run again, or raise `rejects.allowed`. The rejected rows are kept in the job's state.",
  });
}

/** A rejected row's key, as `tableferry explain` takes it, or where it stands in its file. */
function whereIs({ place, original }: Reject): string {
  if (typeof original === "string" || original.key.length === 0) return place;
  return original.key
    .map(([name, value]) => `${name}=${typeof value === "object" ? Object.values(value).join("") : String(value)}`)
    .join(",");
}

/** The user's stop, as an error that says where the job stands. */
export function stoppedError(job: string, totals: CopyTotals | undefined, splits: number, during: string): TableferryError {
  const where =
    totals === undefined
      ? "before its first row"
      : `${totals.splitsDone} of ${splits} splits done, ${totals.rowsRead} rows read, ${totals.rowsWritten} acknowledged`;
  return new TableferryError("TF_STOPPED", {
    message: `job ${job} was stopped ${during}: ${where}`,
    place: `job ${job}`,
    wayOut: "Run the same job again; it goes on from there.",
  });
}

/** An end that left writes under way: the next run must wait for them. */
export class UnsettledEnd extends Error {
  constructor(cause: unknown) {
    super("writes were under way", { cause });
    this.name = "UnsettledEnd";
  }
}
