import type { FlowRow } from "../../job/mapping.ts";

/** Makes text of rows; what a reader of the same layout reads back is the same row. */
export interface RowWriter {
  /** Must see the rows of a batch before they are written: what is not declared is learned from the first ones. */
  learn(rows: readonly FlowRow[]): void;
  /** @throws RowRefused where this form cannot say the row; TF_TARGET_SCHEMA where the specification lacks something */
  text(row: FlowRow): string;
  /** What stands before the first row, and behind the last. */
  head(): string;
  tail(): string;
  /** Bytes that the very first row leaves away: a comma between rows. */
  readonly separatorLength: number;
}
