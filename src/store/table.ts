import type { TableSchema } from "../model/schema.ts";
import { ChangeLog } from "./change-log.ts";
import { indexTableSchema } from "./index-layout.ts";
import { keySpace, numberRange } from "./key-space.ts";
import { cutKey } from "./partitions.ts";
import { TableIndex } from "./table-index.ts";

/** What is kept of a table, as JSON. Fields may be added; none may change its meaning within a store format. */
export interface TableRecord {
  /** Never given twice in a store, so that a table of the same name made later shares nothing with this one. */
  readonly id: number;
  /** Microseconds since 1970. */
  readonly createdAt: number;
  readonly schema: TableSchema;
  /** Seconds since 1970 at which reserved capacity was last raised and lowered. */
  readonly reservedRaisedAt: number;
  readonly reservedLoweredAt?: number | undefined;
  /** Keys at which partitions begin, but for the first: one column each, PlainBuffer in base64, in order. */
  readonly cuts?: readonly string[] | undefined;
  /** The stream that is on; its options stand in the schema. */
  readonly stream?: KeptStream | undefined;
  /** Ids of the tables its indexes lie in, in the order of the schema; given like those of tables. */
  readonly indexIds?: readonly number[] | undefined;
}

/** What is kept of a stream. */
export interface KeptStream {
  /** Never given twice in a store. */
  readonly number: number;
  /** Microseconds since 1970. */
  readonly createdAt: number;
  readonly shards: readonly KeptShard[];
  /** Numbers of the shards that are written, by partition. */
  readonly open: readonly number[];
}

export interface KeptShard {
  /** Never given twice in a stream. */
  readonly number: number;
  /** A sequence. */
  readonly createdAt: number;
  readonly parent?: number | undefined;
  /** The sequence at which it was closed: that at which its children were created. */
  readonly closedAt?: number | undefined;
  /** One more than the sequence of the last record that expired; older ones may be removed. */
  readonly trimmedTo?: number | undefined;
}

/** A table of an instance, live: `record` is replaced when the table is altered, `dropped` is set when it is deleted. */
export class Table {
  readonly id: number;
  readonly instance: string;
  readonly name: string;
  /** Of an index: the table it is of, from whose record its own is made. */
  readonly base: Table | undefined;
  /** Every key of its rows lies in here. */
  readonly rows: { readonly from: Buffer; readonly to: Buffer };
  dropped = false;
  /** The stream that is on. */
  stream: ChangeLog | undefined;
  /** Bytes written since the sizes of its partitions were last looked at. */
  growth = 0;
  #record: TableRecord;
  #cuts: readonly Buffer[] = [];
  #indexes: readonly TableIndex[] | undefined;

  constructor(instance: string, record: TableRecord, base?: Table) {
    this.instance = instance;
    this.base = base;
    this.name = record.schema.name;
    this.id = record.id;
    this.rows = numberRange(keySpace.row, record.id);
    this.#record = record;
    this.record = record;
    if (record.stream !== undefined) this.stream = new ChangeLog(this, record.stream);
  }

  get record(): TableRecord {
    return this.#record;
  }

  set record(record: TableRecord) {
    this.#record = record;
    this.#cuts = (record.cuts ?? []).map((cut) => cutKey(this.rows.from, Buffer.from(cut, "base64")));
    this.#indexes = this.#indexesOf(record);
  }

  get schema(): TableSchema {
    return this.#record.schema;
  }

  /** Its indexes, in the order of the schema; undefined where it has none, so that such a table asks no more. */
  get indexes(): readonly TableIndex[] | undefined {
    return this.#indexes;
  }

  /** Where partitions begin, but for the first, as keys among those of the rows. */
  get cuts(): readonly Buffer[] {
    return this.#cuts;
  }

  /** Where the keys of a partition's rows lie. */
  partition(number: number): { readonly from: Buffer; readonly to: Buffer } {
    return { from: this.#cuts[number - 1] ?? this.rows.from, to: this.#cuts[number] ?? this.rows.to };
  }

  #indexesOf({ indexIds = [], schema, createdAt, reservedRaisedAt }: TableRecord): readonly TableIndex[] | undefined {
    if (indexIds.length === 0) return undefined;
    return indexIds.map((id, at) => {
      const index = schema.indexes[at]!;
      const record = { id, createdAt, schema: indexTableSchema(schema, index), reservedRaisedAt };
      const known = this.#indexes?.find(({ table }) => table.id === id);
      if (known === undefined) return new TableIndex(this, index, new Table(this.instance, record, this));
      known.table.record = record;
      return known;
    });
  }
}
