import type {
  Batch,
  Canonicalizer,
  Described,
  Encoded,
  Encoder,
  EncoderOptions,
  Parcel,
  Position,
  PrepareOptions,
  RowOutcome,
  ScanScope,
  Source,
  SourceRefusal,
  Split,
  Target,
} from "../../../src/connector/connector.ts";
import { DecodedCanonicalizer } from "../../../src/connector/decoded-canonicalizer.ts";
import { rowTest } from "../../../src/connector/row-scope.ts";
import { TableferryError } from "../../../src/base/error.ts";
import { RowRefused, type CompiledMapping, type FlowRow, type Refusal } from "../../../src/job/mapping.ts";
import { compareKey } from "../../../src/model/key.ts";
import type { KeySchema } from "../../../src/model/schema.ts";
import { sameValue, valueSize, type KeyBound, type KeyValue, type Value } from "../../../src/model/value.ts";
import type { SimulatedProcess } from "./simulated-world.ts";

export interface TableShape {
  readonly title: string;
  readonly key: readonly KeySchema[];
  /** Splits it cuts into, rows a page, rows a parcel. */
  readonly splits?: number;
  readonly pageRows?: number;
  readonly parcelRows?: number;
  /** A list of rows that may repeat keys and cannot be asked by key. */
  readonly isFile?: boolean;
  readonly exists?: boolean;
}

/** What survives processes: rows, and what was done to them. */
export class SimulatedTable {
  readonly shape: TableShape;
  rows: FlowRow[];
  exists: boolean;
  incarnation = 1;
  /** Lines that the source cannot make out, by row. */
  unreadable = new Set<number>();
  /** Rows that the target refuses for good, by their `id` or first key column. */
  readonly poison = new Set<string>();
  /** Times each of these rows is refused for now. */
  readonly busy = new Map<string, number>();
  /** Every row that took effect: who wrote it. */
  readonly written: { readonly process: string; readonly key: string }[] = [];
  settings = "own";
  /** Batches of it that are in use now, and the most there ever were. */
  live = 0;
  liveMost = 0;

  constructor(shape: TableShape, rows: readonly FlowRow[] = []) {
    this.shape = shape;
    this.exists = shape.exists ?? true;
    this.rows = [...rows];
    if (shape.isFile !== true) this.#sort();
  }

  put(row: FlowRow): void {
    const at = this.rows.findIndex((stored) => compareKey(stored.key, row.key) === 0);
    if (at >= 0) this.rows[at] = row;
    else this.rows.push(row);
    this.#sort();
  }

  find(key: FlowRow["key"]): FlowRow | undefined {
    return this.rows.find((stored) => compareKey(stored.key, key) === 0);
  }

  remove(key: FlowRow["key"]): void {
    this.rows = this.rows.filter((row) => compareKey(row.key, key) !== 0);
  }

  /** Rows as plain text, sorted: for comparing. */
  get texts(): string[] {
    return this.rows.map(rowText).sort();
  }

  #sort(): void {
    this.rows.sort((a, b) => compareKey(a.key, b.key));
  }
}

const show = (value: Value) =>
  typeof value === "bigint" ? `${value}n` : value instanceof Uint8Array ? Buffer.from(value).toString("hex") : JSON.stringify(value);
export const keyText = (row: Pick<FlowRow, "key">) => row.key.map(({ name, value }) => `${name}=${show(value)}`).join(",");
export const rowText = (row: FlowRow) =>
  `${keyText(row)} ${row.columns
    .map(({ name, value }) => `${name}=${show(value)}`)
    .sort()
    .join(",")}`;

export function flowRow(key: Record<string, KeyValue>, columns: Record<string, Value>): FlowRow {
  return {
    key: Object.entries(key).map(([name, value]) => ({ name, value })),
    columns: Object.entries(columns).map(([name, value]) => ({ name, value })),
  };
}

/** A table as a source, reached by one process. Batches are valid until the next one is asked for, and complain afterwards. */
export class SimulatedSource implements Source {
  readonly table: SimulatedTable;
  readonly #process: SimulatedProcess;
  lookUp?: NonNullable<Source["lookUp"]>;

