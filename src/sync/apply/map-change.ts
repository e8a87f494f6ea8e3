import type { SourceChange } from "../../connector/change.ts";
import type { ScanScope } from "../../connector/connector.ts";
import { RowRefused, type ColumnPlan, type CompiledMapping, type FlowColumn, type FlowRow } from "../../job/mapping.ts";
import type { WriteCondition } from "../../model/condition.ts";
import type { RowChange, UpdateCell } from "../../model/row.ts";
import type { KeySchema } from "../../model/schema.ts";
import { CellPlan, type SourceKey } from "./cell-plan.ts";
import type { Folded } from "./fold.ts";
import { keyId } from "./key-id.ts";
import { beginsWith, targetKeysOf, unlessRefused, type TargetKeys } from "./target-keys.ts";

/** A write that a change comes to. */
export interface Write {
  readonly change: RowChange;
  readonly condition?: WriteCondition | undefined;
  /** Where the condition does not hold, there is nothing to do. */
  readonly ifHolds?: boolean | undefined;
}

export interface Mapped {
  /** Of different target keys. */
  readonly writes: readonly Write[];
  /** The mapping leaves the row out: what was there of it is deleted. */
  readonly filtered: boolean;
}

export interface ChangeMapperOptions {
  readonly mapping: CompiledMapping;
  readonly scope: ScanScope;
  readonly sourceKey: readonly KeySchema[];
  /** The target takes whole rows only (R10). */
  readonly wholeRows: boolean;
}

/** A row that nobody else has made: an update of what is not carried over has made it, or it is there already. */
const unlessThere: WriteCondition = { existence: "expectNotExist" };

/** What becomes of folded changes in the target, by the mapping's mode (R1). */
export class ChangeMapper {
  readonly keys: TargetKeys;
  readonly #mapping: CompiledMapping;
  readonly #versions: "latest" | "keep";
  /** Whether a row is wanted at all depends on cells that records do not tell. */
  readonly #filtered: boolean;
  readonly #wholeRows: boolean;
  readonly #cells: CellPlan | undefined;

  constructor({ mapping, scope, sourceKey, wholeRows }: ChangeMapperOptions) {
    this.#mapping = mapping;
    this.#versions = scope.versions;
    this.#filtered = scope.filter !== undefined;
    this.#wholeRows = wholeRows;
    this.keys = targetKeysOf(mapping, sourceKey);
    this.#cells = mapping.plan !== undefined && mapping.mode === "cells" ? new CellPlan(mapping.plan, scope.versions) : undefined;
  }

