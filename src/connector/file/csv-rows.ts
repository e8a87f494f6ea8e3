import { RowRefused, type FlowColumn, type FlowRow } from "../../job/mapping.ts";
import type { KeyColumn } from "../../model/key.ts";
import type { KeyValue, Value, ValueType } from "../../model/value.ts";
import { splitQuoted } from "./csv-record.ts";
import type { FileLayout } from "./layout.ts";
import type { RowReader } from "./row-reader.ts";
import { parseText } from "./text-value.ts";

interface Field {
  readonly name: string;
  readonly type: ValueType;
  /** Place in the key, −1 for an attribute. */
  readonly key: number;
}

/** Rows of CSV and TSV: a record must have just the columns of the header. */
export class CsvRows implements RowReader {
  readonly #fields: readonly Field[];
  readonly #delimiter: string;
  readonly #keyNames: readonly string[];
  readonly #emptyIsAbsent: boolean;

  constructor(layout: FileLayout, columns: readonly string[]) {
    this.#fields = columns.map((name) => ({
      name,
      type: layout.types.get(name) ?? "string",
      key: layout.key.findIndex((column) => column.name === name),
    }));
    this.#delimiter = String.fromCharCode(layout.delimiter);
    this.#keyNames = layout.key.map((column) => column.name);
    this.#emptyIsAbsent = layout.emptyIsAbsent;
  }

  read(text: string, quoted: boolean): FlowRow {
    const fields: readonly (string | undefined)[] = quoted ? splitQuoted(text, this.#delimiter.charCodeAt(0)) : text.split(this.#delimiter);
    if (fields.length !== this.#fields.length) {
      throw new RowRefused({ cause: "ragged", text: `the row has ${fields.length} columns, the header ${this.#fields.length}` });
    }
    const columns: FlowColumn[] = [];
    const key: KeyColumn<KeyValue>[] = [];
    for (let i = 0; i < fields.length; i++) {
      const field = this.#fields[i]!;
      // A field with nothing in it is undefined when the record was split with its quotes, and "" when it has none.
      const raw = fields[i];
      const nothing = raw === undefined || (raw === "" && !quoted);
      if (nothing && this.#emptyIsAbsent) continue;
      const text = raw ?? "";
      const value: Value | undefined = field.type === "string" ? text : parseText(text, field.type);
      if (value === undefined) throw refuseCast(field.name, text, field.type);
      if (field.key < 0) columns.push({ name: field.name, value });
      else key[field.key] = { name: field.name, value: value as KeyValue };
    }
    for (let i = 0; i < this.#keyNames.length; i++) if (key[i] === undefined) throw refuseMissingKey(this.#keyNames[i]!);
    return { key, columns };
  }
}

export function refuseCast(column: string, text: string, type: ValueType): RowRefused {
  const shown = text.length > 60 ? `${text.slice(0, 60)}…` : text;
  return new RowRefused({ cause: "cast", column, text: `${JSON.stringify(shown)} in column ${column} is no ${type}` });
}

export function refuseMissingKey(column: string): RowRefused {
  return new RowRefused({ cause: "missing-key", column, text: `the key column ${column} has no value` });
}
