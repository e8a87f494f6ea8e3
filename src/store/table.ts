import type { TableSchema } from "../model/schema.ts";
import { rowSpaceOf } from "./key-space.ts";
import type { Stream } from "./stream.ts";

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
}

/** A table of an instance, live: `record` is replaced when the table is altered, `dropped` is set when it is deleted. */
export class Table {
  readonly id: number;
  readonly instance: string;
  readonly name: string;
  /** Every key of its rows lies in here. */
  readonly rows: { readonly from: Buffer; readonly to: Buffer };
  record: TableRecord;
  dropped = false;
  /** The stream that is on. */
  stream: Stream | undefined;

  constructor(instance: string, record: TableRecord) {
    this.instance = instance;
    this.name = record.schema.name;
    this.id = record.id;
    this.record = record;
    this.rows = rowSpaceOf(record.id);
  }

  get schema(): TableSchema {
    return this.record.schema;
  }
}
