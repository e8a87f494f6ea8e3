import type { FlowRow } from "../../job/mapping.ts";
import type { Batch, Position, SourceRefusal } from "../connector.ts";

/** Rows of a file, decoded as they were read: only so is it known which records are rows. */
export class FileBatch implements Batch {
  readonly split: string;
  readonly from: Position | undefined;
  readonly position: Position;
  readonly bytes: number;
  readonly refused: readonly SourceRefusal[];
  readonly #title: string;
  readonly #rows: readonly FlowRow[];
  readonly #lines: readonly number[];

  constructor(
    span: Pick<Batch, "split" | "from" | "position" | "bytes" | "refused">,
    title: string,
    rows: readonly FlowRow[],
    lines: readonly number[],
  ) {
    this.split = span.split;
    this.from = span.from;
    this.position = span.position;
    this.bytes = span.bytes;
    this.refused = span.refused;
    this.#title = title;
    this.#rows = rows;
    this.#lines = lines;
  }

  get rows(): number {
    return this.#rows.length;
  }

  decoded(): readonly FlowRow[] {
    return this.#rows;
  }

  place(index: number): string {
    return `${this.#title}:${this.#lines[index]}`;
  }
}
