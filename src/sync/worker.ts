import type { Clock } from "../base/clock.ts";
import type { ErrorCode } from "../base/error-code.ts";
import { hasCode, toError } from "../base/error.ts";
import { OwnedEntry } from "../pipeline/owned-entry.ts";
import type { ProcessOwner } from "../pipeline/process-owner.ts";
import { stateKeys } from "../pipeline/state-keys.ts";
import type { StateStore } from "../pipeline/state-store.ts";
import type { Rates, Throttle } from "../pipeline/throttle.ts";
import { isTransient } from "../pipeline/transient.ts";
import type { HeldChannel, RunChannel } from "./channel.ts";
import { addCounts, noCounts, type AppliedCounts, type ChannelState } from "./channel-progress.ts";
import { ChannelRun, type ChannelParts } from "./channel-run.ts";
import { Drain, drainOrderOf } from "./drain.ts";
import { Pause, readControl } from "./sync-control.ts";
import { readWorkers, type WorkerRecord } from "./worker-record.ts";

/** A tunnel's session, see `tunnel/`. */
export interface Session {
  /** Runs until its signal is aborted and every channel is given back. */
  run(runChannel: RunChannel, signal: AbortSignal): Promise<void>;
}

export interface WorkerOptions {
  readonly job: string;
  /** Jobs whose control rows hold for it: its own, and that of the set it belongs to. */
  readonly controlledBy: readonly string[];
  readonly worker: string;
  readonly owner: ProcessOwner;
  readonly state: StateStore;
  readonly clock: Clock;
  readonly session: Session;
  /** Without `allowed`, which follows the control row. */
  readonly channels: Omit<ChannelParts, "allowed">;
  readonly throttle: Throttle;
  /** As specified; the control row may say otherwise. */
  readonly rates: Rates;
  readonly beatMs: number;
  /** Ends the worker: what is under way is finished, checkpointed and given back. */
  readonly signal: AbortSignal;
  readonly note: (line: string) => void;
  /** Channels of the tunnel that are not consumed to their end, whoever holds them. */
  readonly openChannels: () => Promise<readonly string[]>;
  /** Looked at once a beat; throwing stops the worker (a table made anew, changes about to expire). */
  readonly watch?: ((record: WorkerRecord) => Promise<void>) | undefined;
  readonly onBeat?: ((record: WorkerRecord) => void) | undefined;
}

/** `drained`: everything is applied, as was ordered; `handed over`: likewise, because writers are moved to the other side. */
export type WorkerEnd = "stopped" | "drained" | "handed over";

/** Milliseconds between beats while a cut-over waits for them. */
const eagerBeatMs = 200;

/**
 * One worker of a sync that is streaming: runs every channel the tunnel gives it, tells how far it is, and does what the control row says.
 * Several of them on one job share its channels.
 */
export class SyncWorker {
  readonly #options: WorkerOptions;
  readonly #pause = new Pause();
  readonly #runs = new Set<ChannelRun>();
  readonly #end = new AbortController();
  readonly #since: number;
  #past: AppliedCounts = noCounts;
  #drain: Drain | undefined;
  #outcome: WorkerEnd = "stopped";
  #handingOver = false;
  #eager = false;
  #failure: Error | undefined;
  #beatAt: number;
  #beatCount = 0;
  #entry: OwnedEntry<WorkerRecord> | undefined;

  constructor(options: WorkerOptions) {
    this.#options = options;
    this.#since = options.clock.now();
    this.#beatAt = options.clock.monotonic();
  }

