import type { Cursor, Entry, StoreChange } from "./ordered-store.ts";

/** Rows of a store as they are after changes that are not in it yet: a cursor and changed rows of its range, merged. */
export class MergedRows implements Cursor<Uint8Array> {
  readonly #stored: Cursor<Entry>;
  readonly #changed: readonly StoreChange[];
  readonly #direction: 1 | -1;
  #page: readonly Entry[] = [];
  #at = 0;
  #changedAt = 0;

  /** `changed`: one a key, in any order. */
  constructor(stored: Cursor<Entry>, changed: readonly StoreChange[], reverse: boolean) {
    const direction = reverse ? -1 : 1;
    this.#stored = stored;
    this.#changed = changed.toSorted((a, b) => direction * Buffer.compare(a.key, b.key));
    this.#direction = direction;
  }

  async next(count: number): Promise<readonly Uint8Array[]> {
    const rows: Uint8Array[] = [];
    // A page is handed out before the next one is read, which may take its place in memory.
    while (rows.length === 0) {
      if (this.#at === this.#page.length) {
        this.#page = await this.#stored.next(count);
        this.#at = 0;
      }
      if (this.#page.length === 0 && this.#changedAt === this.#changed.length) break;
      this.#merge(rows, count);
    }
    return rows;
  }

  close(): Promise<void> {
    return this.#stored.close();
  }

  /** Up to the end of the page, or of the changes when there is no page. */
  #merge(rows: Uint8Array[], count: number): void {
    while (rows.length < count) {
      const stored = this.#page[this.#at];
      const changed = this.#changed[this.#changedAt];
      if (stored === undefined && (this.#page.length > 0 || changed === undefined)) return;
      const order = changed === undefined ? 1 : stored === undefined ? -1 : this.#direction * Buffer.compare(changed.key, stored.key);
      if (order >= 0) this.#at++;
      if (order > 0) rows.push(stored!.value);
      else {
        this.#changedAt++;
        if (changed!.type === "put") rows.push(changed!.value);
      }
    }
  }
}
