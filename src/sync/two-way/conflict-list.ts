import { createHash } from "node:crypto";
import { keyTitle } from "../../connector/table-store/key-bounds.ts";
import { valueText } from "../../job/scalar.ts";
import { typeOf } from "../../model/value.ts";
import { changeEntry } from "../../pipeline/change-entry.ts";
import { readValue } from "../../pipeline/owned-entry.ts";
import { stateKeys } from "../../pipeline/state-keys.ts";
import type { StateStore } from "../../pipeline/state-store.ts";
import { parkedId } from "../apply/parked.ts";
import type { SourceKey } from "../apply/cell-plan.ts";
import type { Conflict, Contender } from "./decide.ts";

export interface ListedContender {
  readonly site: string;
  /** Milliseconds since 1970 by this site's clock. */
  readonly time: number;
  /** As text; `deleted`, or its type only where the job hides values. */
  readonly value: string;
}

/** A column that both sites changed, and what came of it. JSON-clean. */
export interface ListedConflict {
  readonly key: string;
  /** The source's name for it. */
  readonly column: string;
  /** The earlier change, and the later one. */
  readonly earlier: ListedContender;
  readonly later: ListedContender;
  readonly policy: Conflict["policy"];
  /** The site whose change holds; `both` where values were merged. */
  readonly winner: string;
}

export interface ConflictListOptions {
  readonly state: StateStore;
  readonly job: string;
  readonly token: string;
  readonly hideValues: boolean;
  /** Conflicts kept at most; the newest. */
  readonly most?: number | undefined;
}

const mostKept = 1000;
const valueLength = 200;
/** Between two looks for what is beyond the most, as part of it. */
const trimShare = 0.1;
const writesMax = 8;

/** The newest conflicts of a sync, by the time of the earlier change: one that is judged again after a crash stands in its own place. */
export class ConflictList {
  readonly #options: ConflictListOptions;
  #untrimmed = Infinity;

  constructor(options: ConflictListOptions) {
    this.#options = options;
  }

  /** @param found with the source's keys and column names */
  async add(found: readonly { readonly key: SourceKey; readonly conflict: Conflict }[]): Promise<void> {
    const { state, job, token, most = mostKept } = this.#options;
    const newest = found.toSorted((a, b) => b.conflict.loser.time - a.conflict.loser.time).slice(0, most);
    for (let from = 0; from < newest.length; from += writesMax)
      await Promise.all(
        newest.slice(from, from + writesMax).map(async ({ key, conflict }) => {
          const id = createHash("sha256")
            .update(`${parkedId(key)}/${conflict.column}`)
            .digest("hex")
            .slice(0, 16);
          const place = stateKeys.conflict(job, conflict.loser.time, id);
          await changeEntry<ListedConflict>(state, place, token, () => this.#listed(key, conflict));
        }),
      );
    this.#untrimmed += newest.length;
    if (newest.length > 0 && this.#untrimmed >= most * trimShare) await this.#trim(most);
  }

  #listed(key: SourceKey, { column, loser, winner, policy, decided }: Conflict): ListedConflict {
    return { key: keyTitle(key), column, earlier: this.#contender(loser), later: this.#contender(winner), policy, winner: decided };
  }

  #contender({ site, time, value }: Contender): ListedContender {
    const text = value === undefined ? "deleted" : this.#options.hideValues ? typeOf(value) : valueText(value, valueLength);
    return { site, time, value: text };
  }

  async #trim(most: number): Promise<void> {
    const { state, job } = this.#options;
    const places: string[] = [];
    for await (const [place] of state.scan(stateKeys.conflicts(job))) places.push(place);
    for (const place of places.slice(0, Math.max(0, places.length - most))) await state.remove(place);
    this.#untrimmed = 0;
  }
}

/** In the order of time; some more than are kept may stand there. @throws TF_STATE_CORRUPT */
export async function readConflicts(state: StateStore, job: string): Promise<readonly ListedConflict[]> {
  const listed: ListedConflict[] = [];
  for await (const [place, stored] of state.scan(stateKeys.conflicts(job))) listed.push(readValue<ListedConflict>(state, place, stored));
  return listed.slice(-mostKept);
}
