import type { Value } from "../../model/value.ts";
import { WireCorrupt } from "../corrupt.ts";
import type { ByteWriter } from "./byte-writer.ts";
import { CellMover } from "./cell-mover.ts";
import { table } from "./crc8.ts";
import { writeCell, writeHeader } from "./encode.ts";
import type { EncodedName } from "./names.ts";
import { compilePlan, keyTypeByte, type CompiledPlan, type KeyOutput, type Output } from "./outputs.ts";
import type { Column } from "./row-scan.ts";
import type { RewritePlan, RewriteRefusal } from "./rewrite-plan.ts";
import * as tag from "./tag.ts";
import { ABSENT, type RowWalker } from "./walk.ts";

export type RewriteOutcome = "written" | "filtered" | "refused";

/** Compiles a plan. A rewriter keeps what it learned of the rows, so one serves many batches, one worker at a time. */
export function compileRewrite(plan: RewritePlan): Rewriter {
  return new Rewriter(plan);
}

/**
 * Turns one encoded row as read into one encoded PutRow change with another key and other columns. Only inputs of
 * computations are decoded, and checked; every other cell is moved with its checksum adjusted, never made anew, so that
 * a value broken on the way here still does not match when it arrives. The order of the written cells is fixed by plan
 * and row.
 */
export class Rewriter {
  /** After `written`: the change with its header is `writer.bytes[start, end)`, its key up to `keyEnd`. */
  start = 0;
  keyEnd = 0;
  end = 0;
  /** After `refused`: why. The writer stands where it stood before. */
  refusal: RewriteRefusal | undefined;
  readonly #plan: RewritePlan;
  readonly #compiled: CompiledPlan;
  readonly #mover = new CellMover();
  /** What is being written, for refusals. */
  #column: string | undefined;

  constructor(plan: RewritePlan) {
    this.#plan = plan;
    this.#compiled = compilePlan(plan);
  }

  /** Cells left out so far because they were older than the plan's `oldest`. */
  get expired(): number {
    return this.#compiled.scan.expired;
  }

  /** Appends the change for the row the walker stands on. @throws TF_WIRE_CORRUPT when it is no row of the source. */
  rewrite(walker: RowWalker, writer: ByteWriter): RewriteOutcome {
    const { scan, key } = this.#compiled;
    const { keep } = this.#plan;
    scan.scan(walker);
    const start = writer.at;
    this.#column = undefined;
    try {
      if (keep !== undefined && scan.compute(keep, walker) !== true) return "filtered";
      writeHeader(writer);
      writer.reserve(1);
      writer.byte(tag.ROW_KEY);
      let crc = 0;
      for (const output of key) {
        const cellCrc = this.#keyColumn(walker, writer, output);
        if (cellCrc < 0) return this.#refuse(writer, start);
        crc = table[crc ^ cellCrc]!;
      }
      this.keyEnd = writer.at;
      crc = this.#cells(walker, writer, crc);
      writer.reserve(2);
      writer.byte(tag.ROW_CHECKSUM);
      writer.byte(table[crc]!);
    } catch (error) {
      writer.at = start;
      if (error instanceof WireCorrupt) throw error;
      this.refusal = { cause: "threw", column: this.#column, error };
      return "refused";
    }
    this.start = start;
    this.end = writer.at;
    return "written";
  }

  #refuse(writer: ByteWriter, start: number): RewriteOutcome {
    writer.at = start;
    return "refused";
  }

  /** Writes a key column and returns its checksum, or −1 with `refusal` set. */
  #keyColumn(walker: RowWalker, writer: ByteWriter, { name, type, from }: KeyOutput): number {
    this.#column = name.name;
    switch (from.kind) {
      case "key":
        return this.#keyCell(walker, writer, from.field, this.#compiled.scan.key[from.field]!, name, type);
      case "column":
        if (!this.#compiled.scan.has(from.column)) return this.#missingKey(name);
        return this.#keyCell(walker, writer, from.column.field, from.column.name, name, type);
      default: {
        const value = from.kind === "constant" ? from.value : this.#compiled.scan.compute(from.index, walker);
        if (value === undefined) return this.#missingKey(name);
        const at = writer.at;
        const crc = writeCell(writer, name, value, undefined, 0);
        const found = writer.bytes[at + name.length + 5]!;
        return found === keyTypeByte[type] ? crc : this.#wrongKeyType(name, type, found);
      }
    }
  }

