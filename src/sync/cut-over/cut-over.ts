import type { Clock } from "../../base/clock.ts";
import { hasCode, TableferryError, toError } from "../../base/error.ts";
import { underSignals } from "../../base/under-signals.ts";
import { changeEntry } from "../../pipeline/change-entry.ts";
import { stateKeys } from "../../pipeline/state-keys.ts";
import type { StateStore } from "../../pipeline/state-store.ts";
import type { CutOverSpec } from "../../job/sync-spec.ts";
import { noCutOver, peekCutOver, type CutOverRecord, type CutOverStep, type Way } from "./cut-over-record.ts";

/** Keeps writers from a side, and lets them. Both are idempotent, and hold for every request that begins after they resolved. */
export interface WriterFence {
  close(side: "source" | "target"): Promise<void>;
  open(side: "source" | "target"): Promise<void>;
}

/** What a cut-over does to the syncs on either way; each may be repeated. */
export interface CutOverActs {
  /** Workers of the way in force tell their state several times a second, or no more. */
  eager(on: boolean): Promise<void>;
  /** Resolves once everything committed before the moment is applied by the way in force. */
  passed(momentMs: number, signal: AbortSignal): Promise<void>;
  /** What differs between both sides while nobody writes; empty: nothing. */
  prove(signal: AbortSignal): Promise<readonly string[]>;
  /** Workers of the way in force end what is under way and write no more. */
  handOver(signal: AbortSignal): Promise<void>;
  /** Undoes `handOver`: workers go on. */
  takeBack(): Promise<void>;
  /** The tunnel of the other way begins now, its first checkpoints are known. */
  turn(signal: AbortSignal): Promise<void>;
}

export interface CutOverInput {
  /** Of the way there; the record stands under it. */
  readonly job: string;
  readonly state: StateStore;
  readonly token: string;
  readonly spec: CutOverSpec;
  /**
   * Where writers are to go: `back` moves them to the target, so that the sync then goes the way back. The way in force while a cut-over is under way
   * takes that one back, or, past the hand-over, ends it all the same.
   */
  readonly to: Way;
  readonly fence: WriterFence;
  readonly acts: CutOverActs;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly note: (line: string) => void;
}

/** JSON-clean. */
export interface CutOverResult {
  readonly job: string;
  readonly outcome: "turned" | "nothing-to-do";
  readonly way: Way;
  /** Seconds in which neither side took writes. */
  readonly fenceSeconds: number;
  readonly turns: number;
}

/**
 * Moves writers from the side that is open to the other one, so that no acknowledged write is missing there (R12): close the open side; wait until what
 * was accepted before is over; let the sync apply everything; verify; let its workers end; make the tunnel of the way back; open the other side. Every step is a
 * stored fact and may be repeated: a run that was killed anywhere is simply run again. Whatever fails or takes longer than `maxFenceSeconds` before the
 * workers have handed over leads back: the side that was open is opened again.
 * @throws TF_CUT_OVER_RETREATED; after the hand-over, what kept it from its end: run again then
 */
export async function cutOver(input: CutOverInput): Promise<CutOverResult> {
  const { job, state, to } = input;
  const found = await peekCutOver(state, job);
  if (found.way === to && found.step === "idle")
    return { job, outcome: "nothing-to-do", way: to, fenceSeconds: found.fenceSeconds ?? 0, turns: found.turns };
  return await new Run(input, found).run();
}

class Run {
  readonly #input: CutOverInput;
  #record: CutOverRecord;

  constructor(input: CutOverInput, record: CutOverRecord) {
    this.#input = input;
    this.#record = record;
  }

