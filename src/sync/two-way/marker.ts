import { createHash } from "node:crypto";
import { markerColumn } from "../../connector/engine-column.ts";
import type { KeyColumn } from "../../model/key.ts";
import type { UpdateCell } from "../../model/row.ts";
import { typeOf, type KeyInput, type Value } from "../../model/value.ts";

/** Says of one write that it was the engine's (R4). */
export interface Marker {
  /** `delete`: the row is about to be deleted by the engine. */
  readonly op: "write" | "delete";
  /** Where what was written came from: the site other than the row's. */
  readonly site: string;
  /** Commit time of the newest change of that site that this row takes in, microseconds by that site's clock. */
  readonly seq: number;
  /** Newest cell that came from that site, milliseconds by its clock. */
  readonly time: number;
  /** No two writes have one marker. */
  readonly nonce: string;
}

export interface StoredMarker extends Marker {
  readonly digest: string;
}

const form = /^(write|delete):([A-Za-z0-9_-]{1,32}):(\d{1,16}):(\d{1,16}):([0-9a-f]{1,32}):([0-9a-f]{32})$/;

/** The marker column's value for a write of these cells, the marker's own cell aside. */
export function markerText(marker: Marker, key: readonly KeyColumn<KeyInput>[], cells: readonly UpdateCell[]): string {
  const { op, site, seq, time, nonce } = marker;
  return `${op}:${site}:${seq}:${time}:${nonce}:${digestOf(marker, key, cells)}`;
}

/** Undefined: no marker, or none of ours. */
export function readMarker(value: Value | undefined): StoredMarker | undefined {
  const found = typeof value === "string" ? form.exec(value) : null;
  if (found === null) return undefined;
  const [, op, site, seq, time, nonce, digest] = found;
  return { op: op === "delete" ? "delete" : "write", site: site!, seq: Number(seq), time: Number(time), nonce: nonce!, digest: digest! };
}

/**
 * Whether a marker was written with exactly these cells. An application that writes back a row it has read sends the marker again, with
 * cells of other timestamps: then it was not.
 */
export function marks(marker: StoredMarker, key: readonly KeyColumn<KeyInput>[], cells: readonly UpdateCell[]): boolean {
  return digestOf(marker, key, cells) === marker.digest;
}

function digestOf({ op, site, seq, time, nonce }: Marker, key: readonly KeyColumn<KeyInput>[], cells: readonly UpdateCell[]): string {
  const hash = createHash("sha256");
  const field = (text: string) => hash.update(`${Buffer.byteLength(text)}:`).update(text);
  for (const text of [op, site, String(seq), String(time), nonce]) field(text);
  for (const { name, value } of key) {
    field(name);
    if (typeof value !== "symbol") valueInto(field, value);
  }
  const sorted = cells.filter(({ name }) => name !== markerColumn).toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  for (const cell of sorted) {
    field(cell.op);
    field(cell.name);
    if (cell.op === "put") valueInto(field, cell.value);
    field("timestamp" in cell ? String(cell.timestamp) : "");
  }
  return hash.digest("hex").slice(0, 32);
}

function valueInto(field: (text: string) => unknown, value: Value): void {
  field(typeOf(value));
  if (value instanceof Uint8Array) field(Buffer.from(value.buffer, value.byteOffset, value.length).toString("base64"));
  else field(Object.is(value, -0) ? "-0" : String(value));
}
