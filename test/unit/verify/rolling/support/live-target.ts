import { TableferryError } from "../../../../../src/base/error.ts";
import type { ChangeEncoder, TargetChange } from "../../../../../src/connector/change.ts";
import type { Encoded, Parcel, RowOutcome, Target } from "../../../../../src/connector/connector.ts";
import type { LiveTable } from "./live-table.ts";

/** Changes that are sent together. */
class Changes implements Parcel {
  readonly changes: readonly TargetChange[];
  readonly bytes = 100;

  constructor(changes: readonly TargetChange[]) {
    this.changes = changes;
  }

  get rows(): number {
    return this.changes.length;
  }

  sourceIndex(i: number): number {
    return this.changes[i]!.index;
  }

  only(rows: readonly number[]): Parcel {
    return new Changes(rows.map((row) => this.changes[row]!));
  }
}

/** What befalls a write: its answer is lost, or it takes effect only long after it was given up. */
export type WriteFate = "lost" | "late" | undefined;

/** Writes changes of rows to a live table, each under its condition. */
export class LiveTarget implements Pick<Target, "write" | "changeEncoder"> {
  readonly table: LiveTable;
  /** Changes that took effect, and those whose condition did not hold. */
  readonly effects: { readonly change: TargetChange; readonly held: boolean }[] = [];
  fate: (write: number) => WriteFate = () => undefined;
  writes = 0;

  constructor(table: LiveTable) {
    this.table = table;
  }

  changeEncoder(): Promise<ChangeEncoder> {
    const encode = (changes: readonly TargetChange[]): Encoded => {
      const keys = new Set(changes.map(({ change }) => String(change.key[0]!.value)));
      if (keys.size !== changes.length) throw new Error("two changes of one key together");
      const parcels = changes
        .map((_, i) => i)
        .filter((i) => i % 3 === 0)
        .map((i) => new Changes(changes.slice(i, i + 3)));
      return { parcels, refused: [], filtered: 0, rowsOut: changes.length };
    };
    return Promise.resolve({ encode });
  }

  async write(parcel: Parcel, signal?: AbortSignal): Promise<readonly RowOutcome[]> {
    const fate = this.fate(++this.writes);
    const { changes } = parcel as Changes;
    const effect = () => changes.map((change) => this.#apply(change));
    if (fate === "late") {
      this.table.options.clock.after(400, effect);
      throw new TableferryError("TF_TIMEOUT", { message: "no answer" });
    }
    const held = await this.table.request("write", changes.length, effect, signal);
    if (fate === "lost") throw new TableferryError("TF_CONNECTION", { message: "the answer was lost" });
    const refusal = { cause: "OTSConditionCheckFail", text: "Condition check failed." };
    return held.flatMap((one, row): RowOutcome[] => (one ? [] : [{ row, kind: "refused", refusal }]));
  }

  #apply(change: TargetChange): boolean {
    const held = this.table.write(change.change, change.condition);
    this.effects.push({ change, held });
    return held;
  }
}