  async run(): Promise<CutOverResult> {
    // `way` changes with the last step alone, so it names the side that is to be closed.
    const { acts, job, to } = this.#input;
    if (this.#record.step === "retreating") await this.#goBack();
    if (!this.#isDecided) {
      if (this.#record.way === to) {
        if (this.#record.step !== "idle") await this.#takeBack("it was asked for no longer");
        const { turns, fenceSeconds = 0 } = this.#record;
        return { job, outcome: "nothing-to-do", way: to, fenceSeconds, turns };
      }
      try {
        await this.#upToHandOver();
      } catch (error) {
        await this.#retreat(toError(error));
      }
    }
    await acts.turn(this.#input.signal);
    await this.#reach("turned");
    return await this.#openOther();
  }

  /** After the hand-over there is no way back but another cut-over. */
  get #isDecided(): boolean {
    return this.#record.step === "handed over" || this.#record.step === "turned";
  }

  get #open(): "source" | "target" {
    return this.#record.way === "forward" ? "source" : "target";
  }

  async #upToHandOver(): Promise<void> {
    const { acts, fence, clock, spec, note } = this.#input;
    await acts.eager(true);
    if (this.#record.step === "idle") {
      // Told before it is done: whoever finds this record after a kill knows that the side may be closed.
      await this.#reach("fencing", { fencedAt: clock.now(), retreat: undefined });
    }
    await this.#within(async (signal) => {
      if (this.#record.step === "fencing") {
        await fence.close(this.#open);
        note(`Writers are kept from the ${this.#open}.`);
        await clock.sleep(spec.writerDeadlineSeconds * 1000, signal);
        await this.#reach("fenced");
      }
      if (this.#record.step === "fenced") {
        await acts.passed(clock.now(), signal);
        await this.#reach("drained");
      }
      if (this.#record.step === "drained") {
        if (spec.finalVerification === "all") await this.#prove(signal);
        await this.#reach("proved");
      }
      await acts.handOver(signal);
      await this.#reach("handed over");
    });
  }

  async #prove(signal: AbortSignal): Promise<void> {
    const differences = await this.#input.acts.prove(signal);
    if (differences.length === 0) return;
    throw new TableferryError("TF_DIFFERENT", {
      message: `the two sides differ: ${differences.slice(0, 3).join("; ")}${differences.length > 3 ? " …" : ""}`,
      place: this.#input.job,
    });
  }

  /** Under the fence's longest time, counted from when it was closed first. */
  async #within(act: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const { clock, spec, signal } = this.#input;
    const late = () => new TableferryError("TF_TIMEOUT", { message: `writers would be kept out for more than ${spec.maxFenceSeconds} s` });
    const ms = this.#record.fencedAt! + spec.maxFenceSeconds * 1000 - clock.now();
    signal.throwIfAborted();
    if (ms <= 0) throw late();
    await underSignals([signal], act, { clock, ms, late });
  }

  /** Told first, so that it is finished by whoever comes next; and refused where another run has the cut-over in hand. */
  async #retreat(reason: Error): Promise<never> {
    if (hasCode(reason, "TF_FENCED")) throw reason;
    const text = reason instanceof TableferryError ? `${reason.code}: ${reason.sentence}` : reason.message;
    await this.#takeBack(text);
    throw new TableferryError("TF_CUT_OVER_RETREATED", {
      message: `writers go on with the ${this.#open}: ${text}`,
      place: this.#input.job,
      cause: reason,
    });
  }

  /** Writers go on where they were. Told first, so that it is finished by whoever comes next. */
  async #takeBack(retreat: string): Promise<void> {
    await this.#reach("retreating", { retreat });
    await this.#goBack();
  }

  async #goBack(): Promise<void> {
    const { acts, fence } = this.#input;
    // First the workers: the side that is opened again needs them.
    await acts.takeBack();
    await fence.open(this.#open);
    await acts.eager(false);
    await this.#reach("idle", { fencedAt: undefined });
  }

  async #openOther(): Promise<CutOverResult> {
    const { fence, clock, acts, job, note } = this.#input;
    const other = this.#open === "source" ? "target" : "source";
    await fence.open(other);
    const now = clock.now();
    const fenceSeconds = (now - this.#record.fencedAt!) / 1000;
    note(`Writers may go to the ${other}; for ${fenceSeconds.toFixed(1)} s neither side took writes.`);
    const way = this.#record.way === "forward" ? "back" : "forward";
    const turns = this.#record.turns + 1;
    await acts.eager(false);
    await this.#reach("idle", { way, turns, fenceSeconds, turnedAt: now, fencedAt: undefined });
    return { job, outcome: "turned", way, fenceSeconds, turns };
  }

  async #reach(step: CutOverStep, change: Partial<CutOverRecord> = {}): Promise<void> {
    const { state, job, token } = this.#input;
    const expected = JSON.stringify(this.#record);
    const next = await changeEntry<CutOverRecord>(state, stateKeys.cutOver(job), token, (stored = noCutOver) => {
      if (JSON.stringify(stored) !== expected) throw otherRun(job);
      return { ...stored, ...change, step };
    });
    this.#record = JSON.parse(JSON.stringify(next)) as CutOverRecord;
  }
}

function otherRun(job: string): TableferryError {
  return new TableferryError("TF_FENCED", { message: `another cut-over of ${job} is under way`, place: job });
}
