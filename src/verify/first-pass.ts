import { hash } from "node:crypto";
import { canonicalJson } from "../base/canonical-json.ts";
import { TableferryError, toError } from "../base/error.ts";
import type { ScanScope, Source } from "../connector/connector.ts";
import type { ProgressMeter } from "../pipeline/progress-meter.ts";
import { VerificationCheckpoints, type SavedVerification } from "./checkpoint.ts";
import { lookUpPass } from "./look-up-pass.ts";
import { readSplits, type SplitProgress } from "./read-splits.ts";
import { digestPass, emptySide, type SideDigest } from "./side-digest.ts";
import { withoutExpiringCells, type Sides } from "./sides.ts";
import type { VerificationInput } from "./verification-input.ts";

/** Both sides folded into digests. */
export interface FirstPass {
  readonly source: SideDigest;
  readonly target: SideDigest;
  readonly sourceScope: ScanScope;
  readonly targetScope: ScanScope;
  /** Wall clock when the first row was read, also by an earlier run. */
  readonly begun: number;
  readonly resumed: boolean;
  readonly checkpoints: VerificationCheckpoints | undefined;
  /** Keeps what was read, for another run to go on with. False: there is no place for it. */
  readonly save: () => Promise<boolean>;
}

const PIECES_A_WORKER = 4;

/**
 * Reads both sides once, in parallel, or goes on where an interrupted verification stood.
 * @throws TF_STOPPED when the signal aborts, after what was read has been saved
 */
export async function firstPass(input: VerificationInput, sides: Sides, workers: number, meter: ProgressMeter): Promise<FirstPass> {
  const { context, state } = input;
  const { coverage } = sides;
  const now = context.clock.now();
  const checkpoints = state === undefined ? undefined : new VerificationCheckpoints(state, identityOf(input, sides));
  const saved = await checkpoints?.load(now - (state?.maxAgeSeconds ?? 3600) * 1000);
  if (saved !== undefined) context.note(`goes on with the verification begun at ${new Date(saved.begun).toISOString()}`);
  const begun = saved?.begun ?? now;
  const sourceScope = withoutExpiringCells(coverage.sourceScope, sides, begun);
  const targetScope = withoutExpiringCells(coverage.targetScope, sides, begun);
  const pieces = workers * PIECES_A_WORKER;
  const source = saved?.source ?? emptySide(await cut(input.source, pieces, sourceScope, context.signal));
  const target = saved?.target ?? emptySide(coverage.mode === "scan" ? await cut(input.target, pieces, targetScope, context.signal) : []);
  const saver = new Saver(input, checkpoints, { begun, source, target });
  const pass: FirstPass = {
    source,
    target,
    sourceScope,
    targetScope,
    begun,
    resumed: saved !== undefined,
    checkpoints,
    save: () => saver.finish(),
  };
  startMeter(meter, sides, pass);
  await read(input, sides, pass, { workers, meter, saver });
  return pass;
}

interface Readers {
  readonly workers: number;
  readonly meter: ProgressMeter;
  readonly saver: Saver;
}

async function read(input: VerificationInput, sides: Sides, pass: FirstPass, { workers, meter, saver }: Readers): Promise<void> {
  const { context } = input;
  const { source, target } = pass;
  const bySource = {
    source: input.source,
    target: input.target,
    mapping: input.mapping,
    sourceScope: pass.sourceScope,
    targetScope: pass.targetScope,
  };
  const passes =
    sides.coverage.mode === "scan"
      ? [digestPass(input.source, pass.sourceScope, input.mapping, source), digestPass(input.target, pass.targetScope, undefined, target)]
      : [lookUpPass(bySource, source, target)];
  const splits = [...source.splits, ...target.splits];
  try {
    await readSplits(passes, {
      workers,
      throttle: input.throttle,
      signal: context.signal,
      onBatch: (batch) => {
        input.fault?.("verify");
        meter.counters.rowsRead += batch.rows;
        meter.counters.bytesRead += batch.bytes;
        meter.counters.splitsDone = splits.filter(({ done }) => done).length;
        saver.tick();
      },
    });
    meter.counters.splitsDone = splits.length;
    await saver.settle();
  } catch (error) {
    const kept = await saver.finish();
    throw stopped(error, input, `${source.digest.rows + target.digest.rows} rows were read${kept ? " and need not be read again" : ""}`);
  }
}

