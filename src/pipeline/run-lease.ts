import type { Chance } from "../base/chance.ts";
import type { Clock } from "../base/clock.ts";
import { TableferryError, toError } from "../base/error.ts";
import { SendTooLate, type Fence } from "./fence.ts";
import { readLease, type LeaseRecord } from "./lease-entry.ts";
import { ownerText, provablyDead, thisProcess, type ProcessOwner } from "./process-owner.ts";
import type { StateEntry, StateStore } from "./state-store.ts";

export interface LeaseOptions {
  readonly state: StateStore;
  /** `stateKeys.lease(job)`. */
  readonly key: string;
  readonly job: string;
  readonly clock: Clock;
  readonly chance: Chance;
  /** Milliseconds without a heartbeat after which another run may take over. */
  readonly leaseMs: number;
  /** Ends waiting for another run's lease. */
  readonly signal: AbortSignal;
  readonly note: (line: string) => void;
  /** This process, and how another one is judged dead; for tests. */
  readonly owner?: ProcessOwner | undefined;
  readonly isDead?: ((owner: ProcessOwner) => boolean) | undefined;
}

/** Renewals tried in a row before a late write gives up. */
const renewalsMax = 5;

/**
 * The hold of one run on its job (R2, R8). Renewed every sixth of its time by a compare-and-set on (token, seq).
 *
 * - *Nothing is sent late*: a write goes out only before last good heartbeat (its sending) + lease − request deadline, on whichever of
 *   the monotonic and the wall clock has gone further; a machine that slept has only the latter. Late, the lease is renewed first,
 *   and if that shows another token the run is over.
 * - *Take-over*: when token and seq stayed the same for the owner's lease time on our monotonic clock, from the end of the first
 *   look to the beginning of the last; at once when the owner gave it back or is provably dead. After waiting out a living owner, or
 *   one that left writes under way, the first write waits one of its request deadlines more.
 */
export class RunLease implements Fence {
  readonly token: string;
  readonly requestDeadlineMs: number;
  /** Aborted with TF_FENCED once another run holds the job. */
  readonly lost: AbortSignal;
  readonly #options: LeaseOptions;
  readonly #lost = new AbortController();
  readonly #since: number;
  readonly #firstWriteAt: number;
  #seq: number;
  #goodAt: number;
  #goodWallAt: number;
  #beating: Promise<void> | undefined;
  #failure: Error | undefined;
  #cancelTimer: () => void = () => undefined;
  #released = false;

  private constructor(options: LeaseOptions, token: string, taken: Taken) {
    this.#options = options;
    this.token = token;
    this.requestDeadlineMs = requestDeadlineOf(options.leaseMs);
    this.lost = this.#lost.signal;
    this.#seq = taken.seq;
    this.#since = taken.wallAt;
    this.#goodAt = taken.sentAt;
    this.#goodWallAt = taken.wallAt;
    this.#firstWriteAt = options.clock.monotonic() + taken.waitMs;
    this.#schedule();
  }

  /**
   * Takes the job, waiting out a silent owner.
   * @throws TF_RUN_HELD when its owner is alive; the signal's reason
   */
  static async acquire(options: LeaseOptions): Promise<RunLease> {
    const token = options.chance.id();
    const taken = await takeOver(options, token);
    return new RunLease(options, token, taken);
  }

