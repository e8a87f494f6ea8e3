import type { FlowRow, Refusal } from "../../job/mapping.ts";
import type { Found } from "../read-again.ts";
import { same, seen } from "../settle.ts";
import type { Suspect } from "../suspects.ts";
import type { RepairOutcome } from "./repair-input.ts";

/** Times that a row may change, or a write fail its condition or show no effect, before it is left to the sync. */
const FAILURES_MOST = 5;
/** Writes of one row: a row of 1,024 columns takes 103, and some may have to be done again. */
const WRITES_MOST = 200;

/** What one reading of a row found: the source, then the target that had caught up with it, then the source again. */
export interface Reading {
  readonly before: Found;
  readonly target: Found;
  readonly source: Found;
}

/** A row under repair. */
export class Patient {
  readonly key: string;
  readonly suspect: Suspect;
  outcome: RepairOutcome | undefined;
  text: string | undefined;
  /** Acknowledged writes. */
  writes = 0;
  failures = 0;
  /** Hash of the row that was put where there was none: if the source has lost it meanwhile, it is ours to take away. */
  put: string | undefined;
  /** What the last write met: nothing, until one was sent. */
  last: "acknowledged" | "failed" | undefined;
  /** The target as it was read before the last write. */
  #read = "";
  #reading = "";

  constructor(key: string, suspect: Suspect) {
    this.key = key;
    this.suspect = suspect;
  }

  /** Takes note of the target's row; true: the write that was acknowledged shows. */
  sees(target: Found): boolean {
    this.#reading = target.rows[0]?.reading ?? "";
    return this.last !== "acknowledged" || this.#reading !== this.#read;
  }

  /** @param refusal undefined: acknowledged */
  written(refusal: Refusal | undefined): void {
    this.#read = this.#reading;
    if (refusal === undefined) {
      this.last = "acknowledged";
      this.writes++;
    } else if (refusal.cause === "OTSConditionCheckFail") {
      this.last = "failed";
      this.failures++;
    } else {
      this.outcome = "refused";
      this.text = `${refusal.cause}: ${refusal.text}`;
    }
  }
}

export function newPatient(key: string, suspect: Pick<Suspect, "id" | "key" | "sources">): Patient {
  return new Patient(key, { ...suspect, rejected: 0, targetPlace: undefined, bytes: 0 });
}

/**
 * Decides by a reading whether a row needs a write; where not, it may have an outcome now, or has to be read again.
 * @param complete false: a source row that came to the key since it was found different is not seen
 */
export function judgeRepair(patient: Patient, { before, source, target }: Reading, complete: boolean): boolean {
  const shows = patient.sees(target);
  if (source.unsure === true || source.rejected > 0) return ends(patient, "explained");
  if (source.count > 1 || target.count > 1) return ends(patient, "duplicate");
  const alike = source.count === target.count && source.rows[0]?.hash === target.rows[0]?.hash;
  const steady = same(seen(before), seen(source));
  if (steady && source.count === 0 && source.refused > 0) return ends(patient, "explained");
  if (steady && alike) return ends(patient, rightNow(patient));
  if (steady && source.count === 0 && !complete) return ends(patient, "moved");
  if (steady && shows && patient.failures < FAILURES_MOST && patient.writes < WRITES_MOST) return true;
  patient.failures++;
  if (patient.failures >= FAILURES_MOST) return ends(patient, steady && !shows ? "without-effect" : "moved");
  return steady;
}

/** The rows of a reading, in the target's form. */
export function rowsOf({ source, target }: Reading): { readonly source: FlowRow | undefined; readonly target: FlowRow | undefined } {
  return { source: source.rows[0]?.row, target: target.rows[0]?.row };
}

function rightNow({ writes, last }: Patient): RepairOutcome {
  if (last === "failed") return "moved";
  return writes > 0 ? "repaired" : "alike";
}

function ends(patient: Patient, outcome: RepairOutcome): false {
  patient.outcome = outcome;
  return false;
}
