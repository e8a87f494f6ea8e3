import type { FlowRow } from "../job/mapping.ts";
import { RowHasher } from "./flow-batch.ts";
import { keyId } from "./key-id.ts";
import { withoutExpiring } from "./row-difference.ts";
import { withoutExpiringCells, type Sides } from "./sides.ts";

/** Rows read again, as they are compared: what the job carries of them, without cells that are about to expire. */
export class RowForm {
  readonly #versions: "latest" | "keep";
  readonly #sides: Pick<Sides, "source" | "target">;
  readonly #now: () => number;
  readonly #carried: RowHasher;
  readonly #raw = new RowHasher({ versions: "keep" });
  #oldest: number | undefined;

  constructor(versions: "latest" | "keep", sides: Pick<Sides, "source" | "target">, now: () => number) {
    this.#versions = versions;
    this.#sides = sides;
    this.#now = now;
    this.#carried = new RowHasher({ versions });
    this.renew();
  }

  /** Moves the horizon of expiry to now. Not between two readings that are compared: a cell must be left out of both or of neither. */
  renew(): void {
    this.#oldest = withoutExpiringCells({ versions: this.#versions }, this.#sides, this.#now()).oldest;
  }

  /** Of a row read with all versions what the job reads of it. */
  carried(raw: FlowRow): FlowRow {
    if (this.#versions === "keep") return raw;
    const newest = raw.columns.filter(({ name }, i, all) => name !== all[i - 1]?.name);
    return { key: raw.key, columns: newest.map(({ name, value }) => ({ name, value })) };
  }

  compared(row: FlowRow): { readonly row: FlowRow; readonly hash: string } {
    const kept = withoutExpiring(row, this.#oldest);
    return { row: kept, hash: this.#carried.hash(kept) };
  }

  /** The same for two readings of a row that nobody wrote in between. */
  reading(raw: FlowRow): string {
    return this.#raw.hash(raw);
  }

  /** What its key is known by (`Suspect.id`). */
  id({ key }: Pick<FlowRow, "key">): string {
    let id = "";
    this.#carried.each([{ key, columns: [] }], (bytes, start, keyEnd) => {
      id = keyId(bytes, start, keyEnd, false);
    });
    return id;
  }
}