  /** What the records alone say; undefined where the row must be read. @throws RowRefused */
  fromRecords(folded: Folded): Mapped | undefined {
    const { change, unsure } = folded;
    const { plan, mode } = this.#mapping;
    if (plan === undefined) return undefined;
    if (this.imagesLack(folded)) throw noOldImage();
    const former = this.formerKeys(folded);
    if (!unsure && change.type === "delete") return this.#gone(change.key, former, false);
    if (unsure || this.#filtered) return undefined;
    if (this.#cells !== undefined && this.keys.kind === "fixed") return this.#byCells(this.#cells, change, this.keys.of(change.key));
    if (change.type === "put") return this.#byRow(change.key, wholeRow(change), former);
    return mode === "image" ? this.#byImage(plan, folded, former) : undefined;
  }

  /**
   * What a source row comes to, as it is now.
   * @param row undefined where there is none
   * @param former target keys it had before, where old images tell them
   * @param found keys of the target that begin with the source key, where rows are found so
   * @param attempt how often it was tried before in vain, because the target row was another's
   * @throws RowRefused
   */
  fromRow(key: SourceKey, row: FlowRow | undefined, former: readonly SourceKey[], found: readonly SourceKey[], attempt = 0): Mapped {
    if (this.keys.kind === "prefix") return this.#byPrefix(key, row, this.keys.single ? [this.#sameKey(key)] : found);
    return row === undefined ? this.#gone(key, former, false) : this.#byRow(key, row, former, attempt);
  }

  /** The target keys that the row had before each of its changes, as old images tell them: replays may have left it under any of them. */
  formerKeys({ changes }: Pick<Folded, "changes">): readonly SourceKey[] {
    const { keys } = this;
    if (keys.kind !== "images") return [];
    const found = new Map<string, SourceKey>();
    for (const { key, origin } of changes) {
      const former = origin === undefined ? undefined : keys.of({ key, columns: origin });
      if (former !== undefined) found.set(keyId(former), former);
    }
    return [...found.values()];
  }

  /** Whether some of the target keys that the row had cannot be told. */
  imagesLack({ changes }: Pick<Folded, "changes">): boolean {
    return this.keys.kind === "images" && changes.some(lacksImage);
  }

  #byCells(cells: CellPlan, change: SourceChange, targetKey: SourceKey): Mapped | undefined {
    if (change.type === "put") {
      const put = cells.updatable ? cells.put(change, targetKey) : this.#put(this.#mapping.map(wholeRow(change))[0]!);
      return { writes: [{ change: put }], filtered: false };
    }
    const update = this.#wholeRows ? "look-up" : cells.update(change, targetKey);
    if (update === "look-up") return undefined;
    if (update === "nothing") return { writes: [], filtered: false };
    if (update !== "row") return { writes: [{ change: update }], filtered: false };
    const row: RowChange = { type: "put", key: targetKey, cells: [] };
    return { writes: [{ change: row, condition: unlessThere, ifHolds: true }], filtered: false };
  }

  /** A plan gives one row at most. */
  #byRow(key: SourceKey, row: FlowRow, former: readonly SourceKey[], attempt = 0): Mapped {
    const [made] = this.#mapping.map(row);
    return made === undefined ? this.#gone(key, former, true) : this.#there(key, this.#put(made), former, attempt);
  }

