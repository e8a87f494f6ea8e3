import type { FlowRow } from "../../job/mapping.ts";
import { realKeyOf } from "../../wire/plainbuffer/decode.ts";
import { RowWalker } from "../../wire/plainbuffer/walk.ts";
import type { Batch, Position, SourceRefusal } from "../connector.ts";
import { decodeFlowRows } from "./flow-rows.ts";
import { keyTitle } from "./key-bounds.ts";

/** One page of a range as it came; nothing is decoded unless somebody asks. */
export class TableBatch implements Batch {
  readonly split: string;
  readonly from: Position | undefined;
  readonly position: Position;
  readonly encoded: { readonly format: "plainbuffer"; readonly bytes: Uint8Array };
  readonly refused: readonly SourceRefusal[] = [];
  readonly #versions: "latest" | "keep";
  #rows: readonly FlowRow[] | undefined;
  #count: number | undefined;
  #starts: readonly number[] | undefined;

  constructor(place: Pick<Batch, "split" | "from" | "position">, bytes: Uint8Array, versions: "latest" | "keep") {
    this.split = place.split;
    this.from = place.from;
    this.position = place.position;
    this.encoded = { format: "plainbuffer", bytes };
    this.#versions = versions;
  }

  get bytes(): number {
    return this.encoded.bytes.length;
  }

  get rows(): number {
    return (this.#count ??= countRows(this.encoded.bytes));
  }

  /** Told by who walked through the rows anyway, so that they are not counted again. */
  counted(rows: number): void {
    this.#count = rows;
  }

  decoded(): readonly FlowRow[] {
    this.#rows ??= decodeFlowRows(this.encoded.bytes, this.#versions);
    this.#count = this.#rows.length;
    return this.#rows;
  }

  place(index: number): string {
    const { bytes } = this.encoded;
    this.#starts ??= rowStarts(bytes);
    const walker = new RowWalker("none").openRows(bytes, this.#starts[index] ?? bytes.length, bytes.length);
    return walker.next() ? keyTitle(realKeyOf(walker)) : `row ${index} of the page`;
  }
}

/** Rows of a page, by their lengths alone. */
export function countRows(bytes: Uint8Array): number {
  const walker = new RowWalker("none").open(bytes);
  let count = 0;
  while (walker.next()) count++;
  return count;
}

function rowStarts(bytes: Uint8Array): number[] {
  const walker = new RowWalker("none").open(bytes);
  const starts: number[] = [];
  while (walker.next()) starts.push(walker.rowStart);
  return starts;
}
