import { RowRefused, type FlowColumn, type FlowRow } from "../../job/mapping.ts";
import type { KeyColumn } from "../../model/key.ts";
import type { KeyValue, Value, ValueType } from "../../model/value.ts";
import { refuseCast, refuseMissingKey } from "./csv-rows.ts";
import { JsonFault, readObject, type JsonKind, type OnMember } from "./flat-json.ts";
import type { FileLayout } from "./layout.ts";
import type { RowReader } from "./row-reader.ts";
import { parseText } from "./text-value.ts";

const wrappedBinary = /^\{\s*"base64"\s*:\s*"([A-Za-z0-9+/=]*)"\s*\}$/;

/**
 * Rows of JSON objects. Numbers without point and exponent are integers, exact to 64 bits, others doubles; null is absent;
 * `{"base64": "…"}` is binary; any other object or array is kept as its JSON text. Declared types go before all that.
 */
export class JsonRows implements RowReader {
  readonly #types: ReadonlyMap<string, ValueType>;
  readonly #keys = new Map<string, number>();
  readonly #keyNames: readonly string[];
  /** Names of the row before: a row with the same names in the same order cannot name one twice. */
  #names: string[] = [];
  #columns: FlowColumn[] = [];
  #key: KeyColumn<KeyValue>[] = [];
  #at = 0;
  #sameNames = true;

  constructor(layout: FileLayout) {
    this.#types = layout.types;
    this.#keyNames = layout.key.map((column) => column.name);
    this.#keyNames.forEach((name, at) => this.#keys.set(name, at));
  }

  read(text: string): FlowRow {
    this.#columns = [];
    this.#key = [];
    this.#at = 0;
    this.#sameNames = true;
    try {
      readObject(text, this.#onMember);
    } catch (error) {
      this.#names = [];
      if (error instanceof JsonFault) throw new RowRefused({ cause: "json", text: error.message });
      throw error;
    }
    this.#names.length = this.#at;
    if (!this.#sameNames) this.#refuseTwice();
    for (let i = 0; i < this.#keyNames.length; i++) if (this.#key[i] === undefined) throw refuseMissingKey(this.#keyNames[i]!);
    return { key: this.#key, columns: this.#columns };
  }

  readonly #onMember: OnMember = (name, kind, text) => {
    const known = this.#names[this.#at];
    if (known !== name) {
      this.#sameNames = false;
      this.#names[this.#at] = name;
    }
    this.#at++;
    if (kind === "null") return;
    const type = this.#types.size === 0 ? undefined : this.#types.get(name);
    const value = type === undefined ? natural(name, kind, text) : declared(name, kind, text, type);
    const keyAt = this.#keys.size === 0 ? undefined : this.#keys.get(name);
    // The name of the row before rather than the equal one of this row: its hash is known to whoever looks it up.
    if (keyAt === undefined) this.#columns.push({ name: known === name ? known : name, value });
    else this.#key[keyAt] = { name, value: value as KeyValue };
  };

  #refuseTwice(): void {
    const seen = new Set<string>();
    for (const name of this.#names) {
      if (seen.has(name)) {
        this.#names = [];
        throw new RowRefused({ cause: "duplicate-column", column: name, text: `the object names ${name} twice` });
      }
      seen.add(name);
    }
  }
}

function natural(name: string, kind: JsonKind, text: string): Value {
  switch (kind) {
    case "true":
      return true;
    case "false":
      return false;
    case "number": {
      const type = /[.eE]/.test(text) ? "double" : "integer";
      const value = parseText(text, type);
      if (value === undefined)
        throw new RowRefused({
          cause: "out-of-range",
          column: name,
          text: `${text} in column ${name} does not fit ${type === "integer" ? "64 bits" : "a double"}`,
        });
      return value;
    }
    case "nested": {
      const binary = wrappedBinary.exec(text)?.[1];
      return (binary === undefined ? undefined : parseText(binary, "binary")) ?? text;
    }
    default:
      return text;
  }
}

function declared(name: string, kind: JsonKind, text: string, type: ValueType): Value {
  const binary = kind === "nested" && type === "binary" ? wrappedBinary.exec(text)?.[1] : undefined;
  const value = parseText(binary ?? text, type);
  if (value === undefined) throw refuseCast(name, text, type);
  return value;
}