  /** An update: the old row is the old image, the new one that with the record's changes. */
  #byImage(plan: ColumnPlan, { change, changes }: Folded, former: readonly SourceKey[]): Mapped | undefined {
    // One version a column stands in an old image (unverified whether more could).
    if (change.origin === undefined || this.#versions === "keep") return undefined;
    const row = changedRow(change, change.origin);
    // Where nothing is carried over but what was read for this, the row is whole.
    if (plan.rest === "drop") return this.#byRow(change.key, row, former);
    const [made] = this.#mapping.map(row);
    if (made === undefined) return this.#gone(change.key, former, true);
    if (this.#wholeRows || !changes.every((one) => this.#wasAt(made.key, one))) return undefined;
    const update = updateOf(plan, made, change);
    return update === undefined ? undefined : this.#there(change.key, update, former);
  }

  /**
   * Whether the row stood under this key before a change. It must have before each of a window's: where it was away for a moment, an
   * earlier try may have left it away, and an update would make a part of a row.
   */
  #wasAt(target: SourceKey, { key, origin }: SourceChange): boolean {
    const before = origin === undefined ? undefined : unlessRefused(() => this.#mapping.map({ key, columns: origin })[0]);
    return before !== undefined && keyId(before.key) === keyId(target);
  }

  /** One row is written, what the row was before is deleted: other keys, so that both may go out together. */
  #there(key: SourceKey, change: RowChange, former: readonly SourceKey[], attempt = 0): Mapped {
    const owner = this.keys.kind === "images" ? this.keys.owner : undefined;
    // Whether a condition on columns passes where there is no row is unverified: each second time that is asked for instead.
    const condition = attempt % 2 === 1 && owner !== undefined ? unlessThere : owner?.isFree(key);
    if (former.length === 0) return { writes: [{ change, condition }], filtered: false };
    const id = keyId(change.key);
    const left = former.filter((one) => keyId(one) !== id);
    return { writes: [...left.map((one) => this.#removal(key, one)), { change, condition }], filtered: false };
  }

  #gone(key: SourceKey, former: readonly SourceKey[], filtered: boolean): Mapped {
    const { keys } = this;
    // A key that the mapping refuses was never written.
    const fixed = keys.kind === "fixed" ? unlessRefused(() => keys.of(key)) : undefined;
    const gone = fixed === undefined ? former : [fixed];
    return { writes: gone.map((one) => this.#removal(key, one)), filtered };
  }

  #removal(key: SourceKey, targetKey: SourceKey): Write {
    const change: RowChange = { type: "delete", key: targetKey };
    const owner = this.keys.kind === "images" ? this.keys.owner : undefined;
    return owner === undefined ? { change } : { change, condition: owner.isMine(key), ifHolds: true };
  }

  #byPrefix(key: SourceKey, row: FlowRow | undefined, found: readonly SourceKey[]): Mapped {
    const made = row === undefined ? [] : this.#mapping.map(row);
    const ids = new Set<string>();
    for (const { key: target } of made) {
      if (!beginsWith(target, key)) throw refuse("key-prefix", "the mapping gave a row whose key does not begin with the source's");
      const id = keyId(target);
      if (ids.has(id)) throw refuse("duplicate-key", "the mapping gave two rows of one key");
      ids.add(id);
    }
    const left = found.filter((one) => !ids.has(keyId(one)));
    return {
      writes: [...left.map((one) => this.#removal(key, one)), ...made.map((one) => ({ change: this.#put(one) }))],
      filtered: row !== undefined && made.length === 0,
    };
  }

  #sameKey(key: SourceKey): SourceKey {
    return this.#mapping.targetKey.map(({ name }, at) => ({ name, value: key[at]!.value }));
  }

  #put({ key, columns }: FlowRow): RowChange {
    return { type: "put", key, cells: this.#versions === "keep" ? columns : columns.map(({ name, value }) => ({ name, value })) };
  }
}

/** A put as the row that it makes: columns side by side, versions newest first. */
function wholeRow({ key, cells }: SourceChange): FlowRow {
  const columns = cells.filter((cell) => cell.op === "put");
  return { key, columns: columns.map(({ name, value, timestamp }) => ({ name, value, timestamp })) };
}

/** The columns of an old image with the changes of an update. */
function changedRow({ key, cells }: SourceChange, origin: readonly FlowColumn[]): FlowRow {
  const columns = new Map<string, FlowColumn>();
  for (const column of origin) if (!columns.has(column.name)) columns.set(column.name, column);
  for (const cell of cells) {
    if (cell.op === "put") columns.set(cell.name, { name: cell.name, value: cell.value, timestamp: cell.timestamp });
    else columns.delete(cell.name);
  }
  return { key, columns: [...columns.values()] };
}

/**
 * A row of which not all rest columns are known, as an update: what the mapping gives, and without what it does not give any more.
 * Undefined where the update would not make the row, if it is not there.
 */
function updateOf(plan: ColumnPlan, made: FlowRow, { cells }: SourceChange): RowChange | undefined {
  if (made.columns.length === 0) return undefined;
  const given = new Set(made.columns.map(({ name }) => name));
  const excluded = new Set(plan.excluded);
  const deleted = cells.filter(({ op, name }) => op !== "put" && !excluded.has(name)).map(({ name }) => name);
  const gone = [...plan.columns.map(({ name }) => name), ...deleted].filter((name) => !given.has(name));
  const puts = made.columns.map(({ name, value }): UpdateCell => ({ op: "put", name, value }));
  return { type: "update", key: made.key, cells: [...puts, ...gone.map((name): UpdateCell => ({ op: "deleteAll", name }))] };
}

/** Base data has none, and needs none. */
function lacksImage({ origin, committedAt }: SourceChange): boolean {
  return origin === undefined && committedAt !== undefined;
}

function noOldImage(): RowRefused {
  return refuse("no-old-image", "the record lacks the old values from which the row's former target key was made");
}

function refuse(cause: string, text: string): RowRefused {
  return new RowRefused({ cause, text });
}
