import type { Clock } from "../base/clock.ts";
import { ArrivalRate } from "./arrival-rate.ts";
import type { ChangePage } from "./channel.ts";

/** What became of a window of changes. */
export interface AppliedCounts {
  /** Changes read. */
  readonly changes: number;
  /** Changes that another one of the same key in the same window made needless. */
  readonly folded: number;
  readonly puts: number;
  readonly updates: number;
  readonly deletes: number;
  /** Changes of rows that the mapping leaves out. */
  readonly filtered: number;
  /** Changes put aside with their key (R6). */
  readonly parked: number;
  /** Two-way: changes that were the engine's own, and columns that both sites changed, by the policy that decided. */
  readonly echoes?: number | undefined;
  readonly conflicts?: ConflictCounts | undefined;
}

export type ConflictCounts = Readonly<Record<"last-writer" | "source" | "target" | "merge", number>>;

export const noConflicts: ConflictCounts = { "last-writer": 0, source: 0, target: 0, merge: 0 };

export const noCounts: AppliedCounts = { changes: 0, folded: 0, puts: 0, updates: 0, deletes: 0, filtered: 0, parked: 0 };

export function addCounts(a: AppliedCounts, b: AppliedCounts): AppliedCounts {
  return {
    changes: a.changes + b.changes,
    folded: a.folded + b.folded,
    puts: a.puts + b.puts,
    updates: a.updates + b.updates,
    deletes: a.deletes + b.deletes,
    filtered: a.filtered + b.filtered,
    parked: a.parked + b.parked,
    ...(a.echoes === undefined && b.echoes === undefined ? {} : { echoes: (a.echoes ?? 0) + (b.echoes ?? 0) }),
    ...(a.conflicts === undefined && b.conflicts === undefined ? {} : { conflicts: addConflicts(a.conflicts, b.conflicts) }),
  };
}

function addConflicts(a: ConflictCounts = noConflicts, b: ConflictCounts = noConflicts): ConflictCounts {
  return {
    "last-writer": a["last-writer"] + b["last-writer"],
    source: a.source + b.source,
    target: a.target + b.target,
    merge: a.merge + b.merge,
  };
}

/** How far one channel is, as people and cut-over ask. JSON-clean; times are wall clock, milliseconds. */
export interface ChannelState {
  readonly id: string;
  readonly kind: "base" | "stream";
  /** `waiting`: for what a predecessor sent to be over (R2). */
  readonly doing: "waiting" | "reading" | "applying" | "finished" | "paused";
  readonly counts: AppliedCounts;
  /** Commit time of the newest change applied; null before the first. */
  readonly appliedThrough: number | null;
  /** Commit time of the oldest change that was read and is not applied; null where there is none. */
  readonly oldestWaiting: number | null;
  /** Everything committed before this moment is applied; null until the channel was read to its end once. */
  readonly caughtUpAt: number | null;
  /** Changes committed a second at the source, over about the last minute that was read; null until enough was. */
  readonly arriving: number | null;
  /** When the position last moved, or the channel was last seen to have nothing. */
  readonly lastSign: number;
}

/** One channel's numbers while it is held. */
export class ChannelProgress {
  readonly #id: string;
  readonly #kind: "base" | "stream";
  readonly #clock: Clock;
  doing: ChannelState["doing"] = "waiting";
  #counts = noCounts;
  #appliedThrough: number | null = null;
  #oldestWaiting: number | null = null;
  #caughtUpAt: number | null = null;
  readonly #arrivals = new ArrivalRate();
  #lastSign: number;

  constructor(id: string, kind: "base" | "stream", clock: Clock) {
    this.#id = id;
    this.#kind = kind;
    this.#clock = clock;
    this.#lastSign = clock.now();
  }

  /** Pages were taken to be applied. */
  began(pages: readonly ChangePage[]): void {
    const first = pages.find((page) => page.changes.length > 0)?.changes[0]?.committedAt;
    if (first !== undefined) this.#oldestWaiting = Math.floor(first / 1000);
  }

  /** All of them are acknowledged. */
  applied(pages: readonly ChangePage[], counts: AppliedCounts): void {
    this.#counts = addCounts(this.#counts, counts);
    const newest = pages.findLast((page) => page.changes.length > 0)?.changes.at(-1)?.committedAt;
    if (newest !== undefined) this.#appliedThrough = Math.floor(newest / 1000);
    this.#oldestWaiting = null;
    const last = pages.at(-1)!;
    if (!last.more) this.#caughtUpAt = last.askedAt;
    const upTo = last.more ? this.#appliedThrough : last.askedAt;
    if (upTo !== null) this.#arrivals.passed(upTo, counts.changes);
    this.#lastSign = this.#clock.now();
  }

  get state(): ChannelState {
    return {
      id: this.#id,
      kind: this.#kind,
      doing: this.doing,
      counts: this.#counts,
      appliedThrough: this.#appliedThrough,
      oldestWaiting: this.#oldestWaiting,
      caughtUpAt: this.#caughtUpAt,
      arriving: this.#arrivals.perSecond,
      lastSign: this.#lastSign,
    };
  }
}
