import { limits } from "../../model/limits.ts";
import {
  defaultTableOptions,
  type DefinedColumn,
  type KeySchema,
  type StreamSpec,
  type TableOptions,
  type TableSchema,
} from "../../model/schema.ts";
import { INF_MAX, INF_MIN, INTEGER_MAX, INTEGER_MIN, type KeyBound, type KeyValue } from "../../model/value.ts";
import { refusal } from "../../store/refusal.ts";
import type { StreamOptions } from "../../store/stream.ts";
import type { Capacity } from "../../wire/operation/capacity.ts";
import type { CreateTableRequest } from "../../wire/operation/create-table.ts";
import type { TableOptionsPatch } from "../../wire/operation/table-meta.ts";
import type { UpdateTableRequest } from "../../wire/operation/update-table.ts";
import { checkColumnName, checkTableName } from "./name.ts";
import { invalidParameter } from "./parameter.ts";
import { checkIndexAgainst, indexSchemaOf } from "./secondary-index.ts";

/** INT64_MAX/1000000, the bound of `max deviation` (reference 7.9). */
const DEVIATION_MAX = Number((2n ** 63n - 1n) / 1_000_000n);
const PARTITIONS_MAX = 10;

/** The schema a CreateTable asks for. @throws OTSParameterInvalid with the texts of reference 7.9, OTSQuotaExhausted for too many indexes */
export function tableSchemaOf(request: CreateTableRequest): TableSchema {
  const { meta, reserved, stream, options = {} } = request;
  checkTableName(meta.tableName);
  checkKeySchema(meta.tableName, meta.key);
  checkDefinedColumns(meta.key, meta.definedColumns);
  checkCapacity(reserved);
  if (options.timeToLive === undefined) invalidParameter("Time-to-live is missing while creating table.");
  if (options.maxVersions === undefined) invalidParameter("MaxVersions is missing while creating table.");
  checkOptions(options);
  if (request.localTransactions === true && meta.key.some(({ autoIncrement }) => autoIncrement === true)) {
    // The rule is the service's (reference 7.1), its text is not known.
    invalidParameter("AUTO_INCREMENT primary key can't be used when local transactions are enabled.");
  }
  for (const { begin, end } of request.partitions) checkPartition(meta.key[0]!, begin, end);
  if (request.partitions.length > PARTITIONS_MAX) invalidParameter(`The count of partitions cannot be greater than ${PARTITIONS_MAX}`);
  // Accepting what is not there would promise what is not kept.
  if (request.encryption?.enabled === true) invalidParameter("Unsupported operation: CreateTable with encryption.");
  // Before any of them is looked at: a body has room for hundreds of thousands.
  if (request.indexes.length > limits.indexesPerTableMax) throw refusal.indexQuota(limits.indexesPerTableMax);
  const schema: TableSchema = {
    name: meta.tableName,
    key: meta.key,
    definedColumns: meta.definedColumns,
    options: { ...defaultTableOptions, ...present(options) },
    stream: stream?.enabled === true ? { enabled: true, ...streamOptionsOf(stream) } : { enabled: false },
    localTransactions: request.localTransactions === true,
    reserved,
    indexes: request.indexes.map(indexSchemaOf),
  };
  for (const index of schema.indexes) checkIndexAgainst(schema, index);
  return schema;
}

/** @throws OTSParameterInvalid for an UpdateTable that changes nothing or what cannot be changed. */
export function checkTableUpdate({ options, reserved, stream }: UpdateTableRequest): void {
  const nothing = options === undefined || Object.keys(present(options)).length === 0;
  if (nothing && (options !== undefined || (reserved === undefined && stream === undefined))) {
    invalidParameter("No parameter is specified in table options.");
  }
  if (options?.updateFullRow !== undefined) invalidParameter("The table options of UpdateTable cannot contain updateFullRow.");
  if (options !== undefined) checkOptions(options);
  if (reserved !== undefined) checkCapacity({ read: reserved.read ?? 0, write: reserved.write ?? 0 });
  if (stream?.enabled === true) streamOptionsOf(stream);
}

/**
 * The options of a stream that is switched on. How long records are kept must be said: whether the service has a default is unverified, and so are its texts.
 * @throws OTSParameterInvalid
 */
export function streamOptionsOf({ expirationHours = 0, originColumns = [] }: StreamSpec): StreamOptions {
  if (expirationHours < 1 || expirationHours > limits.streamHoursMax) {
    invalidParameter(`The expiration time of a stream must be in range: [1, ${limits.streamHoursMax}].`);
  }
  if (originColumns.length > limits.columnsToGetMax) {
    invalidParameter(`The number of columns of a stream exceeds the limit, limit count: ${limits.columnsToGetMax}.`);
  }
  for (const column of originColumns) checkColumnName(column);
  return { expirationHours, originColumns };
}

/** A table's defined columns and more. @throws OTSParameterInvalid, also for a column that is defined already (unverified) */
export function withColumns({ key, definedColumns }: TableSchema, added: readonly DefinedColumn[]): readonly DefinedColumn[] {
  const columns = [...definedColumns, ...added];
  checkDefinedColumns(key, columns);
  return columns;
}

