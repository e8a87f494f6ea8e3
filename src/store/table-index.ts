import type { IndexSchema } from "../model/schema.ts";
import { type IndexLayout, layoutOf } from "./index-layout.ts";
import type { Table } from "./table.ts";

/**
 * An index of a table, live. It is laid in the batches of its table's writes, so it never lags behind, global or local: the service's global index may,
 * by milliseconds, and a client of it must not notice that this one does not.
 */
export class TableIndex {
  readonly schema: IndexSchema;
  /** The table it is read as. */
  readonly table: Table;
  readonly layout: IndexLayout;
  /** Key of the table from which on rows that were there before the index are still to be added; undefined where none are. */
  fillFrom: Buffer | undefined;

  constructor(base: Table, schema: IndexSchema, table: Table) {
    this.schema = schema;
    this.table = table;
    this.layout = layoutOf(base.schema, schema);
  }
}
