import { createHash } from "node:crypto";
import type { Scalar } from "../../job/job-spec.ts";
import type { FlowRow, Refusal } from "../../job/mapping.ts";
import { scalarOf, valueOf } from "../../job/scalar.ts";
import type { KeyValue } from "../../model/value.ts";
import { originalOf, type StoredRow } from "../../pipeline/rejects.ts";
import type { StateEntry, StateStore } from "../../pipeline/state-store.ts";
import { readValue } from "../../pipeline/owned-entry.ts";
import { keyTitle } from "../../connector/table-store/key-bounds.ts";
import { encodeKey } from "../../wire/plainbuffer/encode.ts";
import type { SourceKey } from "./cell-plan.ts";
import type { Folded } from "./fold.ts";

export type StoredKey = readonly (readonly [name: string, value: Scalar])[];

/** How many changes of each type; changes that were replayed after a crash count again. */
export interface ChangeCounts {
  readonly put: number;
  readonly update: number;
  readonly delete: number;
}

/** A source key whose changes are put aside, with all that is needed to understand why (R6). JSON-clean. */
export interface Parked extends Refusal {
  /** Names it in the state store. */
  readonly id: string;
  readonly key: StoredKey;
  /** The key for people. */
  readonly place: string;
  /** The row or change that was refused; it is never written again: replaying reads the source. */
  readonly original: StoredRow | string;
  /** True when `original` was longer than 64 KiB and had to be cut. */
  readonly cut?: boolean | undefined;
  /** The changes refused, and those that have joined them since. */
  readonly refused: ChangeCounts;
  readonly joined: ChangeCounts;
  /** When the newest of them was committed, microseconds since 1970 by the source's clock. */
  readonly newest?: number | undefined;
  readonly mappingHash: string;
  /** Wall clock, milliseconds. */
  readonly at: number;
  /** Target keys the row may have been left under; null: not all of them are known, because old images were missing. */
  readonly formerKeys: readonly StoredKey[] | null;
  /** The generation of the initial copy that refused the row, where it was one. */
  readonly copy?: string | undefined;
  /** Who is replaying it. */
  readonly claim?: string | undefined;
}

/** Keys of up to so many encoded bytes are their own id; a state table's keys have 1,024 bytes in all. */
const plainIdBytes = 150;

/** Names a source key in the state store; ids of long keys are digests. */
export function parkedId(key: SourceKey): string {
  const bytes = encodeKey(key);
  if (bytes.length <= plainIdBytes) return Buffer.from(bytes).toString("base64url");
  return `sha256-${createHash("sha256").update(bytes).digest("base64url")}`;
}

/** What is stored in the place of a key that was replayed: never removed, because a removal could take effect late and hit a later holder. */
interface Unparked {
  /** As in `Parked`. */
  readonly copy: string;
  readonly replayed: true;
}

/** What takes the place of a parked key that was replayed. */
export function unparkedValue({ copy }: Parked): string {
  return JSON.stringify(copy === undefined ? null : ({ copy, replayed: true } satisfies Unparked));
}

/** Undefined: the key is not parked. @throws TF_STATE_CORRUPT */
export function readParked(state: StateStore, place: string, stored: StateEntry | undefined): Parked | undefined {
  const value = readPlace(state, place, stored);
  return value === undefined || "replayed" in value ? undefined : value;
}

/** The copy that has parked the key last, whether it is parked still or not. */
export function copyOf(state: StateStore, place: string, stored: StateEntry | undefined): string | undefined {
  return readPlace(state, place, stored)?.copy;
}

function readPlace(state: StateStore, place: string, stored: StateEntry | undefined): Parked | Unparked | undefined {
  return stored === undefined ? undefined : (readValue<Parked | Unparked | null>(state, place, stored) ?? undefined);
}

export interface Refused {
  readonly folded: Folded;
  readonly refusal: Refusal;
  /** The source row, where it was read. */
  readonly row?: FlowRow | undefined;
  /** Undefined: not all are known. */
  readonly formerKeys: readonly SourceKey[] | undefined;
}

export function parkedOf({ folded, refusal, row, formerKeys }: Refused, mappingHash: string, at: number): Parked {
  const { key } = folded.change;
  return {
    ...refusal,
    id: parkedId(key),
    key: storedKey(key),
    place: keyTitle(key),
    ...originalOf(row ?? written(folded)),
    refused: countsOf(folded),
    joined: { put: 0, update: 0, delete: 0 },
    newest: newestOf(folded),
    mappingHash,
    at,
    formerKeys: formerKeys?.map(storedKey) ?? null,
  };
}

/** With the changes that have come since. */
export function withJoined(parked: Parked, folded: Folded, formerKeys: readonly SourceKey[] | undefined): Parked {
  const counts = countsOf(folded);
  const { joined } = parked;
  return {
    ...parked,
    joined: { put: joined.put + counts.put, update: joined.update + counts.update, delete: joined.delete + counts.delete },
    newest: Math.max(parked.newest ?? 0, newestOf(folded) ?? 0) || undefined,
    formerKeys: parked.formerKeys === null || formerKeys === undefined ? null : union(parked.formerKeys, formerKeys.map(storedKey)),
  };
}

export function storedKey(key: SourceKey): StoredKey {
  return key.map(({ name, value }) => [name, scalarOf(value)]);
}

export function keyOf(stored: StoredKey): SourceKey {
  return stored.map(([name, value]) => ({ name, value: valueOf(value) as KeyValue }));
}

export function newestOf({ changes }: Folded): number | undefined {
  let newest: number | undefined;
  for (const { committedAt } of changes)
    if (committedAt !== undefined && !(newest !== undefined && newest >= committedAt)) newest = committedAt;
  return newest;
}

function countsOf({ changes }: Folded): ChangeCounts {
  const counts = { put: 0, update: 0, delete: 0 };
  for (const { type } of changes) counts[type]++;
  return counts;
}

/** The cells that a change wrote; deletions stand as columns without a place in a row and are left out. */
function written({ change }: Folded): FlowRow {
  const columns = change.cells.filter((cell) => cell.op === "put");
  return { key: change.key, columns: columns.map(({ name, value, timestamp }) => ({ name, value, timestamp })) };
}

function union(keys: readonly StoredKey[], more: readonly StoredKey[]): readonly StoredKey[] {
  const known = new Set(keys.map((key) => JSON.stringify(key)));
  return [...keys, ...more.filter((key) => !known.has(JSON.stringify(key)))];
}
