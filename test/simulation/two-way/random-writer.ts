import type { Chance } from "../../../src/base/chance.ts";
import type { Oracle } from "./oracle.ts";
import type { Site } from "./two-sites.ts";

/** An application that does anything to a few rows of its site; an oracle is told of each change. */
export class RandomWriter {
  readonly #chance: Chance;
  readonly #keys: readonly string[];
  readonly #columns: readonly string[];
  readonly #oracle: Oracle;
  #n = 0;

  constructor(chance: Chance, keys: readonly string[], columns: readonly string[], oracle: Oracle) {
    this.#chance = chance;
    this.#keys = keys;
    this.#columns = columns;
    this.#oracle = oracle;
  }

  async change(site: Site): Promise<void> {
    const id = this.#pick(this.#keys);
    const row = await site.read(id);
    const what = this.#chance.next();
    // What is not there is not deleted, and not written back.
    if (what < 0.25) await this.#put(site, id, this.#cells(site));
    else if (what < 0.6 || row === undefined) await this.#update(site, id);
    else if (what < 0.72) await this.#clear(site, id);
    else if (what < 0.85) await this.#remove(site, id);
    else await this.#writeBack(site, id);
  }

  async #put(site: Site, id: string, cells: Readonly<Record<string, string>>): Promise<void> {
    this.#oracle.put(id, site.name, site.clock.now(), cells);
    await site.put(id, cells);
  }

  async #update(site: Site, id: string): Promise<void> {
    const cells = this.#cells(site);
    this.#oracle.write(id, site.name, site.clock.now(), cells);
    await site.update(id, cells);
  }

  async #clear(site: Site, id: string): Promise<void> {
    const column = this.#pick(this.#columns);
    this.#oracle.write(id, site.name, site.clock.now(), { [column]: undefined });
    await site.clear(id, column);
  }

  async #remove(site: Site, id: string): Promise<void> {
    this.#oracle.remove(id, site.name, site.clock.now());
    await site.remove(id);
  }

  async #writeBack(site: Site, id: string): Promise<void> {
    const changed = { [this.#pick(this.#columns)]: this.#value(site) };
    const row = await site.writeBack(id, changed);
    const read = (row?.cells ?? [])
      .filter(({ name }) => this.#columns.includes(name))
      .map(({ name, value }) => [name, String(value)] as const);
    this.#oracle.put(id, site.name, site.clock.now(), { ...Object.fromEntries(read), ...changed });
  }

  #cells(site: Site): Record<string, string> {
    const value = this.#value(site);
    const names = this.#columns.filter(() => this.#chance.next() < 0.5);
    return Object.fromEntries([this.#pick(this.#columns), ...names].map((name) => [name, value]));
  }

  #value(site: Site): string {
    return `${site.name}${this.#n++}`;
  }

  #pick<T>(list: readonly T[]): T {
    return list[Math.floor(this.#chance.next() * list.length)]!;
  }
}
