import type { KeyColumn } from "../../model/key.ts";
import type { PutCell } from "../../model/row.ts";
import type { KeyValue, Value } from "../../model/value.ts";
import { WireCorrupt } from "../corrupt.ts";
import type { ByteWriter } from "./byte-writer.ts";
import { encodeName, nameText, type EncodedName } from "./names.ts";
import { compilePlan, keyTypeByte, type CompiledPlan, type KeyOutput, type Output } from "./outputs.ts";
import type { Place } from "./row-scan.ts";
import type { RewriteOutcome } from "./rewrite.ts";
import type { RewritePlan, RewriteRefusal } from "./rewrite-plan.ts";
import { typeName } from "./tag.ts";
import { writeValue } from "./value.ts";
import type { RowWalker } from "./walk.ts";

/**
 * The canonical form of a row, which digests are made of (engine rule R7): one byte, the number of key columns; then
 * each key column in schema order and each cell in byte order of its name, newest version first, as length of name
 * (four bytes, little-endian), name, type byte and payload (reference 3.6), and, behind cells when timestamps are kept,
 * the timestamp (eight bytes; −1 for a cell that has none, whose version the target's clock will decide). No two rows
 * share a form.
 */
export interface CanonicalPlan extends RewritePlan {
  /** Names of written columns that do not belong to the row: the engine's own. */
  readonly ignored?: readonly string[] | undefined;
}

const NO_TIMESTAMP = -1;

/** Compiles a plan; see `RowCanonicalizer`. */
export function compileCanonical(plan: CanonicalPlan): RowCanonicalizer {
  return new RowCanonicalizer(plan);
}

/** A cell that will be written: its name, where its bytes are, and which of several cells of that name it is. */
interface Pending {
  name: EncodedName;
  place: Place;
  /** Field of the row read, or −1 when `value` says it. */
  field: number;
  /** Of a computed cell whose value is to be asked for when it is written; else −1. */
  computed: number;
  value: Value | undefined;
  /** Given timestamp; undefined takes the field's own. */
  timestamp: number | undefined;
}

/**
 * Appends the canonical form of encoded rows, mapped by a plan on the way: the same bytes as `canonicalOfRow` over the
 * decoded and mapped row, and as the canonical form of the row that the plan's rewriter writes.
 */
export class RowCanonicalizer {
  /** After `written`: the form is `writer.bytes[start, end)`, its key part up to `keyEnd`. */
  start = 0;
  keyEnd = 0;
  end = 0;
  refusal: RewriteRefusal | undefined;
  readonly #plan: CanonicalPlan;
  readonly #compiled: CompiledPlan;
  readonly #ignored: ReadonlySet<string>;
  /** In the order of names. Without timestamps it depends on nothing but the columns a row has, and serves the rows that have the same. */
  readonly #pending: Pending[] = [];
  #count = 0;
  #pendingServes = false;
  #column: string | undefined;

  constructor(plan: CanonicalPlan) {
    this.#plan = plan;
    this.#compiled = compilePlan(plan);
    this.#ignored = new Set(plan.ignored);
  }

  /** Cells left out so far because they were older than the plan's `oldest`. */
  get expired(): number {
    return this.#compiled.scan.expired;
  }

