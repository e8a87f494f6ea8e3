import { TableferryError } from "../base/error.ts";
import type { SourceChange } from "../connector/change.ts";
import type { Described } from "../connector/connector.ts";
import type { FlowRow } from "../job/mapping.ts";
import type { SyncSpec } from "../job/sync-spec.ts";
import { typeOf, type ValueType } from "../model/value.ts";
import { changeEntry } from "../pipeline/change-entry.ts";
import { stateKeys } from "../pipeline/state-keys.ts";
import type { StateStore } from "../pipeline/state-store.ts";

/** Column and type; kept with the job, so that all of its workers know the same. */
export type KnownColumns = Readonly<Record<string, ValueType>>;

export interface DriftWatchOptions {
  readonly drift: SyncSpec["drift"];
  readonly job: string;
  readonly state: StateStore;
  readonly token: string;
}

/** Whether anybody asked to be told. */
export function watchesDrift({ newColumn, changedType }: SyncSpec["drift"]): boolean {
  return newColumn === "stop" || changedType === "stop";
}

/** Notices columns that were never seen before and columns of another type, before their changes are applied (R13). */
export class DriftWatch {
  readonly #options: DriftWatchOptions;
  readonly #known: Map<string, ValueType>;

  private constructor(options: DriftWatchOptions, known: KnownColumns) {
    this.#options = options;
    this.#known = new Map(Object.entries(known));
  }

  /** @param sample rows by which columns are known that nobody has declared; used where the job knows none yet */
  static async open(
    options: DriftWatchOptions,
    { columns }: Pick<Described, "columns">,
    sample: () => Promise<readonly FlowRow[]>,
  ): Promise<DriftWatch> {
    const { state, job, token } = options;
    const rows = await sample();
    const known = await changeEntry<KnownColumns>(state, stateKeys.columns(job), token, (stored) => {
      if (stored !== undefined) return undefined;
      const seen: Record<string, ValueType> = Object.fromEntries(columns.map(({ name, type }) => [name, type]));
      for (const row of rows) for (const { name, value } of row.columns) seen[name] ??= typeOf(value);
      return seen;
    });
    return new DriftWatch(options, known ?? {});
  }

  /** Before a window is applied. @throws TF_SCHEMA_DRIFT */
  async check(changes: readonly SourceChange[]): Promise<void> {
    const { drift, job, state, token } = this.#options;
    let learned: Record<string, ValueType> | undefined;
    for (const { cells } of changes) {
      for (const cell of cells) {
        if (cell.op !== "put") continue;
        const type = typeOf(cell.value);
        const known = this.#known.get(cell.name);
        if (known === type) continue;
        if (known === undefined ? drift.newColumn === "stop" : drift.changedType === "stop") throw drifted(job, cell.name, known, type);
        this.#known.set(cell.name, type);
        (learned ??= {})[cell.name] = type;
      }
    }
    if (learned === undefined) return;
    const more = learned;
    await changeEntry<KnownColumns>(state, stateKeys.columns(job), token, (stored) => ({ ...stored, ...more }));
  }
}

function drifted(job: string, column: string, known: ValueType | undefined, type: ValueType): TableferryError {
  return new TableferryError("TF_SCHEMA_DRIFT", {
    message:
      known === undefined
        ? `the source's rows have a column that was never seen before: ${column} (${type})`
        : `column ${column} was ${known} and is ${type} now`,
    place: job,
    wayOut:
      "Nothing of it was applied. Adapt the mapping, or set `drift` in the job to `follow`, and run it again; it goes on from the last checkpoint.",
  });
}
