import type { Chance } from "../../base/chance.ts";
import type { Clock } from "../../base/clock.ts";
import { TableferryError } from "../../base/error.ts";
import { Gate } from "../../base/gate.ts";
import type { ChangeEncoder } from "../../connector/change.ts";
import { keyTitle } from "../../connector/table-store/key-bounds.ts";
import { RowRefused, type FlowRow, type Refusal } from "../../job/mapping.ts";
import type { Fence } from "../../pipeline/fence.ts";
import { originalOf } from "../../pipeline/rejects.ts";
import { stateKeys } from "../../pipeline/state-keys.ts";
import type { StateEntry, StateStore } from "../../pipeline/state-store.ts";
import { Throttle } from "../../pipeline/throttle.ts";
import { Writer } from "../../pipeline/writer.ts";
import type { SourceKey } from "./cell-plan.ts";
import { changeEncoderOf, type ChangeApplierOptions } from "./change-applier.ts";
import { assertLooksUp, keysBehind } from "./look-ups.ts";
import { ChangeMapper } from "./map-change.ts";
import { conditionFailed, Outbox } from "./outbox.ts";
import { keyOf, parkedId, readParked, unparkedValue, type Parked } from "./parked.ts";
import { changeParked } from "./parked-keys.ts";

export interface ReplayOptions extends Pick<
  ChangeApplierOptions,
  "mapping" | "scope" | "source" | "sourceKey" | "target" | "described" | "clock"
> {
  readonly state: StateStore;
  readonly job: string;
  readonly chance: Chance;
  readonly signal: AbortSignal;
  /** Milliseconds a write may take; then it has been given up. */
  readonly requestDeadlineMs: number;
  /** Milliseconds after which the service surely does nothing more of a request that was given up (R2). */
  readonly longestOperationMs: number;
}

/** JSON-clean. */
export interface ReplayResult {
  readonly replayed: number;
  /** Those that cannot be carried over still, and why. */
  readonly refused: readonly (Refusal & { readonly place: string })[];
  /** Those that another process is replaying. */
  readonly held: readonly string[];
}

type Outcome = { readonly kind: "replayed" | "held" | "not-parked" } | { readonly kind: "refused"; readonly refusal: Refusal };

/** Milliseconds in which a claim's writes must have been sent and answered. */
const claimMs = 60_000;
/** Times a row is read and written again because changes have joined it meanwhile. */
const roundsMax = 10;

/** Keys that are parked, in the order of their ids. @throws TF_STATE_CORRUPT */
export async function* listParked(state: StateStore, job: string): AsyncGenerator<Parked> {
  for await (const [place, stored] of state.scan(stateKeys.parkedKeys(job))) {
    const parked = readParked(state, place, stored);
    if (parked !== undefined) yield parked;
  }
}

/** What is put aside of one source row; undefined: nothing. */
export async function showParked(state: StateStore, job: string, key: SourceKey): Promise<Parked | undefined> {
  const place = stateKeys.parked(job, parkedId(key));
  return readParked(state, place, await state.get(place));
}

/**
 * Carries parked rows over as they are now: each is read from the source, mapped and written, never what was stored (R6), and is parked no
 * longer if nothing has joined it since. May run beside workers and other replays.
 * @param keys left out: all that are parked now
 * @throws as `Writer.write`; errors of the source and the state store; the signal's reason. What was replayed before stays so
 */
export async function replayParked(options: ReplayOptions, keys?: readonly SourceKey[]): Promise<ReplayResult> {
  assertLooksUp(options.source);
  const replay = new Replay(options, await changeEncoderOf(options.target, options.described.title));
  let replayed = 0;
  const refused: (Refusal & { place: string })[] = [];
  const held: string[] = [];
  const all: AsyncIterable<Pick<Parked, "id" | "place">> | Iterable<Pick<Parked, "id" | "place">> =
    keys === undefined ? listParked(options.state, options.job) : keys.map((key) => ({ id: parkedId(key), place: keyTitle(key) }));
  for await (const { id, place } of all) {
    options.signal.throwIfAborted();
    const outcome = await replay.run(id);
    if (outcome.kind === "replayed") replayed++;
    else if (outcome.kind === "refused") refused.push({ ...outcome.refusal, place });
    else if (outcome.kind === "held") held.push(place);
  }
  return { replayed, refused, held };
}

class Replay {
  readonly #options: ReplayOptions;
  readonly #encoder: ChangeEncoder;
  readonly #mapper: ChangeMapper;
  readonly #token: string;

  constructor(options: ReplayOptions, encoder: ChangeEncoder) {
    const { mapping, scope, sourceKey, described, chance } = options;
    this.#options = options;
    this.#encoder = encoder;
    this.#mapper = new ChangeMapper({ mapping, scope, sourceKey, wholeRows: !described.allowUpdate });
    this.#token = chance.id();
  }