  constructor(table: SimulatedTable, process: SimulatedProcess) {
    this.table = table;
    this.#process = process;
    if (table.shape.isFile !== true) this.lookUp = (keys) => process.request("read look-up", () => keys.map((key) => this.#find(key)));
  }

  describe(): Promise<Described> {
    return this.#process.request("read describe", () => describedTable(this.table));
  }

  sample(count: number, scope: ScanScope): Promise<readonly FlowRow[]> {
    return this.#process.request("read sample", () =>
      this.table.rows.filter((row) => rowTest(scope, this.table.shape.key, "")?.(row) !== false).slice(0, count),
    );
  }

  split(): Promise<readonly Split[]> {
    const pieces = this.table.shape.splits ?? 2;
    return this.#process.request("read split", () => {
      const size = Math.max(1, Math.ceil(this.table.rows.length / pieces));
      return Array.from({ length: pieces }, (_, i) => ({
        id: `part ${i}`,
        title: `rows from ${i * size}`,
        spec: { from: i * size, to: i === pieces - 1 ? 1e9 : (i + 1) * size },
      }));
    });
  }

  async *scan(split: Split, from: Position | undefined, scope: ScanScope, signal?: AbortSignal): AsyncGenerator<Batch> {
    const { from: first, to } = split.spec as { from: number; to: number };
    const size = this.table.shape.pageRows ?? 5;
    let valid: { current: boolean } | undefined;
    for (let at = from === undefined ? first : Number(from); at < Math.min(to, this.table.rows.length); at += size) {
      const end = Math.min(at + size, to, this.table.rows.length);
      const rows = await this.#process.request("read scan", () => this.table.rows.slice(at, end).map((row, i) => ({ row, line: at + i })));
      signal?.throwIfAborted();
      if (valid !== undefined) valid.current = false;
      valid = { current: true };
      this.table.liveMost = Math.max(this.table.liveMost, ++this.table.live);
      try {
        yield batchOf(this.table, split.id, at === first ? undefined : String(at), String(end), rows, scope, valid);
      } finally {
        this.table.live--;
      }
    }
    if (valid !== undefined) valid.current = false;
  }

  canonicalizer(mapping: CompiledMapping | undefined, scope: ScanScope): Canonicalizer {
    return new DecodedCanonicalizer(mapping, scope);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #find(key: readonly KeyBound[]): FlowRow | undefined {
    return this.table.find(key.map((value, i) => ({ name: this.table.shape.key[i]!.name, value: value as KeyValue })));
  }
}

function batchOf(
  table: SimulatedTable,
  split: string,
  from: Position | undefined,
  position: Position,
  rows: readonly { row: FlowRow; line: number }[],
  scope: ScanScope,
  valid: { readonly current: boolean },
): Batch {
  const test = rowTest(scope, table.shape.key, table.shape.title);
  const readable = rows.filter(({ row, line }) => !table.unreadable.has(line) && test?.(row) !== false);
  const place = (line: number) => (table.shape.isFile === true ? `${table.shape.title}:${line + 1}` : keyText(table.rows[line]!));
  const check = () => {
    if (!valid.current) throw new Error("a batch was used after the next one had been asked for");
  };
  const refused = rows
    .filter(({ line }) => table.unreadable.has(line))
    .map(({ line, row }): SourceRefusal => ({
      cause: "unreadable",
      text: "it makes no sense",
      place: place(line),
      original: rowText(row),
    }));
  const bytes = rows.reduce((sum, { row }) => sum + row.columns.reduce((inner, { value }) => inner + valueSize(value), 16), 0);
  return {
    rows: readable.length,
    bytes,
    split,
    from,
    position,
    decoded: () => (check(), readable.map(({ row }) => row)),
    place: (index) => (check(), place(readable[index]!.line)),
    refused,
  };
}

function describedTable({ shape, exists, incarnation, rows }: SimulatedTable): Described {
  return {
    exists,
    title: shape.title,
    key: shape.key,
    columns: [],
    open: true,
    uniqueKeys: shape.isFile !== true,
    incarnation: exists ? String(incarnation) : "",
    estimatedRows: rows.length,
    estimatedBytes: rows.length * 100,
    maxVersions: 1,
    timeToLiveSeconds: -1,
    allowUpdate: true,
  };
}

interface SimulatedRow {
  readonly row: FlowRow;
  readonly index: number;
}

class SimulatedParcel implements Parcel {
  readonly content: readonly SimulatedRow[];
  readonly onlyNew: boolean;

  constructor(content: readonly SimulatedRow[], onlyNew: boolean) {
    this.content = content;
    this.onlyNew = onlyNew;
  }

  get rows(): number {
    return this.content.length;
  }

  get bytes(): number {
    return this.content.length * 100;
  }

  sourceIndex(i: number): number {
    return this.content[i]!.index;
  }

  only(rows: readonly number[]): Parcel {
    return new SimulatedParcel(
      rows.map((row) => this.content[row]!),
      this.onlyNew,
    );
  }
}

/** A table as a target. `beforeWrite` stands for a client's fence. */
export class SimulatedTarget implements Target {
  readonly table: SimulatedTable;
  readonly #process: SimulatedProcess;
  readonly #beforeWrite: () => void;

