import { RowRefused, type FlowRow, type Refusal } from "../../job/mapping.ts";
import type { SourceKey } from "./cell-plan.ts";
import { lone, type Folded } from "./fold.ts";
import type { LookedUp } from "./look-ups.ts";
import { conditionFailed, type Failed } from "./outbox.ts";
import { newestOf, type Refused } from "./parked.ts";
import type { Straight } from "./straight.ts";

/** What became of a window of changes. */
export interface Applied {
  readonly changes: number;
  /** Changes that others of their key, in this window, came after. */
  readonly folded: number;
  readonly puts: number;
  readonly updates: number;
  readonly deletes: number;
  /** Source rows that were read because their changes do not tell them. */
  readonly lookedUp: number;
  /** Changes of rows that the mapping or the job's range leaves out. */
  readonly filtered: number;
  /** Changes put aside, with those that joined others put aside before. */
  readonly parked: number;
  /** Cells left out because the target's time to live is over for them (R5). */
  readonly expiredCells: number;
  /** When the newest of them was committed, microseconds since 1970 by the source's clock. */
  readonly newest: number | undefined;
}

/** What is being found out of one window. */
export class Window {
  readonly #changes: number;
  readonly #straight: Straight;
  readonly #wanted: number;
  readonly #folded: readonly Folded[];
  /** Keys whose rows must be read. */
  readonly unread: Folded[] = [];
  puts: number;
  updates: number;
  deletes = 0;
  lookedUp = 0;
  filtered: number;
  parked = 0;
  expiredCells = 0;
  /** By source key: whatever else is refused of it changes nothing. */
  readonly #refused = new Map<string, Omit<Refused, "formerKeys"> & { readonly contested: boolean }>();

  /**
   * @param changes of the window in all
   * @param straight what was sent as it came
   * @param wanted of the others, those within the job's range
   */
  constructor(changes: number, straight: Straight, wanted: number, folded: readonly Folded[]) {
    this.#changes = changes;
    this.#straight = straight;
    this.#wanted = wanted;
    this.#folded = folded;
    this.puts = straight.puts;
    this.updates = straight.updates;
    this.filtered = straight.left.length - wanted;
    for (const { change, refusal } of straight.refused) this.#note(lone(change), refusal, undefined, false);
  }

  /** Maps one key; what the mapping refuses is noted. */
  refusing<T>(folded: Folded, row: FlowRow | undefined, map: () => T): T | "refused" {
    try {
      return map();
    } catch (error) {
      if (!(error instanceof RowRefused)) throw error;
      this.#note(folded, error.refusal, row, false);
      return "refused";
    }
  }

  fail({ owner, write, refusal }: Failed<LookedUp<Folded>>): void {
    this.#note(owner.item, refusal, owner.row, write.condition !== undefined && refusal.cause === conditionFailed);
  }

  /** Keys whose target row is another's; they are no more refused, so that they can be tried again. */
  takeContested(): Folded[] {
    const contested = [...this.#refused.values()].filter((one) => one.contested).map(({ folded }) => folded);
    for (const { id } of contested) this.#refused.delete(id);
    return contested;
  }

  refused(formerKeys: (refused: Omit<Refused, "formerKeys">) => readonly SourceKey[] | undefined): Refused[] {
    return [...this.#refused.values()].map(({ folded, refusal, row }) => ({
      folded,
      refusal,
      row,
      formerKeys: formerKeys({ folded, refusal, row }),
    }));
  }

  applied(): Applied {
    const { puts, updates, deletes, lookedUp, filtered, parked, expiredCells } = this;
    let { newest } = this.#straight;
    for (const one of this.#folded) {
      const of = newestOf(one);
      if (of !== undefined && !(newest !== undefined && newest >= of)) newest = of;
    }
    const folded = this.#wanted - this.#folded.length;
    return { changes: this.#changes, folded, puts, updates, deletes, lookedUp, filtered, parked, expiredCells, newest };
  }

  #note(folded: Folded, refusal: Refusal, row: FlowRow | undefined, contested: boolean): void {
    if (!this.#refused.has(folded.id)) this.#refused.set(folded.id, { folded, refusal, row, contested });
  }
}