  async run(id: string): Promise<Outcome> {
    const place = stateKeys.parked(this.#options.job, id);
    let claim = await this.#foreignClaim(place);
    for (let round = 0; round < roundsMax; round++) {
      const fence = new ClaimFence(this.#options);
      const claimed = await this.#claim(place, claim);
      if (claimed === "held" || claimed === "not-parked") return { kind: claimed };
      claim = claimed.parked.claim;
      const { row, refusal } = await this.#carryOver(place, claimed.parked, fence);
      if (refusal !== undefined) {
        await this.#release(place, claim, whyNow(refusal, row));
        return { kind: "refused", refusal };
      }
      // Every change that had joined before the claim was committed before the row was read.
      const unparked = { token: this.#token, seq: claimed.seq + 1, value: unparkedValue(claimed.parked) };
      if (await this.#options.state.compareAndSet(place, claimed, unparked)) return { kind: "replayed" };
    }
    await this.#release(place, claim);
    return { kind: "refused", refusal: { cause: "changing", text: "changes keep joining the row while it is replayed" } };
  }

  /** Whose claim stands there; where there is one, it has had its time by this process's clock. */
  async #foreignClaim(place: string): Promise<string | undefined> {
    const { state, clock, signal, longestOperationMs } = this.#options;
    const claim = readParked(state, place, await state.get(place))?.claim;
    if (claim !== undefined) await clock.sleep(claimMs + longestOperationMs, signal);
    return claim;
  }

  /** Takes the key for a while, if nobody has claimed it anew. @param over the claim that is over */
  async #claim(place: string, over: string | undefined): Promise<"held" | "not-parked" | (StateEntry & { readonly parked: Parked })> {
    const claim = this.#options.chance.id();
    let held = false;
    const made = await changeParked(this.#options.state, place, this.#token, (parked) => {
      held = parked !== undefined && parked.claim !== over;
      return parked === undefined || held ? undefined : { ...parked, claim };
    });
    return made ?? (held ? "held" : "not-parked");
  }

  async #release(place: string, claim: string | undefined, more: Partial<Parked> = {}): Promise<void> {
    await changeParked(this.#options.state, place, this.#token, (parked) =>
      parked?.claim === claim ? parked && { ...parked, ...more, claim: undefined } : undefined,
    );
  }

  /** Reads the row, maps it and writes; what was refused, or nothing. */
  async #carryOver(
    place: string,
    parked: Parked,
    fence: ClaimFence,
  ): Promise<{ readonly row: FlowRow | undefined; readonly refusal?: Refusal | undefined }> {
    const { source, target, scope, signal } = this.#options;
    if (parked.formerKeys === null) return { row: undefined, refusal: formerKeysLost };
    const key = keyOf(parked.key);
    const former = parked.formerKeys.map(keyOf);
    const { keys } = this.#mapper;
    const read = async () =>
      [
        await source.lookUp!([key.map(({ value }) => value)], scope, signal),
        keys.kind === "prefix" && !keys.single ? await keysBehind(target.reader(), [key], signal) : [],
      ] as const;
    // Nothing was sent: whoever tries next need not wait.
    const [[row], [found]] = await read().catch(async (error: unknown) => {
      await this.#release(place, parked.claim);
      throw error;
    });
    for (let attempt = 0; ; attempt++) {
      const box = new Outbox<undefined>(true);
      try {
        box.add(undefined, this.#mapper.fromRow(key, row, former, found ?? [], attempt));
      } catch (error) {
        if (error instanceof RowRefused) return { row, refusal: error.refusal };
        throw error;
      }
      const refusal = await this.#write(box, fence);
      if (refusal?.cause !== conditionFailed || attempt === 1) return { row, refusal };
    }
  }

  async #write(box: Outbox<undefined>, fence: ClaimFence): Promise<Refusal | undefined> {
    if (box.isEmpty) return undefined;
    const { target, clock, chance, signal, requestDeadlineMs, longestOperationMs } = this.#options;
    const writer = new Writer({ target, fence, clock, chance, signal, slots: new Gate(2), throttle: new Throttle(clock, {}) });
    const { failed } = await box.send(this.#encoder, writer);
    // A request without an answer may take effect late: until then the key takes no further change (R2).
    if (!writer.settled) await clock.sleep(requestDeadlineMs + longestOperationMs, signal);
    return failed[0]?.refusal;
  }
}

/** Nothing is sent for a claim that another process may take over. */
class ClaimFence implements Fence {
  readonly requestDeadlineMs: number;
  readonly #clock: Clock;
  readonly #until: number;

  /** Made before the claim is stored. */
  constructor({ clock, requestDeadlineMs }: ReplayOptions) {
    this.#clock = clock;
    this.requestDeadlineMs = requestDeadlineMs;
    this.#until = clock.monotonic() + claimMs - requestDeadlineMs;
  }

  ready(): Promise<void> {
    return this.#clock.monotonic() < this.#until ? Promise.resolve() : Promise.reject(tooLate());
  }

  assertMaySend(): void {
    if (this.#clock.monotonic() >= this.#until) throw tooLate();
  }
}

function tooLate(): TableferryError {
  return new TableferryError("TF_FENCED", {
    message: "replaying a row took so long that another process may have taken it over",
    wayOut: "Replay again; what was replayed before stays so.",
  });
}

const formerKeysLost: Refusal = {
  cause: "no-old-image",
  text: "old values are missing from which the row's former target keys could be told; copy the table once more",
};

function whyNow(refusal: Refusal, row: FlowRow | undefined): Partial<Parked> {
  return { cause: refusal.cause, text: refusal.text, column: refusal.column, ...(row === undefined ? {} : originalOf(row)) };
}
