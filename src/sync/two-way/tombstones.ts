import type { Clock } from "../../base/clock.ts";
import { changeEntry } from "../../pipeline/change-entry.ts";
import { readValue } from "../../pipeline/owned-entry.ts";
import { stateKeys } from "../../pipeline/state-keys.ts";
import type { StateStore } from "../../pipeline/state-store.ts";
import { parkedId } from "../apply/parked.ts";
import type { SourceKey } from "../apply/cell-plan.ts";
import { noDeaths, sameDeaths, type Death, type Deaths } from "./deaths.ts";

/** What a site has deleted of one row, as it is stored. */
interface Tombstone {
  readonly row?: Death | undefined;
  readonly columns: readonly (readonly [column: string, death: Death])[];
  /** Wall clock of whoever wrote it last, milliseconds. */
  readonly at: number;
}

export interface TombstonesOptions {
  readonly state: StateStore;
  readonly job: string;
  /** Names this holder of the channel in the state store. */
  readonly token: string;
  readonly clock: Clock;
  /** Milliseconds for which they are kept: longer than any change may take to come. */
  readonly keepMs: number;
}

/** Between two rounds of removing what is over. */
const sweepMs = 3_600_000;

/** The deletions of both sites (R4), each row's and site's by itself: only the direction that comes from a site writes that site's. */
export class Tombstones {
  readonly #options: TombstonesOptions;
  #sweptAt: number | undefined;

  constructor(options: TombstonesOptions) {
    this.#options = options;
  }

  /** @param key of the source's side. @throws TF_STATE_CORRUPT */
  async read(site: string, key: SourceKey): Promise<Deaths> {
    const { state, job } = this.#options;
    const place = stateKeys.tombstone(job, site, parkedId(key));
    const stored = await state.get(place);
    return stored === undefined ? noDeaths : deathsOf(readValue<Tombstone>(state, place, stored));
  }

  /** Resolves once it is stored; nothing is written where nothing changes. */
  async change(site: string, key: SourceKey, change: (now: Deaths) => Deaths): Promise<Deaths> {
    const { state, job, token, clock } = this.#options;
    let deaths = noDeaths;
    await changeEntry<Tombstone>(state, stateKeys.tombstone(job, site, parkedId(key)), token, (stored) => {
      const now = stored === undefined ? noDeaths : deathsOf(stored);
      deaths = change(now);
      return sameDeaths(now, deaths) ? undefined : { row: deaths.row, columns: [...deaths.columns], at: clock.now() };
    });
    return deaths;
  }

  /** Removes, once an hour, those of a site that no change can meet any more. */
  async sweep(site: string, signal: AbortSignal): Promise<void> {
    const { state, job, clock, keepMs } = this.#options;
    if (this.#sweptAt !== undefined && clock.monotonic() - this.#sweptAt < sweepMs) return;
    this.#sweptAt = clock.monotonic();
    for await (const [place, stored] of state.scan(stateKeys.tombstones(job, site))) {
      signal.throwIfAborted();
      if (readValue<Tombstone>(state, place, stored).at < clock.now() - keepMs) await state.remove(place);
    }
  }
}

function deathsOf({ row, columns }: Tombstone): Deaths {
  return { row, columns: new Map(columns) };
}
