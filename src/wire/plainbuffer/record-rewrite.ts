import { limits } from "../../model/limits.ts";
import type { ByteWriter } from "./byte-writer.ts";
import { CellMover } from "./cell-mover.ts";
import { table } from "./crc8.ts";
import { writeCell, writeHeader } from "./encode.ts";
import type { EncodedName } from "./names.ts";
import { compilePlan, keyTypeByte, type CompiledPlan } from "./outputs.ts";
import type { Computation, RewritePlan } from "./rewrite-plan.ts";
import type { Column, RowScan } from "./row-scan.ts";
import * as tag from "./tag.ts";
import { ABSENT, type RowWalker } from "./walk.ts";

/** What a record must be besides what the plan says, or it is left to those who decode it. */
export interface RecordTerms {
  /** Without `keepTimestamps`: how far (ms) an update's timestamps may lie from its commit to be those of the service's clock. */
  readonly stampedWithinMs: number;
  /** Whether an attribute column may have this name in the target. */
  readonly mayName: (name: string) => boolean;
}

interface KeyColumn {
  readonly field: number;
  readonly from: EncodedName;
  readonly to: EncodedName;
  readonly typeByte: number;
}

/** Whether each type of value is carried over as it is (1), after a look at it (2), or not (0). */
const carried = new Uint8Array(256);
for (const type of [tag.TYPE_INTEGER, tag.TYPE_BOOLEAN, tag.TYPE_STRING, tag.TYPE_BINARY]) carried[type] = 1;
carried[tag.TYPE_DOUBLE] = 2;

/** Undefined where the plan does more to each row than to copy, rename and leave out. Columns may be made of single others: records that hold those are left. */
export function compileRecordRewrite(plan: RewritePlan, terms: RecordTerms): RecordRewriter | undefined {
  const key = new Set(plan.sourceKey.map(({ name }) => name));
  const copies =
    plan.keep === undefined &&
    plan.targetKey.every(({ from }) => from.kind === "key") &&
    plan.columns.every(({ from }) =>
      from.kind === "computed"
        ? isNothingAlone(plan.computed[from.index]!, key, plan.keepTimestamps)
        : from.kind === "column" && !key.has(from.name),
    ) &&
    (plan.rest === "drop" || plan.sourceKey.every(({ name }) => plan.excluded.includes(name)));
  return copies ? new RecordRewriter(plan, terms) : undefined;
}

/** Whether a column comes of one other alone, and is surely not there without it. */
function isNothingAlone({ inputs, perVersion, apply }: Computation, key: ReadonlySet<string>, keepTimestamps: boolean): boolean {
  if (inputs.length !== 1 || key.has(inputs[0]!) || (keepTimestamps && perVersion !== true)) return false;
  try {
    return (apply([undefined]) ?? undefined) === undefined;
  } catch {
    return false;
  }
}

/**
 * Turns one record of a stream, as it came, into the change of the target row that it comes to: a put of a put, an update of an update. What it does
 * not do is left to others, who say the same or more: deletions of rows and single versions, columns that occur twice where that matters, timestamps of a
 * writer's own, updates that touch nothing that is carried over.
 */
export class RecordRewriter {
  /** After `rewrite`: the change with its header is `writer.bytes[start, end)`, with so many cells. */
  start = 0;
  end = 0;
  cells = 0;
  readonly #keep: boolean;
  readonly #terms: RecordTerms;
  readonly #scan: RowScan;
  readonly #key: readonly KeyColumn[];
  /** The target's key is written as the source's. */
  readonly #sameKey: boolean;
  readonly #columns: CompiledPlan["columns"];
  /** Source columns of which others are made. */
  readonly #computedFrom: ReadonlySet<string>;
  readonly #mover = new CellMover();
  #row = 0;
  /** Of the record's cells: those that put a version, and written ones that do. */
  #puts = 0;
  #putsWritten = 0;

