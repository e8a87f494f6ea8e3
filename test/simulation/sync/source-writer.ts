import type { Chance } from "../../../src/base/chance.ts";
import type { Cell, Row, UpdateCell } from "../../../src/model/row.ts";
import type { Value } from "../../../src/model/value.ts";
import type { EventClock } from "./event-clock.ts";
import type { SimulatedServer } from "./simulated-server.ts";

export const SOURCE = "source";

/** The source row of a key after one of its writes; writes are numbered over all keys. */
export interface SourceState {
  readonly number: number;
  readonly deleted: boolean;
  readonly row: Row | undefined;
}

export interface WriterTerms {
  readonly keys: number;
  /** Whether single versions are deleted, which is nothing that a record could tell the outcome of. */
  readonly deletesVersions: boolean;
}

/**
 * Somebody who writes to the source, and remembers what it was after each write that was acknowledged or, where the answer was lost with the server's power,
 * turned out to be there.
 */
export class SourceWriter {
  /** Share of written rows that some mappings refuse. */
  badShare = 0;
  /** By key, oldest first. */
  readonly states = new Map<string, SourceState[]>();
  readonly #server: SimulatedServer;
  readonly #time: EventClock;
  readonly #chance: Chance;
  readonly #terms: WriterTerms;
  #number = 0;
  #last: Promise<void> = Promise.resolve();
  #left = 0;

  constructor(server: SimulatedServer, time: EventClock, chance: Chance, terms: WriterTerms) {
    this.#server = server;
    this.#time = time;
    this.#chance = chance;
    this.#terms = terms;
  }

  /** Writes that have not come to an end. */
  get left(): number {
    return this.#left;
  }

  /** Of the newest write. */
  get number(): number {
    return this.#number;
  }

  /** One write, some time from now, after those before it. */
  schedule(ms: number): void {
    this.#left++;
    this.#time.after(ms, () => {
      this.#last = this.#last.then(() => this.write()).finally(() => this.#left--);
    });
  }

  current(pk: string): SourceState | undefined {
    return this.states.get(pk)?.at(-1);
  }

  async write(): Promise<void> {
    const pk = `k${String(this.#pick(this.#terms.keys)).padStart(2, "0")}`;
    const before = this.current(pk)?.row;
    const number = ++this.#number;
    const { caller } = this.#server;
    const what = this.#chance.next();
    const deleted = what < 0.2;
    try {
      if (deleted) await caller.delete(SOURCE, { pk });
      else if (what < 0.55) await caller.put(SOURCE, { pk }, Object.fromEntries(this.#put(number)));
      else await caller.update(SOURCE, { pk }, this.#update(number, before));
    } catch {
      if (!(await this.#turnedOut(pk, number, deleted, before))) return;
    }
    const states = this.states.get(pk) ?? [];
    states.push({ number, deleted, row: await this.#read(pk) });
    this.states.set(pk, states);
  }

  async #turnedOut(pk: string, number: number, deleted: boolean, before: Row | undefined): Promise<boolean> {
    while (!this.#server.isUp) await this.#time.sleep(20);
    const now = await this.#read(pk);
    if (deleted) return now === undefined && before !== undefined;
    return now?.cells.some(({ name, value }) => name === "n" && value === BigInt(number)) === true;
  }

  async #read(pk: string): Promise<Row | undefined> {
    return (await this.#server.rows(SOURCE, pk, `${pk}\0`))[0];
  }

  #put(number: number): [string, Value][] {
    const cells: [string, Value][] = [["n", BigInt(number)]];
    for (const name of columns) if (this.#chance.next() < 0.6) cells.push([name, this.#value(name)]);
    return cells;
  }

  #update(number: number, before: Row | undefined): UpdateCell[] {
    const cells: UpdateCell[] = [{ op: "put", name: "n", value: BigInt(number) }];
    for (const name of columns) {
      const what = this.#chance.next();
      if (what < 0.35) cells.push({ op: "put", name, value: this.#value(name) });
      else if (what < 0.45) cells.push({ op: "deleteAll", name });
      else if (what < 0.53 && this.#terms.deletesVersions)
        cells.push(...this.#deleteOne(before?.cells.filter((cell) => cell.name === name) ?? []));
    }
    return cells;
  }

  #deleteOne(versions: readonly Cell[]): UpdateCell[] {
    const version = versions[this.#pick(versions.length)];
    return version === undefined ? [] : [{ op: "deleteOne", name: version.name, timestamp: version.timestamp }];
  }

  #value(name: (typeof columns)[number]): Value {
    switch (name) {
      case "a":
        return `a${this.#pick(1000)}`;
      case "b":
        return BigInt(this.#pick(1000));
      case "f":
        return BigInt(this.#pick(3));
      case "g":
        return `g${this.#pick(3)}`;
      case "q":
        return this.#chance.next() < this.badShare ? "bad" : String(this.#pick(100));
    }
  }

  #pick(count: number): number {
    return Math.floor(this.#chance.next() * count);
  }
}

const columns = ["a", "b", "f", "g", "q"] as const;
