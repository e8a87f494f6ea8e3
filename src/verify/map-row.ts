import { RowRefused, type CompiledMapping, type FlowRow } from "../job/mapping.ts";

/** @throws RowRefused */
export function mapRow(row: FlowRow, mapping: CompiledMapping | undefined): readonly FlowRow[] {
  return mapping === undefined || mapping.identity ? [row] : mapping.map(row);
}

/** What a row becomes, or why it becomes nothing. */
export function tryMap(
  row: FlowRow,
  mapping: CompiledMapping | undefined,
): { readonly rows: readonly FlowRow[]; readonly refused: RowRefused | undefined } {
  try {
    return { rows: mapRow(row, mapping), refused: undefined };
  } catch (error) {
    if (!(error instanceof RowRefused)) throw error;
    return { rows: [], refused: error };
  }
}