  #keyCell(walker: RowWalker, writer: ByteWriter, field: number, from: EncodedName, to: EncodedName, type: KeyOutput["type"]): number {
    const found = walker.typeOf(field);
    if (found !== keyTypeByte[type]) return this.#wrongKeyType(to, type, found);
    return this.#mover.move(walker, writer, field, from, to, undefined);
  }

  #missingKey({ name }: EncodedName): number {
    this.refusal = { cause: "missingKey", column: name };
    return -1;
  }

  #wrongKeyType({ name }: EncodedName, expected: KeyOutput["type"], found: number): number {
    this.refusal = { cause: "wrongKeyType", column: name, expected, found: tag.typeName[found] ?? "nothing" };
    return -1;
  }

  /** Writes all cells and returns the row's checksum so far. */
  #cells(walker: RowWalker, writer: ByteWriter, crc: number): number {
    writer.reserve(1);
    const tagAt = writer.at;
    writer.byte(tag.ROW_CELLS);
    const { columns } = this.#compiled;
    for (let i = 0; i < columns.length; i++) crc = this.#output(walker, writer, columns[i]!, crc);
    if (this.#plan.rest === "copy") crc = this.#rest(walker, writer, crc);
    if (writer.at === tagAt + 1) writer.at = tagAt;
    return crc;
  }

  #output(walker: RowWalker, writer: ByteWriter, { name, from }: Output, crc: number): number {
    const { scan } = this.#compiled;
    const keep = this.#plan.keepTimestamps;
    this.#column = name.name;
    switch (from.kind) {
      case "key":
        return table[crc ^ this.#mover.move(walker, writer, from.field, scan.key[from.field]!, name, keep ? scan.newest : undefined)]!;
      case "constant":
        return table[crc ^ writeCell(writer, name, from.value, keep ? scan.newest : undefined, 0)]!;
      case "computed":
        if (keep && from.versions !== undefined) return this.#computedVersions(walker, writer, name, from.index, from.versions, crc);
        return this.#computed(walker, writer, name, from.index, crc);
      case "column":
        if (!scan.has(from.column)) return crc;
        if (!keep) return table[crc ^ this.#mover.move(walker, writer, from.column.field, from.column.name, name, undefined)]!;
        for (let field = from.column.field; field < walker.count; field++) {
          if (scan.columns[field] !== from.column) continue;
          crc = table[crc ^ this.#mover.rename(walker, writer, field, from.column.name, name)]!;
        }
        return crc;
    }
  }

  #computed(walker: RowWalker, writer: ByteWriter, name: EncodedName, index: number, crc: number): number {
    const { scan } = this.#compiled;
    const value: Value | undefined = scan.compute(index, walker);
    if (value === undefined) return crc;
    const timestamp = this.#plan.keepTimestamps ? scan.timestampFor(index, walker) : undefined;
    return table[crc ^ writeCell(writer, name, value, timestamp, 0)]!;
  }

  #computedVersions(walker: RowWalker, writer: ByteWriter, name: EncodedName, index: number, column: Column, crc: number): number {
    const { scan } = this.#compiled;
    if (!scan.has(column)) return this.#computed(walker, writer, name, index, crc);
    for (let field = column.field; field < walker.count; field++) {
      if (scan.columns[field] !== column) continue;
      const value = scan.computeVersion(index, walker, field);
      if (value !== undefined) crc = table[crc ^ writeCell(writer, name, value, walker.timestampOf(field), 0)]!;
    }
    return crc;
  }

  /** Carries over the cells no rule speaks of; whole, in runs, when nothing about them changes. */
  #rest(walker: RowWalker, writer: ByteWriter, crc: number): number {
    if (!this.#plan.keepTimestamps) return this.#restLatest(walker, writer, crc);
    const { columns } = this.#compiled.scan;
    const { count } = walker;
    let runStart = ABSENT;
    let runEnd = ABSENT;
    for (let field = walker.keyCount; field < count; field++) {
      const column = columns[field];
      if (column === undefined || !column.rest) continue;
      if (walker.start[field] !== runEnd) {
        if (runStart !== ABSENT) this.#copyRun(walker, writer, runStart, runEnd);
        runStart = walker.start[field]!;
      }
      runEnd = walker.end[field]!;
      crc = table[crc ^ walker.crcOf(field)]!;
    }
    if (runStart !== ABSENT) this.#copyRun(walker, writer, runStart, runEnd);
    return crc;
  }

  #copyRun(walker: RowWalker, writer: ByteWriter, from: number, to: number): void {
    writer.reserve(to - from);
    writer.copy(walker.view, from, to);
  }

  /** Carries over the newest versions without their timestamps. */
  #restLatest(walker: RowWalker, writer: ByteWriter, crc: number): number {
    const { columns } = this.#compiled.scan;
    const { count } = walker;
    for (let field = walker.keyCount; field < count; field++) {
      const column = columns[field];
      if (column === undefined || !column.rest || column.field !== field) continue;
      crc = table[crc ^ this.#mover.unstamp(walker, writer, field)]!;
    }
    return crc;
  }
}