/** The reason itself where it is an error of its own (a lease that was lost), else TF_STOPPED. */
export function stopped(error: unknown, input: Pick<VerificationInput, "context" | "job">, stand: string): unknown {
  const { signal } = input.context;
  if (!signal.aborted || signal.reason instanceof TableferryError) return error;
  return new TableferryError("TF_STOPPED", {
    message: `the verification of ${input.job} was stopped: ${stand}`,
    wayOut: "Run it again to go on.",
    cause: error,
  });
}

async function cut(side: Source, wanted: number, scope: ScanScope, signal: AbortSignal): Promise<SplitProgress[]> {
  return (await side.split(wanted, scope, signal)).map((split) => ({ split, position: undefined, done: false }));
}

function startMeter(meter: ProgressMeter, { source, target, coverage }: Sides, pass: FirstPass): void {
  const splits = [...pass.source.splits, ...pass.target.splits];
  const tallies = [pass.source.tally, pass.target.tally];
  meter.splits = splits.length;
  if (coverage.kind === "all" && source.estimatedRows !== undefined && target.estimatedRows !== undefined)
    meter.estimatedRows = source.estimatedRows + target.estimatedRows;
  meter.resume({
    rowsRead: tallies.reduce((sum, { rowsRead }) => sum + rowsRead, 0),
    rowsWritten: 0,
    bytesRead: tallies.reduce((sum, { bytesRead }) => sum + bytesRead, 0),
    rejects: 0,
    splitsDone: splits.filter(({ done }) => done).length,
  });
  meter.enter("verify");
}

/** What is compared with what: progress saved under another identity is of no use. */
export function identityOf(input: VerificationInput, { source, target, coverage, key }: Sides): string {
  const meaning = {
    format: 1,
    job: input.job,
    source: source.incarnation,
    target: target.incarnation,
    mapping: input.mapping?.hash,
    mode: coverage.mode,
    scopes: [coverage.sourceScope, coverage.targetScope].map((scope) => JSON.stringify(scope, plain)),
    key,
    after: input.state?.after,
  };
  return hash("sha256", canonicalJson(meaning));
}

/** Bounds and filters in JSON: what it cannot say becomes text that says the type. */
function plain(_name: string, value: unknown): unknown {
  if (typeof value === "bigint") return `integer ${value}`;
  if (typeof value === "symbol") return `symbol ${value.description}`;
  return value instanceof Uint8Array ? `binary ${Buffer.from(value).toString("hex")}` : value;
}

/** Saves now and then without holding up the readers, one save at a time. A save that fails is told, never the end of a verification. */
class Saver {
  readonly #input: VerificationInput;
  readonly #checkpoints: VerificationCheckpoints | undefined;
  readonly #pass: Pick<SavedVerification, "begun" | "source" | "target">;
  #saving: Promise<void> | undefined;
  #last: number;
  #saves = 0;
  #useless: boolean;

  constructor(
    input: VerificationInput,
    checkpoints: VerificationCheckpoints | undefined,
    pass: Pick<SavedVerification, "begun" | "source" | "target">,
  ) {
    this.#input = input;
    this.#checkpoints = checkpoints;
    this.#pass = pass;
    this.#useless = checkpoints === undefined;
    this.#last = input.context.clock.monotonic();
  }

  tick(): void {
    const every = (this.#input.state?.everySeconds ?? 15) * 1000;
    if (this.#useless || this.#saving !== undefined || this.#input.context.clock.monotonic() - this.#last < every) return;
    this.#saving = this.#save().finally(() => {
      this.#saving = undefined;
    });
  }

  /** At the end of the pass: what took long enough to have been saved before is saved whole. */
  async settle(): Promise<void> {
    await this.#saving;
    if (this.#saves > 0) await this.#save();
  }

  async finish(): Promise<boolean> {
    await this.#saving;
    await this.#save();
    return !this.#useless;
  }

  async #save(): Promise<void> {
    const { clock, note } = this.#input.context;
    if (this.#checkpoints === undefined || this.#useless) return;
    this.#last = clock.monotonic();
    this.#saves++;
    try {
      this.#useless = !(await this.#checkpoints.save({ ...this.#pass, saved: clock.now() }));
      if (this.#useless) note("another run of this verification keeps its progress in the same place; this one goes on without");
    } catch (error) {
      this.#useless = true;
      note(`progress of the verification cannot be kept: ${toError(error).message}`);
    }
  }
}