  assertMaySend(): void {
    this.lost.throwIfAborted();
    const { clock } = this.#options;
    if (this.#released || clock.monotonic() < this.#firstWriteAt || this.#elapsed() > this.#sendMs) throw new SendTooLate();
  }

  async ready(signal?: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    this.lost.throwIfAborted();
    const wait = this.#firstWriteAt - clock.monotonic();
    if (wait > 0) await clock.sleep(wait, signal);
    for (let renewals = 0; this.#elapsed() > this.#sendMs; renewals++) {
      if (renewals === renewalsMax) throw this.#unrenewed();
      await this.#beat();
    }
    this.lost.throwIfAborted();
  }

  /** Renews now, and so proves that the job is still held. @throws TF_FENCED, or the code of what kept it from renewing */
  async confirm(): Promise<void> {
    const before = this.#seq;
    await this.#beat();
    if (this.#seq === before) throw this.#unrenewed();
  }

  /**
   * Gives the job back, so that the next run need not wait.
   * @param settled whether every write has been answered; else the next run waits one request deadline before its first
   */
  async release(settled: boolean): Promise<void> {
    this.#released = true;
    this.#cancelTimer();
    await this.#beating?.catch(() => undefined);
    if (this.lost.aborted) return;
    const { state, key } = this.#options;
    const next = {
      token: this.token,
      seq: this.#seq + 1,
      value: JSON.stringify({ ...this.#record(), owner: null, unsettled: settled ? undefined : true }),
    };
    await state.compareAndSet(key, { token: this.token, seq: this.#seq }, next);
  }

  get #sendMs(): number {
    return this.#options.leaseMs - this.requestDeadlineMs;
  }

  #elapsed(): number {
    const { clock } = this.#options;
    return Math.max(clock.monotonic() - this.#goodAt, clock.now() - this.#goodWallAt);
  }

  #schedule(): void {
    this.#cancelTimer = this.#options.clock.after(this.#options.leaseMs / 6, () => {
      void this.#beat()
        .catch(() => undefined)
        .then(() => {
          if (!this.#released && !this.lost.aborted) this.#schedule();
        });
    });
  }

  /** One heartbeat at a time; resolves also when it failed for now. @throws TF_FENCED when the job is lost */
  #beat(): Promise<void> {
    this.#beating ??= this.#renew().finally(() => (this.#beating = undefined));
    return this.#beating;
  }

  async #renew(): Promise<void> {
    const { state, key, clock } = this.#options;
    const sentAt = clock.monotonic();
    const wallAt = clock.now();
    const next: StateEntry = { token: this.token, seq: this.#seq + 1, value: JSON.stringify(this.#record()) };
    let mine: boolean;
    try {
      mine = await state.compareAndSet(key, { token: this.token, seq: this.#seq }, next);
    } catch (error) {
      // Not knowing is no loss yet. The same write is repeated, so it does not matter whether it was applied.
      this.#failure = toError(error);
      return;
    }
    if (!mine) {
      this.#lost.abort(fenced(this.#options.job, undefined));
      this.lost.throwIfAborted();
    }
    this.#seq = next.seq;
    this.#goodAt = sentAt;
    this.#goodWallAt = wallAt;
    this.#failure = undefined;
  }

  #record(): LeaseRecord {
    const { owner = thisProcess(), leaseMs, clock } = this.#options;
    return { owner, leaseMs, requestDeadlineMs: this.requestDeadlineMs, since: this.#since, beat: clock.now() };
  }

  #unrenewed(): TableferryError {
    return fenced(this.#options.job, this.#failure);
  }
}

/** A write must be over well before another run may take over, and slow services need some seconds: half the lease. */
function requestDeadlineOf(leaseMs: number): number {
  return leaseMs / 2;
}

function fenced(job: string, cause: Error | undefined): TableferryError {
  if (cause === undefined) return new TableferryError("TF_FENCED", { message: `another run has taken over job ${job}`, place: job });
  // An endpoint that does not answer is what the user can do something about.
  return new TableferryError(cause instanceof TableferryError ? cause.code : "TF_FENCED", {
    message: `the hold on job ${job} could not be renewed: ${cause.message.split("\n")[0]}`,
    place: job,
    wayOut: "Nothing was written after that. Check the state's endpoint and run the job again; it goes on from the last checkpoint.",
    cause,
  });
}

interface Taken {
  readonly seq: number;
  /** When the accepted write was sent, on both clocks. */
  readonly sentAt: number;
  readonly wallAt: number;
  /** Milliseconds to wait before the first write. */
  readonly waitMs: number;
}

/** What stood in the row when it was first seen so, and when that look ended. */
interface Observed {
  readonly entry: StateEntry;
  readonly at: number;
}

/** Changes of the row that show a living owner: the first one may be the last request of a dead one, come late. */
const signsOfLife = 2;

async function takeOver(options: LeaseOptions, token: string): Promise<Taken> {
  const { state, key, clock, signal, note, job } = options;
  let observed: Observed | undefined;
  let signs = 0;
  for (;;) {
    signal.throwIfAborted();
    const lookedAt = clock.monotonic();
    const entry = await state.get(key);
    const held = entry === undefined ? undefined : readLease(entry, `${state.title}, ${key}`);
    const waitMs = waitBefore(options, held, entry, observed, lookedAt);
    if (waitMs !== undefined) {
      const taken = await trySet(options, token, entry, waitMs);
      if (taken !== undefined) return taken;
      continue;
    }
    const owner = held!.owner!;
    if (observed === undefined)
      note(`Job ${job} is held by ${ownerText(owner)}; waiting up to ${Math.ceil(held!.leaseMs / 1000)} s for a sign of life.`);
    if (observed?.entry.token !== entry!.token || observed.entry.seq !== entry!.seq) {
      if (signs++ === signsOfLife) {
        throw new TableferryError("TF_RUN_HELD", {
          message: `job ${job} is being run by ${ownerText(owner)} since ${new Date(held!.since).toISOString()}`,
          place: state.title,
        });
      }
      observed = { entry: entry!, at: clock.monotonic() };
    }
    await clock.sleep(Math.max(50, Math.min(held!.leaseMs / 5, observed.at + held!.leaseMs - clock.monotonic())), signal);
  }
}

/** Undefined: not to be taken yet. Else the milliseconds that the first write must wait after taking it. */
function waitBefore(
  options: LeaseOptions,
  held: LeaseRecord | undefined,
  entry: StateEntry | undefined,
  observed: Observed | undefined,
  lookedAt: number,
): number | undefined {
  if (held === undefined) return 0;
  if (held.owner === null) return held.unsettled === true ? held.requestDeadlineMs : 0;
  if ((options.isDead ?? provablyDead)(held.owner)) return 0;
  const unchanged = observed !== undefined && observed.entry.token === entry!.token && observed.entry.seq === entry!.seq;
  return unchanged && lookedAt - observed.at >= held.leaseMs ? held.requestDeadlineMs : undefined;
}

/** Undefined: somebody else was faster. */
async function trySet(options: LeaseOptions, token: string, expected: StateEntry | undefined, waitMs: number): Promise<Taken | undefined> {
  const { state, key, clock, leaseMs, owner = thisProcess() } = options;
  const sentAt = clock.monotonic();
  const wallAt = clock.now();
  const seq = (expected?.seq ?? 0) + 1;
  const record: LeaseRecord = { owner, leaseMs, requestDeadlineMs: requestDeadlineOf(leaseMs), since: wallAt, beat: wallAt };
  return (await state.compareAndSet(key, expected, { token, seq, value: JSON.stringify(record) }))
    ? { seq, sentAt, wallAt, waitMs }
    : undefined;
}
