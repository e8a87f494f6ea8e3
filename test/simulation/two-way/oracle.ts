import type { SiteName } from "./two-sites.ts";

interface Written {
  readonly site: SiteName;
  /** Milliseconds by the site's clock. */
  readonly time: number;
  /** Place among the site's own changes. */
  readonly order: number;
  /** Undefined: deleted. */
  readonly value: string | undefined;
}

/** What a table must hold after all writes of both sites, if the later change of each column wins (time, then site). */
export class Oracle {
  readonly #columns = new Map<string, Map<string, Written>>();
  /** Newest deletion or put of a row by each site: what stands for columns that were not named. */
  readonly #rows = new Map<string, Written[]>();
  #order = 0;

  write(id: string, site: SiteName, time: number, columns: Readonly<Record<string, string | undefined>>): void {
    for (const [name, value] of Object.entries(columns)) this.#keep(id, name, { site, time, order: this.#order++, value });
  }

  put(id: string, site: SiteName, time: number, columns: Readonly<Record<string, string>>): void {
    this.remove(id, site, time);
    this.write(id, site, time, columns);
  }

  remove(id: string, site: SiteName, time: number): void {
    const all = { site, time, order: this.#order++, value: undefined };
    this.#rows.set(id, [...(this.#rows.get(id) ?? []), all]);
    for (const name of this.#columns.get(id)?.keys() ?? []) this.#keep(id, name, all);
  }

  /** As `Site.rows` without times, rows without columns left out. */
  get rows(): readonly string[] {
    return [...this.#columns]
      .map(([id, columns]) => {
        const there = [...columns].filter(([, { value }]) => value !== undefined).toSorted(([a], [b]) => (a < b ? -1 : 1));
        return there.length === 0 ? "" : [id, ...there.map(([name, { value }]) => `${name}=${value!}`)].join(" ");
      })
      .filter((row) => row !== "")
      .toSorted();
  }

  #keep(id: string, name: string, written: Written): void {
    let columns = this.#columns.get(id);
    if (columns === undefined) this.#columns.set(id, (columns = new Map()));
    const before = columns.get(name) ?? this.#rowOf(id);
    if (before === undefined || isLater(written, before)) columns.set(name, written);
    else if (!columns.has(name)) columns.set(name, before);
  }

  #rowOf(id: string): Written | undefined {
    return (this.#rows.get(id) ?? []).reduce<Written | undefined>(
      (last, one) => (last === undefined || isLater(one, last) ? one : last),
      undefined,
    );
  }
}

function isLater(a: Written, b: Written): boolean {
  if (a.site === b.site && a.time === b.time) return a.order > b.order;
  return a.time > b.time || (a.time === b.time && a.site > b.site);
}
