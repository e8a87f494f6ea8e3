import type { Value } from "../../model/value.ts";
import { corrupt } from "../corrupt.ts";
import { crc8, crc8View } from "./crc8.ts";
import { storedValueOf } from "./decode.ts";
import { encodeName, type EncodedName } from "./names.ts";
import type { Computation, RewritePlan } from "./rewrite-plan.ts";
import { decodeText, encodeText } from "./text.ts";
import { ABSENT, type RowWalker } from "./walk.ts";

/** What is known of one column of the rows read; the same object for the same name. */
export interface Column {
  readonly name: EncodedName;
  readonly place: Place;
  /** True: carried over under its own name because no rule says otherwise. */
  readonly rest: boolean;
  /** The column that followed last time: almost always right, and checked against the bytes. */
  next: Column | undefined;
  /** Number of the row it last occurred in, and where its newest version stands there. */
  row: number;
  field: number;
  /** Under which names its cells are written; undefined until whoever writes changes (record-rewrite.ts) has looked. */
  written: readonly EncodedName[] | "other" | undefined;
}

/** A name's place in byte order, with the name it was last found to stand before. */
export interface Place {
  readonly text: Uint8Array;
  before: Place | undefined;
}

/** Where a computation's input is read: a key column by position, or a column. */
type Input = number | Column;

/** Names beyond the declared ones that are remembered before all are forgotten: bounds memory with free column names. */
const LEARNED_MAX = 8192;

/** Recognises the columns of row after row by their bytes, without decoding them, and computes values from named inputs. */
export class RowScan {
  /** By field: the column of a cell; undefined for key columns and for cells that count as absent. */
  columns: (Column | undefined)[] = [];
  /** The current row has the same columns at the same fields as the one before, and counts all its cells. */
  sameShape = false;
  /** Newest timestamp of the current row; undefined without cells. */
  newest: number | undefined;
  /** Cells left out so far because they are older than the plan's `oldest`. */
  expired = 0;
  readonly key: readonly EncodedName[];
  readonly #byHash = new Map<number, Column[]>();
  readonly #declared: Column[] = [];
  readonly #computed: readonly Computation[];
  readonly #inputs: readonly (readonly Input[])[];
  readonly #arguments: (Value | undefined)[][];
  readonly #isRest: (name: string) => boolean;
  readonly #oldest: number | undefined;
  readonly #head: Column;
  readonly #timed: boolean;
  /** How often all learned columns were forgotten; a column that occurs on both sides of it is two. */
  forgotten = 0;
  #learned = 0;
  #row = 0;
  #fields = 0;

