import { RowRefused, type CompiledMapping, type FlowRow, type Refusal } from "../job/mapping.ts";
import type { Batch } from "./connector.ts";

export interface RefusedRow {
  /** The row's place in the batch. */
  readonly index: number;
  readonly refusal: Refusal;
}

export interface MappedBatch {
  readonly refused: readonly RefusedRow[];
  /** Rows that became none. */
  readonly filtered: number;
  /** Cells that counted as absent because they are too old. */
  readonly expiredCells: number;
}

/**
 * Takes every decoded row of a batch through a mapping. A row that the mapping refuses, or for which `visit` throws
 * `RowRefused`, is put aside and the rest goes on; anything else that is thrown stops. Cells with a timestamp (ms) before
 * `oldest` count as absent.
 */
export function mapBatch(
  batch: Batch,
  mapping: CompiledMapping | undefined,
  oldest: number | undefined,
  visit: (row: FlowRow, index: number) => void,
): MappedBatch {
  const rows = batch.decoded();
  const refused: RefusedRow[] = [];
  const map = mapping === undefined || mapping.identity ? undefined : mapping;
  let filtered = 0;
  let expiredCells = 0;
  for (let index = 0; index < rows.length; index++) {
    refusing(refused, index, () => {
      const row = oldest === undefined ? rows[index]! : withoutExpired(rows[index]!, oldest);
      expiredCells += rows[index]!.columns.length - row.columns.length;
      if (map === undefined) return visit(row, index);
      const out = map.map(row);
      if (out.length === 0) filtered++;
      for (const made of out) visit(made, index);
    });
  }
  return { refused, filtered, expiredCells };
}

function withoutExpired(row: FlowRow, oldest: number): FlowRow {
  return { key: row.key, columns: row.columns.filter(({ timestamp }) => timestamp === undefined || timestamp >= oldest) };
}

/** Runs `attempt` for one row and puts the row aside when it is refused. */
export function refusing(refused: RefusedRow[], index: number, attempt: () => void): void {
  try {
    attempt();
  } catch (error) {
    if (!(error instanceof RowRefused)) throw error;
    refused.push({ index, refusal: error.refusal });
  }
}