  /** Appends the form of the row the walker stands on. @throws TF_WIRE_CORRUPT when it is no row of the source. */
  write(walker: RowWalker, writer: ByteWriter): RewriteOutcome {
    const { scan, key } = this.#compiled;
    const { keep } = this.#plan;
    scan.scan(walker);
    // At once: a row that goes no further counts as one of its shape for the next.
    if (!scan.sameShape) this.#pendingServes = false;
    const start = writer.at;
    let inCells = false;
    this.#column = undefined;
    this.refusal = undefined;
    try {
      if (keep !== undefined && scan.compute(keep, walker) !== true) return "filtered";
      writer.reserve(1);
      writer.byte(key.length);
      for (const output of key) {
        if (!this.#key(walker, writer, output)) {
          writer.at = start;
          return "refused";
        }
      }
      this.keyEnd = writer.at;
      inCells = true;
      if (!this.#pendingServes) {
        this.#collect(walker);
        this.#sort();
        this.#pendingServes = !this.#plan.keepTimestamps;
      }
      for (let i = 0; i < this.#count; i++) this.#cell(walker, writer, this.#pending[i]!);
    } catch (error) {
      writer.at = start;
      if (error instanceof WireCorrupt) throw error;
      this.refusal = (inCells ? this.#firstThrown(walker) : undefined) ?? { cause: "threw", column: this.#column, error };
      return "refused";
    }
    this.start = start;
    this.end = writer.at;
    return "written";
  }

  /** Cells are computed in the order of names; a row is refused for the first rule that cannot be followed, as by the rewriter. */
  #firstThrown(walker: RowWalker): RewriteRefusal | undefined {
    const { scan, columns } = this.#compiled;
    if (this.#plan.keepTimestamps) return undefined;
    for (const { name, from } of columns) {
      if (from.kind !== "computed") continue;
      try {
        scan.compute(from.index, walker);
      } catch (error) {
        return { cause: "threw", column: name.name, error };
      }
    }
    return undefined;
  }

  #key(walker: RowWalker, writer: ByteWriter, { name, type, from }: KeyOutput): boolean {
    const { scan } = this.#compiled;
    this.#column = name.name;
    let field = -1;
    let value: Value | undefined;
    if (from.kind === "key") field = from.field;
    else if (from.kind === "column") field = scan.has(from.column) ? from.column.field : -1;
    else value = from.kind === "constant" ? from.value : scan.compute(from.index, walker);
    if (field < 0 && value === undefined) {
      this.refusal = { cause: "missingKey", column: name.name };
      return false;
    }
    writeName(writer, name);
    const valueAt = writer.at;
    if (field >= 0) copyValue(walker, writer, field);
    else writeValue(writer, value!);
    const found = writer.bytes[valueAt]!;
    if (found === keyTypeByte[type]) return true;
    this.refusal = { cause: "wrongKeyType", column: name.name, expected: type, found: typeName[found] ?? "nothing" };
    return false;
  }

  /** Finds every cell that the rewriter would write. */
  #collect(walker: RowWalker): void {
    this.#count = 0;
    const { scan, columns } = this.#compiled;
    const keep = this.#plan.keepTimestamps;
    for (const output of columns) this.#output(walker, output);
    if (this.#plan.rest !== "copy") return;
    for (let field = walker.keyCount; field < walker.count; field++) {
      const column = scan.columns[field];
      if (column === undefined || !column.rest || (!keep && column.field !== field)) continue;
      this.#add(column.name, column.place, field, -1, undefined, undefined);
    }
  }

  #output(walker: RowWalker, { name, place, from }: Output): void {
    const { scan } = this.#compiled;
    const keep = this.#plan.keepTimestamps;
    this.#column = name.name;
    if (from.kind === "key") return this.#add(name, place, from.field, -1, undefined, scan.newest);
    if (from.kind === "constant") return this.#add(name, place, -1, -1, from.value, scan.newest);
    if (from.kind === "column") {
      if (!scan.has(from.column)) return;
      if (!keep) return this.#add(name, place, from.column.field, -1, undefined, undefined);
      for (let field = from.column.field; field < walker.count; field++) {
        if (scan.columns[field] === from.column) this.#add(name, place, field, -1, undefined, undefined);
      }
      return;
    }
    if (!keep) return this.#add(name, place, -1, from.index, undefined, undefined);
    if (from.versions === undefined || !scan.has(from.versions)) {
      const value = scan.compute(from.index, walker);
      if (value !== undefined) this.#add(name, place, -1, -1, value, scan.timestampFor(from.index, walker));
      return;
    }
    for (let field = from.versions.field; field < walker.count; field++) {
      if (scan.columns[field] !== from.versions) continue;
      const value = scan.computeVersion(from.index, walker, field);
      if (value !== undefined) this.#add(name, place, -1, -1, value, walker.timestampOf(field));
    }
  }

