import { RowRefused, type FlowRow } from "../../job/mapping.ts";
import type { Value } from "../../model/value.ts";
import type { FileLayout } from "./layout.ts";
import type { RowWriter } from "./row-writer.ts";

/**
 * JSON objects, one a line. Integers are written with all their digits, doubles with a point or an exponent, so that
 * 1 and 1.0 stay different; binary as `{"base64": "…"}`.
 */
export class JsonWriter implements RowWriter {
  readonly separatorLength: number;
  readonly #array: boolean;
  readonly #latin1: boolean;
  readonly #names = new Map<string, string>();

  constructor(layout: FileLayout) {
    this.#array = layout.format === "json";
    this.#latin1 = layout.latin1;
    this.separatorLength = this.#array ? 1 : 0;
  }

  learn(): void {}

  /** In an array a row begins with its separator, so that rows can be written without knowing which is the last. */
  head(): string {
    return this.#array ? "[" : "";
  }

  tail(): string {
    return this.#array ? "\n]\n" : "";
  }

  text(row: FlowRow): string {
    let text = "";
    for (const { name, value } of row.key) text += `${text === "" ? "" : ","}${this.#name(name)}${jsonValue(name, value)}`;
    let before: string | undefined;
    for (const { name, value } of row.columns) {
      if (name === before) throw new RowRefused({ cause: "versions", column: name, text: `column ${name} has several versions` });
      before = name;
      text += `${text === "" ? "" : ","}${this.#name(name)}${jsonValue(name, value)}`;
    }
    if (this.#latin1) text = text.replace(/[^\u0000-\u00ff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
    return this.#array ? `,\n{${text}}` : `{${text}}\n`;
  }

  #name(name: string): string {
    let known = this.#names.get(name);
    if (known === undefined) {
      known = `${JSON.stringify(name)}:`;
      if (this.#names.size > 4096) this.#names.clear();
      this.#names.set(name, known);
    }
    return known;
  }
}

function jsonValue(name: string, value: Value): string {
  switch (typeof value) {
    case "string":
      return JSON.stringify(value);
    case "bigint":
    case "boolean":
      return String(value);
    case "number":
      return jsonDouble(name, value);
    default:
      return `{"base64":"${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("base64")}"}`;
  }
}

function jsonDouble(name: string, value: number): string {
  if (!Number.isFinite(value))
    throw new RowRefused({ cause: "number", column: name, text: `column ${name} holds ${value}, which JSON cannot say` });
  if (Object.is(value, -0)) return "-0.0";
  const text = String(value);
  return /[.e]/.test(text) ? text : `${text}.0`;
}
