import type { DefinedColumn, KeySchema, StreamSpec, TableOptions } from "../../model/schema.ts";
import { defaultTableOptions } from "../../model/schema.ts";
import type { KeyType, ValueType } from "../../model/value.ts";
import { enumeration, type ProtobufReader, type ProtobufWriter, required } from "../protobuf.ts";
import { readCapacityUnit, writeCapacityUnit } from "./capacity.ts";
import type { Encryption, IndexMeta, ReservedDetails, StreamDetails, TableMeta, TableOptionsPatch } from "./table-meta.ts";

/** The shared parts of table messages (reference 2.1), both ways. */
const keyTypes = enumeration<KeyType>("primary key type", { integer: 1, string: 2, binary: 3 });
const columnTypes = enumeration<ValueType>("defined column type", { integer: 1, double: 2, boolean: 3, string: 4, binary: 7 });
const indexTypes = enumeration("index type", { global: 0, local: 1 });
const syncPhases = enumeration("index sync phase", { invalid: 0, full: 1, incremental: 2 });
const encryptionKeyTypes = enumeration("encryption key type", { kmsService: 1, byok: 2 });
const AUTO_INCREMENT_OPTION = 1;

export function writeKeySchema(writer: ProtobufWriter, field: number, column: KeySchema): void {
  writer.message(field, () => {
    writer.string(1, column.name);
    writer.integer(2, keyTypes.number(column.type));
    if (column.autoIncrement === true) writer.integer(3, AUTO_INCREMENT_OPTION);
  });
}

export function readKeySchema(reader: ProtobufReader): KeySchema {
  let name: string | undefined;
  let type: KeyType | undefined;
  let option = 0;
  while (reader.next()) {
    if (reader.field === 1) name = reader.string();
    else if (reader.field === 2) type = keyTypes.name(reader.integer());
    else if (reader.field === 3) option = reader.integer();
    else reader.skip();
  }
  const column = { name: required(name, "name"), type: required(type, "type") };
  return option === AUTO_INCREMENT_OPTION ? { ...column, autoIncrement: true } : column;
}

export function writeDefinedColumn(writer: ProtobufWriter, field: number, column: DefinedColumn): void {
  writer.message(field, () => {
    writer.string(1, column.name);
    writer.integer(2, columnTypes.number(column.type));
  });
}

export function readDefinedColumn(reader: ProtobufReader): DefinedColumn {
  let name: string | undefined;
  let type: ValueType | undefined;
  while (reader.next()) {
    if (reader.field === 1) name = reader.string();
    else if (reader.field === 2) type = columnTypes.name(reader.integer());
    else reader.skip();
  }
  return { name: required(name, "name"), type: required(type, "type") };
}

export function writeTableMeta(writer: ProtobufWriter, field: number, meta: TableMeta): void {
  writer.message(field, () => {
    writer.string(1, meta.tableName);
    for (const column of meta.key) writeKeySchema(writer, 2, column);
    for (const column of meta.definedColumns) writeDefinedColumn(writer, 3, column);
  });
}

/** Indexes that older clients put into the meta (field 4) go to `indexes`. */
export function readTableMeta(reader: ProtobufReader, indexes: IndexMeta[]): TableMeta {
  let tableName: string | undefined;
  const key: KeySchema[] = [];
  const definedColumns: DefinedColumn[] = [];
  while (reader.next()) {
    if (reader.field === 1) tableName = reader.string();
    else if (reader.field === 2) key.push(reader.message(readKeySchema));
    else if (reader.field === 3) definedColumns.push(reader.message(readDefinedColumn));
    else if (reader.field === 4) indexes.push(reader.message(readIndexMeta));
    else reader.skip();
  }
  return { tableName: required(tableName, "table_name"), key, definedColumns };
}

export function writeIndexMeta(writer: ProtobufWriter, field: number, index: IndexMeta): void {
  writer.message(field, () => {
    writer.string(1, index.name);
    writer.strings(2, index.keyColumns);
    writer.strings(3, index.definedColumns);
    // Update mode: a local index is kept in step (1), a global one follows (0); reference 2.4.
    writer.integer(4, index.type === "local" ? 1 : 0);
    writer.integer(5, indexTypes.number(index.type));
    if (index.syncPhase !== undefined) writer.integer(6, syncPhases.number(index.syncPhase));
  });
}

export function readIndexMeta(reader: ProtobufReader): IndexMeta {
  let name: string | undefined;
  let type: IndexMeta["type"] | undefined;
  let syncPhase: IndexMeta["syncPhase"];
  const keyColumns: string[] = [];
  const definedColumns: string[] = [];
  while (reader.next()) {
    if (reader.field === 1) name = reader.string();
    else if (reader.field === 2) keyColumns.push(reader.string());
    else if (reader.field === 3) definedColumns.push(reader.string());
    else if (reader.field === 5) type = indexTypes.name(reader.integer());
    else if (reader.field === 6) syncPhase = syncPhases.name(reader.integer());
    else reader.skip();
  }
  return { name: required(name, "name"), type: required(type, "index_type"), keyColumns, definedColumns, syncPhase };
}

export function writeTableOptions(writer: ProtobufWriter, field: number, options: TableOptionsPatch): void {
  writer.message(field, () => {
    writer.integer(1, options.timeToLive);
    writer.integer(2, options.maxVersions);
    writer.integer(5, options.maxDeviation);
    writer.boolean(6, options.allowUpdate);
    writer.boolean(7, options.updateFullRow);
  });
}