  constructor(plan: RewritePlan, terms: RecordTerms) {
    const { scan, key, columns } = compilePlan(plan);
    this.#keep = plan.keepTimestamps;
    this.#terms = terms;
    this.#scan = scan;
    this.#columns = columns;
    const computed = plan.columns.flatMap(({ from }) => (from.kind === "computed" ? plan.computed[from.index]!.inputs : []));
    this.#computedFrom = new Set(computed);
    this.#key = key.map(({ name, type, from }) => {
      const field = from.kind === "key" ? from.field : ABSENT;
      return { field, from: scan.key[field]!, to: name, typeByte: keyTypeByte[type] };
    });
    this.#sameKey = key.length === scan.key.length && this.#key.every(({ field, from, to }, at) => field === at && from.name === to.name);
  }

  /**
   * Appends the change for the record the walker stands on, or nothing.
   * @param oldest cells with an older timestamp (ms) leave the record to others
   * @throws TF_WIRE_CORRUPT
   */
  rewrite(walker: RowWalker, type: "put" | "update", writer: ByteWriter, oldest: number | undefined): boolean {
    const start = writer.at;
    const { forgotten } = this.#scan;
    if (!this.#scan.hasKey(walker) || walker.deleted) return false;
    let crc = this.#writeKey(walker, writer);
    if (crc >= 0) crc = this.#writeCells(walker, type, writer, oldest, crc);
    const updates = type === "put" || (this.#puts > 0 ? this.#putsWritten > 0 : this.cells > 0);
    if (crc < 0 || !updates || this.#scan.forgotten !== forgotten) {
      writer.at = start;
      return false;
    }
    writer.reserve(2);
    writer.byte(tag.ROW_CHECKSUM);
    writer.byte(table[crc]!);
    this.start = start;
    this.end = writer.at;
    return true;
  }

  /** Returns the row's checksum so far, or −1 where the key is none of the target's. */
  #writeKey(walker: RowWalker, writer: ByteWriter): number {
    writeHeader(writer);
    writer.reserve(1);
    writer.byte(tag.ROW_KEY);
    let crc = 0;
    for (const { field, from, to, typeByte } of this.#key) {
      const bytes = walker.valueEnd[field]! - walker.valueAt[field]! - 5;
      if (walker.typeOf(field) !== typeByte || bytes > limits.keyValueBytesMax) return -1;
      if (walker.op[field] !== 0 || walker.timestampAt[field] !== ABSENT) return -1;
      crc = table[crc ^ (this.#sameKey ? walker.crcOf(field) : this.#mover.move(walker, writer, field, from, to, undefined))]!;
    }
    if (this.#sameKey) {
      const from = walker.start[0]!;
      const to = walker.end[walker.keyCount - 1]!;
      writer.reserve(to - from);
      writer.copy(walker.view, from, to, walker.bytes.length);
    }
    return crc;
  }

  /** Returns the row's checksum so far, or −1 where the record is left to others. */
  #writeCells(walker: RowWalker, type: "put" | "update", writer: ByteWriter, oldest: number | undefined, crcOfKey: number): number {
    const { op, count } = walker;
    const keep = this.#keep;
    const row = ++this.#row;
    const committedAt = keep || type === "put" ? undefined : walker.committedAt();
    const committedMs = committedAt === undefined ? Number.NaN : committedAt / 1000;
    this.cells = 0;
    this.#puts = 0;
    this.#putsWritten = 0;
    let crc = crcOfKey;
    let deletions = 0;
    let repeated = false;
    let column: Column | undefined;
    writer.reserve(1);
    const tagAt = writer.at;
    writer.byte(tag.ROW_CELLS);
    for (let field = walker.keyCount; field < count; field++) {
      column = this.#scan.columnOf(walker, field, column);
      if (column.row === row) repeated = true;
      column.row = row;
      const written = column.written ?? this.#learn(column);
      if (written === "other") return -1;
      if (op[field] === 0) {
        if (!this.#isPlain(walker, field, committedMs, oldest)) return -1;
        this.#puts++;
        for (let at = 0; at < written.length; at++) crc = table[crc ^ this.#writePut(walker, writer, field, column.name, written[at]!)]!;
        this.#putsWritten += written.length;
      } else {
        if (type === "put" || op[field] !== tag.OP_DELETE_ALL) return -1;
        if (walker.valueAt[field] !== ABSENT || walker.timestampAt[field] !== ABSENT) return -1;
        deletions++;
        for (const name of written) crc = table[crc ^ writeCell(writer, name, undefined, undefined, tag.OP_DELETE_ALL)]!;
      }
      this.cells += written.length;
    }
    if (repeated && (!keep || deletions > 0)) return -1;
    if (this.cells === 0) writer.at = tagAt;
    return crc;
  }

  /** Whether a cell that puts a version is one that is carried over without being decoded. */
  #isPlain(walker: RowWalker, field: number, committedMs: number, oldest: number | undefined): boolean {
    const { view } = walker;
    const valueAt = walker.valueAt[field]!;
    const timestampAt = walker.timestampAt[field]!;
    if (valueAt === ABSENT || timestampAt === ABSENT) return false;
    const kind = carried[walker.bytes[valueAt]!]!;
    if (kind !== 1 && (kind === 0 || !isFinite(view, valueAt + 1))) return false;
    if (walker.valueEnd[field]! - valueAt - 5 > limits.attributeValueBytesMax) return false;
    if (this.#keep) {
      // Within 53 bits and not negative.
      if (view.getUint32(timestampAt + 4, true) > 0x1f_ffff) return false;
      return oldest === undefined || walker.timestampOf(field) >= oldest;
    }
    return !(Math.abs(walker.timestampOf(field) - committedMs) > this.#terms.stampedWithinMs);
  }

  /** Appends a cell and returns its checksum. */
  #writePut(walker: RowWalker, writer: ByteWriter, field: number, from: EncodedName, to: EncodedName): number {
    if (from !== to) {
      return this.#keep
        ? this.#mover.rename(walker, writer, field, from, to)
        : this.#mover.move(walker, writer, field, from, to, undefined);
    }
    if (!this.#keep) return this.#mover.unstamp(walker, writer, field);
    const start = walker.start[field]!;
    const end = walker.end[field]!;
    writer.reserve(end - start);
    writer.copy(walker.view, start, end, walker.bytes.length);
    return walker.crcOf(field);
  }

  /** The names under which a column is written, those of rules first; `other` where one of them is none of the target's, or more comes of it than copies. */
  #learn(column: Column): readonly EncodedName[] | "other" {
    const names: EncodedName[] = [];
    for (const { name, from } of this.#columns) if (from.kind === "column" && from.column.name.name === column.name.name) names.push(name);
    if (column.rest) names.push(column.name);
    const copies = !this.#computedFrom.has(column.name.name) && names.every(({ name }) => this.#terms.mayName(name));
    column.written = copies ? names : "other";
    return column.written;
  }
}

/** Whether the eight bytes are a number that is neither infinite nor none. */
function isFinite(view: DataView, at: number): boolean {
  return (view.getInt32(at + 4, true) & 0x7ff0_0000) !== 0x7ff0_0000;
}
