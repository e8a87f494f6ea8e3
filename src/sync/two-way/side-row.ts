import type { FlowRow } from "../../job/mapping.ts";
import type { Value } from "../../model/value.ts";
import { markerColumn } from "../../connector/engine-column.ts";
import { readMarker, type StoredMarker } from "./marker.ts";

/** A column's one version. */
export interface Version {
  readonly value: Value;
  /** Milliseconds by the clock of the site that wrote it. */
  readonly time: number;
}

/** A row of one side as it is now, columns under the names of the side that changes come from. */
export interface SideRow {
  readonly exists: boolean;
  readonly cells: ReadonlyMap<string, Version>;
  readonly marker: { readonly value: Value; readonly time: number; readonly read: StoredMarker | undefined } | undefined;
}

export const noRow: SideRow = { exists: false, cells: new Map(), marker: undefined };

/** @param nameOf the column's name on the side that changes come from. @throws RowRefused */
export function sideRow(row: FlowRow | undefined, nameOf: (column: string) => string): SideRow {
  if (row === undefined) return noRow;
  const cells = new Map<string, Version>();
  let marker: SideRow["marker"];
  for (const { name, value, timestamp = 0 } of row.columns) {
    if (name === markerColumn) marker ??= { value, time: timestamp, read: readMarker(value) };
    else if (!cells.has(nameOf(name))) cells.set(nameOf(name), { value, time: timestamp });
  }
  return { exists: true, cells, marker };
}

/**
 * The site that a cell of a row came from, as far as its marker tells: what the engine brought last is never older than the row's newest
 * cell of that site. Asked only where two moments are the same, or to tell whose a change is.
 */
export function siteOf({ time }: Version, { marker }: SideRow, own: string): string {
  const read = marker?.read;
  return read !== undefined && read.site !== own && read.time >= time ? read.site : own;
}
