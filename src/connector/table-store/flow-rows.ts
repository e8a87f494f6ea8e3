import type { FlowRow } from "../../job/mapping.ts";
import type { Row } from "../../model/row.ts";
import { rowOf } from "../../wire/plainbuffer/decode.ts";
import { RowWalker } from "../../wire/plainbuffer/walk.ts";

/**
 * Rows of a reply, decoded; timestamps only where they are carried over.
 * @param walker for those who decode row after row: one costs more to make than a row to decode
 * @throws TF_WIRE_CORRUPT
 */
export function decodeFlowRows(bytes: Uint8Array, versions: "latest" | "keep", walker = new RowWalker()): FlowRow[] {
  walker.open(bytes);
  const rows: FlowRow[] = [];
  while (walker.next()) rows.push(flowRowOf(rowOf(walker), versions));
  return rows;
}

export function flowRowOf(row: Row, versions: "latest" | "keep"): FlowRow {
  return { key: row.key, columns: versions === "keep" ? row.cells : row.cells.map(({ name, value }) => ({ name, value })) };
}
