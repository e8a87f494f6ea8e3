import { INTEGER_MAX, INTEGER_MIN } from "../model/value.ts";
import * as tag from "../wire/plainbuffer/tag.ts";
import type { RowWalker } from "../wire/plainbuffer/walk.ts";
import { compareNames, versionOf } from "./compose-put.ts";
import { refusal } from "./refusal.ts";
import { nameOf, type StoredRowWriter } from "./stored-row-writer.ts";

/** What decides which stored versions still count. */
export interface VersionRules {
  /** Milliseconds; the version of what is written without one. */
  readonly now: number;
  readonly maxVersions: number;
  /** Cells of an older version have expired. */
  readonly floor: number;
}

/** What an increment came to. */
export interface Sum {
  readonly sum: bigint;
  readonly version: number;
}

export interface UpdateRules extends VersionRules {
  /** Takes what the increments come to, in the order of `changesByName`, for whoever records the update. */
  readonly sums?: Sum[] | undefined;
}

/** One version of a column while it is being changed: a field of a row, or a sum that stands nowhere yet. */
interface Version {
  readonly version: number;
  readonly walker: RowWalker;
  readonly field: number;
  readonly sum?: bigint;
}

/**
 * The stored form of a row after the UpdateRow `change` stands on; `old` stands on the row as stored, or is undefined where there is none.
 * Operations on one column apply in the order given. Undefined: the change only deletes and there was no row, so there is none now.
 * @throws OTSParameterInvalid for an increment of what is no integer, or beyond 64 bits.
 */
export function composeUpdate(
  out: StoredRowWriter,
  change: RowWalker,
  old: RowWalker | undefined,
  rules: UpdateRules,
  autoIncrement?: bigint,
): Uint8Array | undefined {
  if (old === undefined && onlyDeletes(change)) return undefined;
  const fields = changesByName(change);
  out.begin(change.rowEnd - change.rowStart + (old === undefined ? 0 : old.rowEnd - old.rowStart), change.count + (old?.count ?? 0));
  out.key(change, autoIncrement);
  let at = 0;
  let oldField = old?.keyCount ?? 0;
  const oldEnd = old?.count ?? 0;
  while (at < fields.length || oldField < oldEnd) {
    const order = at === fields.length ? -1 : oldField === oldEnd ? 1 : compareNames(old!, oldField, change, fields[at]!);
    const oldRun = order <= 0 ? runEnd(old!, oldField) : oldField;
    const newRun = order >= 0 ? changeRunEnd(change, fields, at) : at;
    if (newRun === at) {
      copyColumn(out, old!, oldField, oldRun, rules);
    } else {
      const versions = oldRun > oldField ? visibleVersions(old!, oldField, oldRun, rules) : [];
      writeColumn(out, applyOperations(versions, change, fields, at, newRun, rules), rules.maxVersions);
    }
    at = newRun;
    oldField = oldRun;
  }
  return out.end();
}

/** The stored form of a row without what has expired and what is beyond the number of versions. */
export function composeRemains(out: StoredRowWriter, old: RowWalker, rules: VersionRules): Uint8Array {
  out.begin(old.rowEnd - old.rowStart, 0);
  out.key(old);
  for (let field = old.keyCount; field < old.count;) {
    const end = runEnd(old, field);
    copyColumn(out, old, field, end, rules);
    field = end;
  }
  return out.end();
}

function onlyDeletes(change: RowWalker): boolean {
  for (let field = change.keyCount; field < change.count; field++) {
    const op = change.op[field];
    if (op !== tag.OP_DELETE_ALL && op !== tag.OP_DELETE_ONE) return false;
  }
  return true;
}

/** The cells of a change by name; of one column in the order given. */
export function changesByName(change: RowWalker): number[] {
  const fields: number[] = [];
  for (let field = change.keyCount; field < change.count; field++) fields.push(field);
  return fields.sort((a, b) => compareNames(change, a, change, b) || a - b);
}

/** Behind the last field of the column that begins at `field`. */
function runEnd(row: RowWalker, field: number): number {
  let end = field + 1;
  while (end < row.count && compareNames(row, field, row, end) === 0) end++;
  return end;
}

function changeRunEnd(change: RowWalker, fields: readonly number[], at: number): number {
  let end = at + 1;
  while (end < fields.length && compareNames(change, fields[at]!, change, fields[end]!) === 0) end++;
  return end;
}

/** A column that the change does not name: what is left of it. */
function copyColumn(out: StoredRowWriter, old: RowWalker, from: number, to: number, rules: VersionRules): void {
  const end = Math.min(to, from + rules.maxVersions);
  for (let field = from; field < end; field++) {
    if (old.timestampOf(field) < rules.floor) return;
    out.cell(old, field, field > from);
  }
}

function visibleVersions(old: RowWalker, from: number, to: number, rules: VersionRules): Version[] {
  const versions: Version[] = [];
  for (let field = from; field < to && versions.length < rules.maxVersions; field++) {
    const version = old.timestampOf(field);
    if (version >= rules.floor) versions.push({ version, walker: old, field });
  }
  return versions;
}

/** The versions of one column, newest first, after the operations `fields[from, to)`. */
function applyOperations(
  before: Version[],
  change: RowWalker,
  fields: readonly number[],
  from: number,
  to: number,
  rules: UpdateRules,
): readonly Version[] {
  let versions = before;
  for (let i = from; i < to; i++) {
    const field = fields[i]!;
    const version = versionOf(change, field, rules.now);
    switch (change.op[field]) {
      case tag.OP_DELETE_ALL:
        versions = [];
        break;
      case tag.OP_DELETE_ONE:
        versions = versions.filter((one) => one.version !== version);
        break;
      case tag.OP_INCREMENT: {
        const made = increment(versions[0], change, field, rules.now);
        rules.sums?.push(made);
        versions = withVersion(versions, made);
        break;
      }
      default:
        versions = withVersion(versions, { version, walker: change, field });
    }
  }
  return versions;
}

/** Puts a version in its place, instead of the one with the same timestamp. */
function withVersion(versions: readonly Version[], added: Version): Version[] {
  const newer = versions.filter((one) => one.version > added.version);
  const older = versions.filter((one) => one.version < added.version);
  return [...newer, added, ...older];
}

/** The sum as a version that hides the one it was made from, should that lie in the future. */
function increment(latest: Version | undefined, change: RowWalker, field: number, now: number): Version & Sum {
  const sum = integerOf(latest) + change.view.getBigInt64(change.valueAt[field]! + 1, true);
  if (sum > INTEGER_MAX || sum < INTEGER_MIN)
    throw refusal.parameter(`The increment of column ${nameOf(change, field)} goes beyond 64 bits.`);
  return { version: Math.max(now, latest?.version ?? now), walker: change, field, sum };
}

function integerOf(version: Version | undefined): bigint {
  if (version === undefined) return 0n;
  if (version.sum !== undefined) return version.sum;
  const { walker, field } = version;
  if (walker.typeOf(field) !== tag.TYPE_INTEGER) {
    throw refusal.parameter(`Column ${nameOf(walker, field)} cannot be incremented, its type is ${tag.typeName[walker.typeOf(field)]}.`);
  }
  return walker.view.getBigInt64(walker.valueAt[field]! + 1, true);
}

function writeColumn(out: StoredRowWriter, versions: readonly Version[], maxVersions: number): void {
  const count = Math.min(versions.length, maxVersions);
  for (let i = 0; i < count; i++) {
    const { version, walker, field, sum } = versions[i]!;
    if (sum === undefined) out.cell(walker, field, i > 0);
    else out.made(nameOf(walker, field), sum, version, i > 0);
  }
}