  #add(name: EncodedName, place: Place, field: number, computed: number, value: Value | undefined, timestamp: number | undefined): void {
    if (this.#ignored.size > 0 && this.#ignored.has(name.name)) return;
    const slot = this.#pending[this.#count];
    if (slot === undefined) {
      this.#pending.push({ name, place, field, computed, value, timestamp });
    } else {
      slot.name = name;
      slot.place = place;
      slot.field = field;
      slot.computed = computed;
      slot.value = value;
      slot.timestamp = timestamp;
    }
    this.#count++;
  }

  /** Stable insertion: what a service answers is sorted already, and only what rules wrote must find its place. */
  #sort(): void {
    const pending = this.#pending;
    for (let i = 1; i < this.#count; i++) {
      const moving = pending[i]!;
      let at = i;
      while (at > 0 && !inOrder(pending[at - 1]!.place, moving.place)) {
        pending[at] = pending[at - 1]!;
        at--;
      }
      pending[at] = moving;
    }
  }

  #cell(walker: RowWalker, writer: ByteWriter, { name, field, computed, value: given, timestamp }: Pending): void {
    let value = given;
    if (computed >= 0) {
      this.#column = name.name;
      value = this.#compiled.scan.compute(computed, walker);
      if (value === undefined) return;
    }
    writeName(writer, name);
    if (field >= 0) copyValue(walker, writer, field);
    else writeValue(writer, value!);
    if (!this.#plan.keepTimestamps) return;
    writer.reserve(8);
    if (field >= walker.keyCount) writer.copy(walker.view, walker.timestampAt[field]!, walker.timestampAt[field]! + 8);
    else writer.int64(timestamp ?? NO_TIMESTAMP);
  }
}

/**
 * Appends the canonical form of a decoded row and returns where its key part ends. Cells may come in any order of names;
 * of versions without timestamps kept only the first counts.
 */
export function canonicalOfRow(
  writer: ByteWriter,
  row: { readonly key: readonly KeyColumn<KeyValue>[]; readonly cells: readonly PutCell[] },
  keepTimestamps: boolean,
): number {
  writer.reserve(1);
  writer.byte(row.key.length);
  for (const { name, value } of row.key) {
    writeName(writer, encodeName(name));
    writeValue(writer, value);
  }
  const keyEnd = writer.at;
  const named = row.cells.map((cell) => ({ cell, text: nameText(encodeName(cell.name)) })).sort((a, b) => compareText(a.text, b.text));
  let previous: string | undefined;
  for (const { cell } of named) {
    if (!keepTimestamps && cell.name === previous) continue;
    previous = cell.name;
    writeName(writer, encodeName(cell.name));
    writeValue(writer, cell.value);
    writer.reserve(8);
    if (keepTimestamps) writer.int64(cell.timestamp ?? NO_TIMESTAMP);
  }
  return keyEnd;
}

/** Appends length and name, which stand side by side in the encoded beginning of a cell. */
function writeName(writer: ByteWriter, name: EncodedName): void {
  writer.reserve(name.length);
  writer.copy(name.view, 2, name.length, name.readable);
}

function copyValue(walker: RowWalker, writer: ByteWriter, field: number): void {
  if (walker.verification === "row") walker.checkField(field);
  const from = walker.valueAt[field]!;
  const to = walker.valueEnd[field]!;
  writer.reserve(to - from);
  writer.copy(walker.view, from, to, walker.bytes.length);
}

/** Whether one name may stand before another; what was found is remembered, since rows repeat their columns. */
function inOrder(first: Place, second: Place): boolean {
  if (first.before === second || first === second) return true;
  const order = compareText(first.text, second.text);
  if (order < 0) first.before = second;
  return order <= 0;
}

function compareText(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at++) {
    const order = a[at]! - b[at]!;
    if (order !== 0) return order;
  }
  return a.length - b.length;
}
