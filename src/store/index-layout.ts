import type { DefinedColumn, IndexSchema, KeySchema, TableSchema } from "../model/schema.ts";
import type { KeyType } from "../model/value.ts";
import * as tag from "../wire/plainbuffer/tag.ts";

/** Where a key column of an index comes from: a key column of the table, or one of its defined columns. */
export interface KeySource {
  /** Number of the table's key column; -1: a defined column. */
  readonly keyField: number;
  readonly column: Buffer;
  /** Wire type a value must have to be a key. */
  readonly type: number;
}

/** How the rows of an index are made of those of its table. */
export interface IndexLayout {
  readonly key: readonly KeySource[];
  /** Names of the columns carried along, in byte order, as cells lie in a row. */
  readonly cells: readonly Buffer[];
}

const wireTypes: Readonly<Record<KeyType, number>> = { integer: tag.TYPE_INTEGER, string: tag.TYPE_STRING, binary: tag.TYPE_BINARY };

/** The key of an index: its own columns, then those of the table's key that are not among them (reference 7.6). */
export function indexKeyOf({ key, definedColumns }: TableSchema, { keyColumns }: IndexSchema): KeySchema[] {
  const rest = key.filter(({ name }) => !keyColumns.includes(name));
  const columns = [...keyColumns, ...rest.map(({ name }) => name)];
  const types = new Map([...key, ...definedColumns].map(({ name, type }) => [name, type]));
  // What may be a key column is checked before there is an index.
  return columns.map((name) => ({ name, type: types.get(name) as KeyType }));
}

/** What an index looks like to its readers: a table of its own name, without what only its table has. */
export function indexTableSchema(schema: TableSchema, index: IndexSchema): TableSchema {
  return {
    name: index.name,
    key: indexKeyOf(schema, index),
    definedColumns: index.definedColumns.flatMap((name): DefinedColumn[] => schema.definedColumns.filter((column) => column.name === name)),
    options: schema.options,
    stream: { enabled: false },
    localTransactions: false,
    reserved: { read: 0, write: 0 },
    indexes: [],
  };
}

export function layoutOf(schema: TableSchema, index: IndexSchema): IndexLayout {
  return {
    key: indexKeyOf(schema, index).map(({ name, type }) => ({
      keyField: schema.key.findIndex((column) => column.name === name),
      column: Buffer.from(name),
      type: wireTypes[type],
    })),
    cells: index.definedColumns.map((name) => Buffer.from(name)).sort((a, b) => a.compare(b)),
  };
}
