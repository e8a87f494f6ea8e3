import { TableferryError } from "../base/error.ts";
import type { RunRecord } from "./run-record.ts";

/** What is wanted now and what the two sides look like now. */
export interface Wanted {
  readonly job: string;
  readonly jobHash: string;
  readonly source: { readonly title: string; readonly incarnation: string };
  readonly target: { readonly title: string; readonly incarnation: string };
  /** Whether the specification asks for verification. */
  readonly verify: boolean;
  /** Whether a copy that is complete shall be made again, over what is there. */
  readonly again: boolean;
  /** Whether a verification that found differences counts as an end. */
  readonly differencesAreFine: boolean;
}

/**
 * `start`: from the beginning; `over` says that rows of an earlier run may be there. `resume`: from the checkpoints. `verify`: the copy
 * is complete, its proof is not. `nothing-to-do`: all of it is done.
 */
export type Decision =
  | { readonly kind: "start"; readonly over: boolean }
  | { readonly kind: "resume" }
  | { readonly kind: "verify" }
  | { readonly kind: "nothing-to-do" };

/**
 * What to do with what an earlier run left. Pure. A job that is another one (other source, target, mapping, part) starts anew; the
 * target then is not empty, and the policy for that decides.
 * @throws TF_INCARNATION when a side is not the one that the earlier run knew (R9): state never says "done" over a table made anew
 */
export function decide(record: RunRecord | undefined, wanted: Wanted): Decision {
  if (record === undefined) return { kind: "start", over: wanted.again };
  if (record.jobHash !== wanted.jobHash) return { kind: "start", over: wanted.again };
  const changed = changedSide(record, wanted);
  if (changed !== undefined) {
    if (wanted.again) return { kind: "start", over: true };
    throw new TableferryError("TF_INCARNATION", {
      message: `${changed} is not the one that job ${wanted.job} began with: it was deleted and made anew, or replaced`,
      place: changed,
      wayOut:
        "Run the job from the beginning: `tableferry migrate FILE --again` goes over what is there; after `tableferry forget FILE` the target must be empty.",
    });
  }
  if (record.stage === "copying" || (record.stage === "planned" && !wanted.again)) return { kind: "resume" };
  if (wanted.again) return { kind: "start", over: true };
  if (record.stage !== "done") return { kind: "verify" };
  const proof = record.verification;
  const proved = !wanted.verify || (proof !== undefined && (proof.equal || wanted.differencesAreFine));
  return { kind: proved ? "nothing-to-do" : "verify" };
}

/** The title of the first side whose incarnation changed. */
function changedSide(record: RunRecord, wanted: Wanted): string | undefined {
  if (record.source.incarnation !== wanted.source.incarnation) return wanted.source.title;
  const targetKnown = record.stage !== "planned";
  return targetKnown && record.target.incarnation !== wanted.target.incarnation ? wanted.target.title : undefined;
}