  constructor(plan: Pick<RewritePlan, "sourceKey" | "computed" | "oldest" | "keepTimestamps">, isRest: (name: string) => boolean) {
    this.#isRest = isRest;
    this.#oldest = plan.oldest;
    this.#timed = plan.keepTimestamps || plan.oldest !== undefined;
    this.key = plan.sourceKey.map(({ name }) => encodeName(name));
    this.#head = {
      name: encodeName(""),
      place: placeOf(new Uint8Array(0)),
      rest: false,
      next: undefined,
      row: 0,
      field: 0,
      written: undefined,
    };
    const keyNames = plan.sourceKey.map(({ name }) => name);
    this.#computed = plan.computed;
    this.#inputs = plan.computed.map(({ inputs }) =>
      inputs.map((name) => (keyNames.includes(name) ? keyNames.indexOf(name) : this.declare(name))),
    );
    this.#arguments = plan.computed.map(({ inputs }) => new Array<Value | undefined>(inputs.length));
  }

  /** The column of a rule, to be asked later whether the current row `has` it. */
  declare(name: string): Column {
    const known = this.#declared.find((column) => column.name.name === name);
    if (known !== undefined) return known;
    const column = this.#add(name, encodeText(name));
    this.#declared.push(column);
    return column;
  }

  has(column: Column): boolean {
    return column.row === this.#row;
  }

  /** Takes in the row the walker stands on. @throws TF_WIRE_CORRUPT when it is no row of the source's table as read. */
  scan(walker: RowWalker): void {
    this.#checkKey(walker);
    const row = ++this.#row;
    const { count, view, start, valueAt, timestampAt, op } = walker;
    const { columns } = this;
    const timed = this.#timed;
    this.newest = undefined;
    let same = count === this.#fields;
    this.#fields = count;
    let column = this.#head;
    for (let field = walker.keyCount; field < count; field++) {
      if (valueAt[field]! < 0 || timestampAt[field]! < 0 || op[field] !== 0) {
        corrupt("a cell that is not value and timestamp", start[field]!, "row");
      }
      const guess = column.next;
      column = guess !== undefined && isNamed(guess.name, view, start[field]!) ? guess : this.#recognise(walker, field, column);
      if (timed && this.#tooOld(walker.timestampOf(field))) {
        columns[field] = undefined;
        same = false;
        continue;
      }
      if (columns[field] !== column) {
        columns[field] = column;
        same = false;
      }
      if (column.row !== row) {
        column.row = row;
        column.field = field;
      }
    }
    this.sameShape = same;
  }

  /** Keeps the newest timestamp, and counts those that count as absent. */
  #tooOld(timestamp: number): boolean {
    if (this.#oldest !== undefined && timestamp < this.#oldest) {
      this.expired++;
      return true;
    }
    if (this.newest === undefined || timestamp > this.newest) this.newest = timestamp;
    return false;
  }

  /** The value of a computation over the newest versions of its inputs. Rethrows what it throws. */
  compute(index: number, walker: RowWalker): Value | undefined {
    const inputs = this.#inputs[index]!;
    const values = this.#arguments[index]!;
    for (let i = 0; i < inputs.length; i++) {
      const input = inputs[i]!;
      if (typeof input === "number") values[i] = this.#value(walker, input);
      else values[i] = this.has(input) ? this.#value(walker, input.field) : undefined;
    }
    return this.#computed[index]!.apply(values) ?? undefined;
  }

  /** As `compute`, over one version of its only input. */
  computeVersion(index: number, walker: RowWalker, field: number): Value | undefined {
    const values = this.#arguments[index]!;
    values[0] = this.#value(walker, field);
    return this.#computed[index]!.apply(values) ?? undefined;
  }

  /** The column whose versions a computation goes through one by one; undefined when it does not. */
  versionsOf(index: number): Column | undefined {
    const input = this.#inputs[index]![0];
    return this.#computed[index]!.perVersion === true && typeof input === "object" ? input : undefined;
  }

  /** Newest timestamp among a computation's inputs, else of the row. */
  timestampFor(index: number, walker: RowWalker): number | undefined {
    let newest: number | undefined;
    for (const input of this.#inputs[index]!) {
      if (typeof input === "number" || !this.has(input)) continue;
      const timestamp = walker.timestampOf(input.field);
      if (newest === undefined || timestamp > newest) newest = timestamp;
    }
    return newest ?? this.newest;
  }

  #value(walker: RowWalker, field: number): Value {
    if (walker.verification === "row") walker.checkField(field);
    return storedValueOf(walker, field);
  }

  /** Whether the row has the key columns of the source, each with a value. */
  hasKey(walker: RowWalker): boolean {
    return walker.keyCount === this.key.length && this.#wrongKey(walker) === ABSENT;
  }

  /** The column of a cell, in rows of which not every cell is value and timestamp. @param previous that of the cell before it */
  columnOf(walker: RowWalker, field: number, previous: Column | undefined): Column {
    const before = previous ?? this.#head;
    const guess = before.next;
    return guess !== undefined && isNamed(guess.name, walker.view, walker.start[field]!) ? guess : this.#recognise(walker, field, before);
  }

  #checkKey(walker: RowWalker): void {
    const { key } = this;
    if (walker.keyCount !== key.length) corrupt(`a key of ${key.length} columns was expected`, walker.rowStart, "row");
    const wrong = this.#wrongKey(walker);
    if (wrong !== ABSENT) corrupt(`the key column '${key[wrong]!.name}' was expected`, walker.start[wrong]!, "row");
  }

  /** The first key column that is not what it should be. */
  #wrongKey(walker: RowWalker): number {
    const { key } = this;
    for (let field = 0; field < key.length; field++) {
      if (walker.valueAt[field] === ABSENT || !isNamed(key[field]!, walker.view, walker.start[field]!)) return field;
    }
    return ABSENT;
  }

  /** The column of a cell that is not the one expected; expects it next time. */
  #recognise(walker: RowWalker, field: number, previous: Column): Column {
    const { view } = walker;
    const start = walker.start[field]!;
    if (previous !== this.#head && isNamed(previous.name, view, start)) return previous;
    const from = walker.nameAt[field]!;
    const to = walker.nameEnd[field]!;
    const hash = crc8View(0, view, from, to) | ((to - from) << 8);
    const column = this.#byHash.get(hash)?.find(({ name }) => isNamed(name, view, start)) ?? this.#learn(walker, from, to);
    previous.next = column;
    return column;
  }

  #learn(walker: RowWalker, from: number, to: number): Column {
    if (this.#learned++ >= LEARNED_MAX) {
      this.#byHash.clear();
      this.#learned = 0;
      this.forgotten++;
      this.#head.next = undefined;
      for (const column of this.#declared) {
        column.next = undefined;
        this.#keep(column);
      }
    }
    return this.#add(decodeText(walker.bytes, from, to), new Uint8Array(walker.bytes.subarray(from, to)));
  }

  #add(name: string, text: Uint8Array): Column {
    const encoded = encodeName(name);
    const rest = this.#isRest(name);
    const column: Column = { name: encoded, place: placeOf(text), rest, next: undefined, row: 0, field: 0, written: undefined };
    this.#keep(column);
    return column;
  }

  #keep(column: Column): void {
    const { text } = column.place;
    const hash = crc8(0, text, 0, text.length) | (text.length << 8);
    const bucket = this.#byHash.get(hash);
    if (bucket === undefined) this.#byHash.set(hash, [column]);
    else bucket.push(column);
  }
}

export function placeOf(text: Uint8Array): Place {
  return { text, before: undefined };
}

/** Whether a cell begins as all cells of a column do: tags, length and name, four bytes at a time. */
function isNamed(name: EncodedName, view: DataView, start: number): boolean {
  const last = name.length - 4;
  const expected = name.view;
  for (let at = 0; at < last; at += 4) if (view.getInt32(start + at) !== expected.getInt32(at)) return false;
  return view.getInt32(start + last) === expected.getInt32(last);
}
