import { TableferryError } from "../../base/error.ts";
import { RowRefused, type FlowRow } from "../../job/mapping.ts";
import { typeOf, type Value, type ValueType } from "../../model/value.ts";
import type { FileLayout } from "./layout.ts";
import type { RowWriter } from "./row-writer.ts";
import { formatText } from "./text-value.ts";

/** The columns of the file, fixed once for all encoders and for resumed runs. */
export interface CsvColumns {
  names: readonly string[] | undefined;
}

/** CSV and TSV with `\n` line ends. An empty string is written as `""`, an absent column as nothing. */
export class CsvWriter implements RowWriter {
  readonly separatorLength = 0;
  readonly #layout: FileLayout;
  readonly #columns: CsvColumns;
  readonly #delimiter: string;
  readonly #needsQuotes: RegExp;
  #places: ReadonlyMap<string, number> | undefined;
  #fields: (string | undefined)[] = [];

  constructor(layout: FileLayout, columns: CsvColumns) {
    this.#layout = layout;
    this.#columns = columns;
    this.#delimiter = String.fromCharCode(layout.delimiter);
    // The mark U+FEFF would be taken for the file's own where it stood first.
    this.#needsQuotes = new RegExp(`["\\r\\n\\uFEFF\\x${layout.delimiter.toString(16).padStart(2, "0")}]`);
  }

  learn(rows: readonly FlowRow[]): void {
    if (this.#columns.names !== undefined || rows.length === 0) return;
    const names = new Set<string>();
    for (const row of rows) for (const { name } of row.key) names.add(name);
    for (const row of rows) for (const { name } of row.columns) names.add(name);
    this.#columns.names = [...names];
  }

  head(): string {
    return this.#layout.header && this.#columns.names !== undefined ? this.#line(this.#columns.names) : "";
  }

  tail(): string {
    return "";
  }

  text(row: FlowRow): string {
    const names = this.#columns.names ?? [];
    this.#places ??= new Map(names.map((name, at) => [name, at]));
    this.#fields = new Array<string | undefined>(names.length).fill(undefined);
    for (const { name, value } of row.key) this.#put(name, value);
    for (const { name, value } of row.columns) this.#put(name, value);
    const absent = this.#layout.emptyIsAbsent && names.length > 1 ? -1 : this.#fields.indexOf(undefined);
    if (absent >= 0)
      throw new RowRefused({
        cause: "absent",
        column: names[absent],
        text: `column ${names[absent]} is absent, which this file has no way to say`,
      });
    const line = this.#line(this.#fields);
    if (this.#layout.latin1 ? /[^\u0000-\u00ff]/.test(line) : !line.isWellFormed()) {
      throw new RowRefused({
        cause: "encoding",
        text: `the row holds characters that ${this.#layout.latin1 ? "latin1" : "UTF-8"} has not`,
      });
    }
    return line;
  }

  #put(name: string, value: Value): void {
    const place = this.#places?.get(name);
    if (place === undefined) throw this.#unknownColumn(name);
    if (this.#fields[place] !== undefined)
      throw new RowRefused({ cause: "versions", column: name, text: `column ${name} has several versions` });
    const declared: ValueType | undefined = this.#layout.types.get(name);
    const type = typeOf(value);
    if (type !== (declared ?? "string")) {
      if (declared === undefined) throw this.#undeclaredType(name, type);
      throw new RowRefused({
        cause: "type",
        column: name,
        text: `column ${name} is declared ${declared} and holds a value of type ${type}`,
      });
    }
    const text = formatText(value);
    if (text === undefined)
      throw new RowRefused({ cause: "number", column: name, text: `column ${name} holds ${String(value)}, which is no decimal number` });
    this.#fields[place] = text;
  }

  #line(fields: readonly (string | undefined)[]): string {
    let line = "";
    for (let i = 0; i < fields.length; i++) {
      const field = fields[i];
      if (i > 0) line += this.#delimiter;
      if (field === undefined) continue;
      line += field === "" || this.#needsQuotes.test(field) ? `"${field.replaceAll('"', '""')}"` : field;
    }
    return `${line}\n`;
  }

  #unknownColumn(name: string): TableferryError {
    return new TableferryError("TF_TARGET_SCHEMA", {
      message: `a row has a column ${name}, which the header of ${this.#layout.title} does not have`,
      place: this.#layout.title,
      wayOut: "Name all columns under `columns` of the target, let the mapping drop this one, or write JSON Lines.",
    });
  }

  #undeclaredType(name: string, type: ValueType): TableferryError {
    return new TableferryError("TF_TARGET_SCHEMA", {
      message: `column ${name} holds values of type ${type}, but a column of ${this.#layout.title} is text unless declared`,
      place: this.#layout.title,
      wayOut: `Add \`types: { ${name}: ${type} }\` to the target, so that it can be read back as what it was, cast it in the mapping, or write JSON Lines.`,
    });
  }
}
