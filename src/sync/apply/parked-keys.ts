import type { Clock } from "../../base/clock.ts";
import { TableferryError } from "../../base/error.ts";
import { SendTooLate, type Fence } from "../../pipeline/fence.ts";
import { stateKeys } from "../../pipeline/state-keys.ts";
import type { StateEntry, StateStore } from "../../pipeline/state-store.ts";
import type { SourceKey } from "./cell-plan.ts";
import type { Folded } from "./fold.ts";
import { keyId } from "./key-id.ts";
import { copyOf, keyOf, parkedId, parkedOf, readParked, unparkedValue, withJoined, type Parked, type Refused } from "./parked.ts";

export interface ParkedKeysOptions {
  readonly state: StateStore;
  readonly job: string;
  /** Names this holder of the channel in the state store; never used twice. */
  readonly token: string;
  readonly mappingHash: string;
  readonly clock: Clock;
  /** The channel's: a holder that has lost it parks nothing that its successor does not know of (R2). */
  readonly fence: Fence;
  /** Keys that may be parked at once. */
  readonly most?: number | undefined;
}

const keysMax = 100_000;
/** State entries written at once. */
const writesMax = 8;
/** Times an entry is read and written again while others change it. */
const triesMax = 20;
/** Target keys that one parked row may have been left under; more are a row that changes its key without end. */
const formerKeysMax = 500;

/**
 * Source keys whose changes are put aside (R6): a refused change parks its key, later ones join it. Which keys are parked is read once,
 * when the channel is opened, after waiting out its predecessor; whether one still is, the state store decides at each joining.
 */
export class ParkedKeys {
  readonly #options: ParkedKeysOptions;
  readonly #ids: Set<string>;

  private constructor(options: ParkedKeysOptions, ids: Set<string>) {
    this.#options = options;
    this.#ids = ids;
  }

  /** @throws TF_REJECTS where too many keys are parked, TF_STATE_CORRUPT */
  static async open(options: ParkedKeysOptions): Promise<ParkedKeys> {
    const { state, job } = options;
    const parked = new ParkedKeys(options, new Set());
    for await (const [place, stored] of state.scan(stateKeys.parkedKeys(job))) {
      const entry = readParked(state, place, stored);
      if (entry !== undefined) parked.#remember(keyId(keyOf(entry.key)));
    }
    return parked;
  }

  /** Keys that are parked as far as is known here. */
  get size(): number {
    return this.#ids.size;
  }

  has(id: string): boolean {
    return this.#ids.has(id);
  }

  /**
   * Adds changes to a parked key. False: it was replayed meanwhile, so that they are to be applied.
   * @param formerKeys target keys the row had before these changes; undefined: not all are known
   */
  async join(folded: Folded, formerKeys: readonly SourceKey[] | undefined, signal?: AbortSignal): Promise<boolean> {
    const still = await this.#change(folded.change.key, signal, (parked) =>
      parked === undefined ? undefined : withJoined(parked, folded, formerKeys),
    );
    if (!still) this.#ids.delete(folded.id);
    return still;
  }

  /** Parks the keys of refused changes; resolves once all are stored (R6). @throws TF_REJECTS */
  async park(refused: readonly Refused[], signal?: AbortSignal): Promise<void> {
    for (let from = 0; from < refused.length; from += writesMax) {
      const settled = await Promise.allSettled(
        refused.slice(from, from + writesMax).map(async (one) => {
          const { state, mappingHash, clock } = this.#options;
          this.#remember(one.folded.id);
          await this.#change(one.folded.change.key, signal, (parked, stored) =>
            parked === undefined
              ? { ...parkedOf(one, mappingHash, clock.now()), copy: copyOf(state, one.folded.id, stored) }
              : withJoined(parked, one.folded, one.formerKeys),
          );
        }),
      );
      for (const one of settled) if (one.status === "rejected") throw one.reason;
    }
  }

  /** A parked row was carried over as it is now, by whoever holds its channel: nothing is put aside of it any more. */
  async release({ id, change }: Pick<Folded, "id" | "change">): Promise<void> {
    const { state, job, token } = this.#options;
    const place = stateKeys.parked(job, parkedId(change.key));
    const stored = await state.get(place);
    const parked = readParked(state, place, stored);
    // Where another process is faster it stays parked, and the next change tries again.
    const free =
      stored === undefined ||
      parked === undefined ||
      (await state.compareAndSet(place, stored, { token, seq: stored.seq + 1, value: unparkedValue(parked) }));
    if (free) this.#ids.delete(id);
  }

  #remember(id: string): void {
    this.#ids.add(id);
    const most = this.#options.most ?? keysMax;
    if (this.#ids.size <= most) return;
    throw new TableferryError("TF_REJECTS", {
      message: `more than ${most} rows of the source are put aside, each with all its changes`,
      place: stateKeys.parkedKeys(this.#options.job),
      wayOut: "Correct the rows or the mapping, then replay them: `tableferry rejects replay`.",
    });
  }

  async #change(
    key: SourceKey,
    signal: AbortSignal | undefined,
    next: (parked: Parked | undefined, stored: StateEntry | undefined) => Parked | undefined,
  ): Promise<boolean> {
    const { state, job, token } = this.#options;
    const made = await changeParked(state, stateKeys.parked(job, parkedId(key)), token, next, () => this.#mayWrite(signal));
    return made !== undefined;
  }

  async #mayWrite(signal: AbortSignal | undefined): Promise<void> {
    const { fence } = this.#options;
    for (let tries = 0; ; tries++) {
      signal?.throwIfAborted();
      await fence.ready(signal);
      try {
        return fence.assertMaySend();
      } catch (error) {
        if (!(error instanceof SendTooLate) || tries === triesMax) throw error;
      }
    }
  }
}

/**
 * Puts what `next` makes of an entry in its place, as often as others are faster; undefined where it makes nothing.
 * @param mayWrite asked before each writing
 */
export async function changeParked(
  state: StateStore,
  place: string,
  token: string,
  next: (parked: Parked | undefined, stored: StateEntry | undefined) => Parked | undefined,
  mayWrite: () => Promise<void> = () => Promise.resolve(),
): Promise<(StateEntry & { readonly parked: Parked }) | undefined> {
  for (let tries = 0; tries < triesMax; tries++) {
    const stored = await state.get(place);
    const parked = next(readParked(state, place, stored), stored);
    if (parked === undefined) return undefined;
    if ((parked.formerKeys?.length ?? 0) > formerKeysMax) throw keyWithoutEnd(parked.place);
    const entry: StateEntry = { token, seq: (stored?.seq ?? 0) + 1, value: JSON.stringify(parked) };
    await mayWrite();
    if (await state.compareAndSet(place, stored, entry)) return { ...entry, parked };
  }
  throw new TableferryError("TF_FENCED", { message: "another process keeps changing a row that is put aside", place });
}

function keyWithoutEnd(place: string): TableferryError {
  return new TableferryError("TF_REJECTS", {
    message: `a row that is put aside has had more than ${formerKeysMax} target keys since`,
    place,
    wayOut: "Correct the row or the mapping, then replay it: `tableferry rejects replay`.",
  });
}
