import { limits } from "../../model/limits.ts";
import type { IndexSchema, TableOptions, TableSchema } from "../../model/schema.ts";
import type { IndexMeta } from "../../wire/operation/table-meta.ts";
import { ABSENT, type RowWalker } from "../../wire/plainbuffer/walk.ts";
import { nameOf, valueSizeOf } from "../../store/stored-row-writer.ts";
import { tooLong } from "./key.ts";
import { checkTableName } from "./name.ts";
import { invalidParameter } from "./parameter.ts";

/**
 * The index that a request describes, as far as that does not depend on its table. Whatever else the description says does not count: the update mode follows
 * from the type. The text for a name is that for the name of a table (unverified). @throws OTSParameterInvalid
 */
export function indexSchemaOf({ name, keyColumns, definedColumns, type }: IndexMeta): IndexSchema {
  checkTableName(name);
  if (keyColumns.length < 1 || keyColumns.length > limits.keyColumnsMax) {
    invalidParameter(`The number of primary key columns must be in range: [1, ${limits.keyColumnsMax}] in index.`);
  }
  if (definedColumns.length > limits.definedColumnsMax) {
    invalidParameter(`The number of attribute columns must be in range: [0, ${limits.definedColumnsMax}] in index.`);
  }
  refuseTwice(keyColumns, (column) => `Duplicated primary key name: '${column}'.`);
  refuseTwice(definedColumns, (column) => `Duplicated attribute column name: '${column}'.`);
  return { name, keyColumns, definedColumns, type };
}

/**
 * Whether a table can have this index (reference 7.6): its key is of key columns and of defined columns that could be some, it carries along defined columns, a
 * local one begins as its table does. The rules are the service's, the texts of those for columns are not known. @throws OTSParameterInvalid
 */
export function checkIndexAgainst(schema: TableSchema, { name, keyColumns, definedColumns, type }: IndexSchema): void {
  checkIndexedOptions(schema.options);
  const { key } = schema;
  for (const column of keyColumns) {
    const found = [...key, ...schema.definedColumns].find((one) => one.name === column);
    if (found === undefined) notDefined(name, column);
    if (found.type === "double" || found.type === "boolean") {
      invalidParameter(`The column '${column}' cannot be a primary key column of index '${name}', its type is ${found.type}.`);
    }
  }
  if (key.some((column) => column.autoIncrement === true && column.name === keyColumns[0])) {
    invalidParameter(`First primary key can't be auto increment, table: ${name}.`);
  }
  if (type === "local" && keyColumns[0] !== key[0]!.name) {
    invalidParameter(`The first primary key column of local index '${name}' must be that of its table: '${key[0]!.name}'.`);
  }
  for (const column of definedColumns) {
    if (keyColumns.includes(column) || key.some((one) => one.name === column)) {
      invalidParameter(`Duplicated attribute column name with primary key column: ${column}.`);
    }
    if (!schema.definedColumns.some((one) => one.name === column)) notDefined(name, column);
  }
}

/**
 * The options of a table with indexes: one version, and rows that expire as a whole or not at all. The second text is the service's, the first is not known.
 * @throws OTSParameterInvalid
 */
export function checkIndexedOptions({ maxVersions, timeToLive, allowUpdate }: TableOptions): void {
  if (maxVersions !== 1) invalidParameter("The max versions of a table with index must be 1.");
  if (timeToLive !== -1 && allowUpdate) invalidParameter("Don't support allow update operation on table with index and ttl");
}

/** What is a key in an index is bounded as keys are, with the same text (unverified). @throws OTSParameterInvalid */
export function checkIndexedValues({ indexes }: TableSchema, walker: RowWalker): void {
  for (let field = walker.keyCount; field < walker.count; field++) {
    if (walker.valueAt[field] === ABSENT || valueSizeOf(walker, field) <= limits.keyValueBytesMax) continue;
    const name = nameOf(walker, field);
    if (indexes.some(({ keyColumns }) => keyColumns.includes(name))) tooLong(name, valueSizeOf(walker, field));
  }
}

function refuseTwice(columns: readonly string[], text: (column: string) => string): void {
  const twice = columns.find((column, at) => columns.indexOf(column) < at);
  if (twice !== undefined) invalidParameter(text(twice));
}

function notDefined(index: string, column: string): never {
  invalidParameter(`The column '${column}' of index '${index}' is neither a primary key column nor a defined column of its table.`);
}