/**
 * A table's defined columns but for some. @throws OTSParameterInvalid for a column that is not defined, or that an index needs (both unverified, and so are the
 * texts)
 */
export function withoutColumns({ definedColumns, indexes }: TableSchema, deleted: readonly string[]): readonly DefinedColumn[] {
  const missing = deleted.find((name) => !definedColumns.some((column) => column.name === name));
  if (missing !== undefined) invalidParameter(`Defined column does not exist: '${missing}'.`);
  for (const index of indexes) {
    const needed = [...index.keyColumns, ...index.definedColumns].find((name) => deleted.includes(name));
    if (needed !== undefined) invalidParameter(`Defined column is used by index '${index.name}': '${needed}'.`);
  }
  return definedColumns.filter(({ name }) => !deleted.includes(name));
}

/** The values at which the ranges of a CreateTable cut its partition key; ranges that leave gaps cut at both sides of them. */
export function partitionCutsOf({ partitions }: CreateTableRequest): KeyValue[] {
  return partitions.flatMap(({ begin, end }) => [begin, end].flatMap((bound) => (typeof bound === "symbol" ? [] : [bound])));
}

/** The fields that are there; `undefined` does not override. */
export function present(patch: TableOptionsPatch): Partial<TableOptions> {
  return Object.fromEntries(Object.entries(patch).filter(([, value]) => value !== undefined));
}

function checkKeySchema(table: string, key: readonly KeySchema[]): void {
  if (key.length < 1 || key.length > limits.keyColumnsMax) {
    invalidParameter(`The number of primary key columns must be in range: [1, ${limits.keyColumnsMax}].`);
  }
  const names = new Set<string>();
  for (const { name } of key) {
    checkColumnName(name);
    if (names.has(name)) invalidParameter(`Duplicated primary key name: '${name}'.`);
    names.add(name);
  }
  const automatic = key.filter((column) => column.autoIncrement === true);
  if (automatic.length > 1) invalidParameter("AUTO_INCREMENT primary key count must <= 1.");
  if (key[0]!.autoIncrement === true) invalidParameter(`First primary key can't be auto increment, table: ${table}.`);
  if (automatic.some(({ type }) => type !== "integer")) invalidParameter("AUTO_INCREMENT primary key must be integer.");
}

function checkDefinedColumns(key: readonly KeySchema[], columns: readonly DefinedColumn[]): void {
  if (columns.length > limits.definedColumnsMax) {
    invalidParameter(`The number of defined columns must be in range: [0, ${limits.definedColumnsMax}].`);
  }
  const names = new Set(key.map(({ name }) => name));
  for (const { name } of columns) {
    checkColumnName(name);
    if (names.has(name)) invalidParameter(`Duplicated attribute column name with primary key column: ${name}.`);
    names.add(name);
  }
}

function checkOptions({ timeToLive, maxVersions, maxDeviation }: TableOptionsPatch): void {
  if (timeToLive !== undefined && (timeToLive === 0 || timeToLive < -1)) invalidParameter("TimeToLive cannot be 0 or less than -1.");
  if (timeToLive !== undefined && timeToLive > 0 && timeToLive < limits.timeToLiveSecondsMin) {
    // The rule is the service's (reference 7.1), its text is not known.
    invalidParameter(`TimeToLive cannot be less than ${limits.timeToLiveSecondsMin}.`);
  }
  if (maxVersions !== undefined && maxVersions <= 0) invalidParameter("The maximum versions cannot be less than or equal to 0.");
  if (maxDeviation !== undefined && (maxDeviation < 0 || maxDeviation > DEVIATION_MAX)) {
    invalidParameter("The maximum deviation must be in range [0, INT64_MAX/1000000].");
  }
}

/** The range is the service's (reference 7.8), the text is not known. */
function checkCapacity({ read, write }: Capacity): void {
  const max = limits.reservedCapacityMax;
  if (read < 0 || read > max) invalidParameter(`The value of read capacity unit must be in range: [0, ${max}].`);
  if (write < 0 || write > max) invalidParameter(`The value of write capacity unit must be in range: [0, ${max}].`);
}

function checkPartition(column: KeySchema, ...bounds: readonly KeyBound[]): void {
  for (const bound of bounds) {
    if (bound === INF_MIN || bound === INF_MAX) continue;
    const type = typeof bound === "bigint" ? "integer" : typeof bound === "string" ? "string" : "binary";
    if (type !== column.type) invalidParameter("The value type of partition does not match with primary key.");
    if (bound === "") invalidParameter("The value of partition range can not be empty string.");
    if (bound instanceof Uint8Array && bound.length === 0) invalidParameter("The value of partition range can not be empty binary.");
    if (bound === INTEGER_MIN || bound === INTEGER_MAX) {
      invalidParameter("The value of partition range can not be INT64_MIN or INT64_MAX.");
    }
  }
}