  /** @throws what ends the job: TF_CHANGES_EXPIRED, TF_INCARNATION, …; errors of one channel only are tried again */
  async run(): Promise<WorkerEnd> {
    const { session, signal } = this.#options;
    const stop = () => this.#end.abort(signal.reason);
    if (signal.aborted) stop();
    signal.addEventListener("abort", stop, { once: true });
    const beats = new AbortController();
    const beating = this.#beat(beats.signal);
    try {
      await session.run(this.#runChannel, this.#end.signal);
      if (this.#failure !== undefined) throw this.#failure;
      return this.#outcome;
    } finally {
      signal.removeEventListener("abort", stop);
      beats.abort(new Error("the worker is over"));
      await beating;
      await this.#tell("ended").catch(() => undefined);
    }
  }

  readonly #runChannel: RunChannel = async (channel: HeldChannel) => {
    const run = new ChannelRun({ ...this.#options.channels, allowed: this.#pause.allowed }, channel);
    this.#runs.add(run);
    try {
      return await run.run();
    } catch (error) {
      if (endsJob(error)) this.#fail(toError(error));
      throw error;
    } finally {
      this.#runs.delete(run);
      this.#past = addCounts(this.#past, run.progress.state.counts);
    }
  };

  async #beat(signal: AbortSignal): Promise<void> {
    const { clock, beatMs } = this.#options;
    while (!signal.aborted) {
      try {
        await this.#obey();
        this.#drain?.look(this.#states);
        const record = await this.#tell(this.#doing);
        await this.#endDrained();
        await this.#options.watch?.(record);
      } catch (thrown) {
        const error = toError(thrown);
        if (isTransient(error))
          this.#options.note(`The worker could not tell its state (${error.message.split("\n")[0]}); it tries again.`);
        else this.#fail(error);
      }
      await clock.sleep(this.#eager ? eagerBeatMs : beatMs, signal).catch(() => undefined);
    }
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#end.abort(error);
  }

  async #obey(): Promise<void> {
    const { state, controlledBy, throttle, rates, clock } = this.#options;
    const controls = await Promise.all(controlledBy.map((job) => readControl(state, job)));
    this.#pause.set(controls.some(({ paused }) => paused));
    throttle.retune(controls.find((control) => control.rates !== undefined)?.rates ?? rates);
    this.#eager = controls.some(({ eager }) => eager === true);
    this.#handingOver = controls.some(({ handingOver }) => handingOver === true);
    const order = drainOrderOf(controls);
    if (order === undefined) this.#drain = undefined;
    else if (this.#drain?.order !== order) this.#drain = new Drain(order, clock.now());
  }

  /** Ends the worker once everything committed before the order to drain is applied, by whomever. */
  async #endDrained(): Promise<void> {
    const { state, job, openChannels } = this.#options;
    const drain = this.#drain;
    if (drain === undefined) return;
    const channels = await openChannels();
    if (!drain.isOver(channels, await readWorkers(state, job))) return;
    this.#outcome = this.#handingOver ? "handed over" : "drained";
    this.#end.abort(new Error("everything is applied"));
  }

  get #states(): ChannelState[] {
    return [...this.#runs].map((run) => run.progress.state);
  }

  get #doing(): WorkerRecord["doing"] {
    if (this.#pause.paused) return "paused";
    return this.#drain === undefined ? "streaming" : "draining";
  }

  async #tell(doing: WorkerRecord["doing"]): Promise<WorkerRecord> {
    const { state, job, worker, owner, clock, beatMs, onBeat } = this.#options;
    this.#entry ??= await OwnedEntry.take<WorkerRecord>(state, stateKeys.worker(job, worker), worker);
    const channels = this.#states;
    const counts = channels.reduce((sum, channel) => addCounts(sum, channel.counts), this.#past);
    const now = clock.monotonic();
    const seconds = (now - this.#beatAt) / 1000;
    const record: WorkerRecord = {
      worker,
      owner,
      since: this.#since,
      beat: clock.now(),
      beatMs,
      doing,
      counts,
      changesPerSecond: seconds > 0 ? Math.round((counts.changes - this.#beatCount) / seconds) : 0,
      drained: this.#drain?.record,
      channels: this.#pause.paused ? channels.map((channel) => ({ ...channel, doing: "paused" as const })) : channels,
    };
    this.#beatAt = now;
    this.#beatCount = counts.changes;
    await this.#entry.write(record);
    onBeat?.(record);
    return record;
  }
}

/** What no other worker would do better: the job stops until somebody decides. */
const endings: readonly ErrorCode[] = [
  "TF_CHANGES_EXPIRED",
  "TF_INCARNATION",
  "TF_SCHEMA_DRIFT",
  "TF_REJECTS",
  "TF_STATE_CORRUPT",
  "TF_INTERNAL",
];

function endsJob(error: unknown): boolean {
  return endings.some((code) => hasCode(error, code));
}