export function readTableOptions(reader: ProtobufReader): TableOptionsPatch {
  const options: { -readonly [Option in keyof TableOptions]?: TableOptions[Option] } = {};
  while (reader.next()) {
    if (reader.field === 1) options.timeToLive = reader.integer();
    else if (reader.field === 2) options.maxVersions = reader.integer();
    else if (reader.field === 5) options.maxDeviation = reader.integer();
    else if (reader.field === 6) options.allowUpdate = reader.boolean();
    else if (reader.field === 7) options.updateFullRow = reader.boolean();
    else reader.skip();
  }
  return options;
}

/** Options as described; what an older service leaves out has its default. */
export function wholeTableOptions(reader: ProtobufReader): TableOptions {
  const patch = readTableOptions(reader);
  return {
    timeToLive: patch.timeToLive ?? defaultTableOptions.timeToLive,
    maxVersions: patch.maxVersions ?? defaultTableOptions.maxVersions,
    maxDeviation: patch.maxDeviation ?? defaultTableOptions.maxDeviation,
    allowUpdate: patch.allowUpdate ?? defaultTableOptions.allowUpdate,
    updateFullRow: patch.updateFullRow ?? defaultTableOptions.updateFullRow,
  };
}

/** `ReservedThroughput {1! capacity_unit}`. */
export function writeReserved(
  writer: ProtobufWriter,
  field: number,
  reserved: { readonly read?: number | undefined; readonly write?: number | undefined },
): void {
  writer.message(field, () => writeCapacityUnit(writer, 1, reserved));
}

export function readReserved(reader: ProtobufReader): { readonly read: number | undefined; readonly write: number | undefined } {
  let unit: { readonly read: number | undefined; readonly write: number | undefined } | undefined;
  while (reader.next()) {
    if (reader.field === 1) unit = reader.message(readCapacityUnit);
    else reader.skip();
  }
  return required(unit, "capacity_unit");
}

export function writeReservedDetails(writer: ProtobufWriter, field: number, details: ReservedDetails): void {
  writer.message(field, () => {
    writeCapacityUnit(writer, 1, details);
    writer.integer(2, details.lastIncreaseTime);
    writer.integer(3, details.lastDecreaseTime);
  });
}

export function readReservedDetails(reader: ProtobufReader): ReservedDetails {
  let unit: { readonly read: number | undefined; readonly write: number | undefined } | undefined;
  let lastIncreaseTime: number | undefined;
  let lastDecreaseTime: number | undefined;
  while (reader.next()) {
    if (reader.field === 1) unit = reader.message(readCapacityUnit);
    else if (reader.field === 2) lastIncreaseTime = reader.integer();
    else if (reader.field === 3) lastDecreaseTime = reader.integer();
    else reader.skip();
  }
  const { read, write } = required(unit, "capacity_unit");
  return { read: read ?? 0, write: write ?? 0, lastIncreaseTime: required(lastIncreaseTime, "last_increase_time"), lastDecreaseTime };
}

export function writeStreamSpec(writer: ProtobufWriter, field: number, stream: StreamSpec): void {
  writer.message(field, () => {
    writer.boolean(1, stream.enabled);
    writer.integer(2, stream.expirationHours);
    writer.strings(3, stream.originColumns ?? []);
  });
}

export function readStreamSpec(reader: ProtobufReader): StreamSpec {
  let enabled: boolean | undefined;
  let expirationHours: number | undefined;
  const originColumns: string[] = [];
  while (reader.next()) {
    if (reader.field === 1) enabled = reader.boolean();
    else if (reader.field === 2) expirationHours = reader.integer();
    else if (reader.field === 3) originColumns.push(reader.string());
    else reader.skip();
  }
  return { enabled: required(enabled, "enable_stream"), expirationHours, originColumns };
}

export function writeStreamDetails(writer: ProtobufWriter, field: number, stream: StreamDetails): void {
  writer.message(field, () => {
    writer.boolean(1, stream.enabled);
    writer.string(2, stream.streamId);
    writer.integer(3, stream.expirationHours);
    writer.integer(4, stream.lastEnableTime);
    writer.strings(5, stream.originColumns);
  });
}

export function readStreamDetails(reader: ProtobufReader): StreamDetails {
  let enabled: boolean | undefined;
  let streamId: string | undefined;
  let expirationHours: number | undefined;
  let lastEnableTime: number | undefined;
  const originColumns: string[] = [];
  while (reader.next()) {
    if (reader.field === 1) enabled = reader.boolean();
    else if (reader.field === 2) streamId = reader.string();
    else if (reader.field === 3) expirationHours = reader.integer();
    else if (reader.field === 4) lastEnableTime = reader.integer();
    else if (reader.field === 5) originColumns.push(reader.string());
    else reader.skip();
  }
  return { enabled: required(enabled, "enable_stream"), streamId, expirationHours, lastEnableTime, originColumns };
}

export function writeEncryption(writer: ProtobufWriter, field: number, encryption: Encryption): void {
  writer.message(field, () => {
    writer.boolean(1, encryption.enabled);
    if (encryption.keyType !== undefined) writer.integer(2, encryptionKeyTypes.number(encryption.keyType));
    writer.bytes(3, encryption.keyId);
    writer.bytes(4, encryption.roleArn);
  });
}

export function readEncryption(reader: ProtobufReader): Encryption {
  let enabled: boolean | undefined;
  let keyType: Encryption["keyType"];
  let keyId: Uint8Array | undefined;
  let roleArn: Uint8Array | undefined;
  while (reader.next()) {
    if (reader.field === 1) enabled = reader.boolean();
    else if (reader.field === 2) keyType = encryptionKeyTypes.name(reader.integer());
    else if (reader.field === 3) keyId = reader.view();
    else if (reader.field === 4) roleArn = reader.view();
    else reader.skip();
  }
  return { enabled: required(enabled, "enable"), keyType, keyId, roleArn };
}