  constructor(table: SimulatedTable, process: SimulatedProcess, beforeWrite: () => void = () => undefined) {
    this.table = table;
    this.#process = process;
    this.#beforeWrite = beforeWrite;
  }

  describe(): Promise<Described> {
    return this.#process.request("read describe", () => describedTable(this.table));
  }

  prepare({ notEmpty, resuming }: PrepareOptions): Promise<void> {
    return this.#write("prepare", () => {
      const { table } = this;
      if (table.rows.length > 0 && notEmpty === "refuse" && !resuming)
        throw new TableferryError("TF_TARGET_NOT_EMPTY", { message: `${table.shape.title} holds rows already` });
      table.exists = true;
      table.settings = "raised";
    });
  }

  settle(): Promise<void> {
    return this.#write("settle", () => void (this.table.settings = "own"));
  }

  encoder(mapping: CompiledMapping, options: EncoderOptions): Encoder {
    return { encode: (batch) => this.#encode(batch, mapping, options) };
  }

  write(parcel: Parcel, signal?: AbortSignal): Promise<readonly RowOutcome[]> {
    if (!(parcel instanceof SimulatedParcel)) throw new Error("not a parcel of this target");
    const answer = this.#write("rows", () => parcel.content.flatMap((row, i) => this.#writeRow(row, i, parcel.onlyNew) ?? []));
    return Promise.race([answer, aborted(signal)]);
  }

  reader(): Source {
    return new SimulatedSource(this.table, this.#process);
  }

  remove(keys: readonly (readonly KeyBound[])[]): Promise<void> {
    return this.#write("remove", () => {
      for (const key of keys) this.table.remove(key.map((value, i) => ({ name: this.table.shape.key[i]!.name, value: value as KeyValue })));
    });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  async #write<T>(name: string, effect: () => T): Promise<T> {
    await Promise.resolve();
    this.#beforeWrite();
    return this.#process.request(`write ${name}`, effect);
  }

  #writeRow({ row }: SimulatedRow, i: number, onlyNew: boolean): RowOutcome | undefined {
    const { table } = this;
    const id = String(row.key[0]!.value);
    const busy = table.busy.get(id) ?? 0;
    if (busy > 0) {
      table.busy.set(id, busy - 1);
      return { row: i, kind: "retry", code: "OTSServerBusy", text: "Server is busy." };
    }
    if (table.poison.has(id))
      return { row: i, kind: "refused", refusal: { cause: "OTSParameterInvalid", text: "The row cannot be stored." } };
    const stored = table.find(row.key);
    if (onlyNew && stored !== undefined && !sameRow(stored, row))
      return { row: i, kind: "refused", refusal: { cause: "duplicate-key", text: "another row has the key already" } };
    table.put(row);
    table.written.push({ process: this.#process.name, key: keyText(row) });
    return undefined;
  }

  #encode(batch: Batch, mapping: CompiledMapping, { refuseDuplicates }: EncoderOptions): Encoded {
    const refused: { index: number; refusal: Refusal }[] = [];
    const out: SimulatedRow[] = [];
    let filtered = 0;
    for (const [index, row] of batch.decoded().entries()) {
      try {
        const mapped = mapping.map(row);
        if (mapped.length === 0) filtered++;
        out.push(...mapped.map((one) => ({ row: one, index })));
      } catch (error) {
        if (!(error instanceof RowRefused)) throw error;
        refused.push({ index, refusal: error.refusal });
      }
    }
    return { parcels: parcelsOf(out, this.table.shape.parcelRows ?? 2, refuseDuplicates), refused, filtered, rowsOut: out.length };
  }
}

/** Parcels of so many rows, no key twice in one. */
function parcelsOf(rows: readonly SimulatedRow[], size: number, onlyNew: boolean): Parcel[] {
  const parcels: SimulatedRow[][] = [];
  for (const row of rows) {
    const last = parcels.at(-1);
    if (last === undefined || last.length >= size || last.some((other) => compareKey(other.row.key, row.row.key) === 0))
      parcels.push([row]);
    else last.push(row);
  }
  return parcels.map((content) => new SimulatedParcel(content, onlyNew));
}

function sameRow(a: FlowRow, b: FlowRow): boolean {
  const values = new Map(b.columns.map(({ name, value }) => [name, value]));
  return (
    a.columns.length === b.columns.length && a.columns.every(({ name, value }) => values.has(name) && sameValue(values.get(name)!, value))
  );
}

function aborted(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_, reject) => {
    if (signal?.aborted) reject(signal.reason);
    signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}
