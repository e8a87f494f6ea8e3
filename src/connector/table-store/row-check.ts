import { RowRefused } from "../../job/mapping.ts";
import type { KeyColumn } from "../../model/key.ts";
import { limits } from "../../model/limits.ts";
import { valueSize, type KeyInput, type Value } from "../../model/value.ts";

/**
 * What the service would refuse a whole request for (reference 7.8), said of the row that is to blame. One an encoder: names that were
 * found good are remembered.
 */
export class RowCheck {
  readonly #goodNames = new Set<string>();

  /** @throws RowRefused */
  key(key: readonly KeyColumn<KeyInput>[]): void {
    for (const { name, value } of key) {
      if (typeof value === "bigint") continue;
      if (typeof value === "symbol")
        throw refuse("auto-increment", name, `the key column ${name} is left to the service, which would double the row`);
      const size = value.length > limits.keyValueBytesMax / 3 ? valueSize(value) : 0;
      if (size > limits.keyValueBytesMax)
        throw refuse("key-too-long", name, `the key column ${name} has ${size} bytes, ${limits.keyValueBytesMax} are allowed`);
    }
  }

  /** @throws RowRefused */
  value(name: string, value: Value): void {
    if (typeof value === "number") {
      if (!Number.isFinite(value)) throw refuse("number", name, `column ${name} holds ${value}, which Table Store does not take`);
    } else if (typeof value !== "bigint" && typeof value !== "boolean") {
      const size = value.length > limits.attributeValueBytesMax / 3 ? valueSize(value) : 0;
      if (size > limits.attributeValueBytesMax)
        throw refuse("too-large", name, `column ${name} has ${size} bytes, ${limits.attributeValueBytesMax} are allowed`);
    }
  }

  /** The name of an attribute column of a row with this key. @throws RowRefused */
  name(name: string, key: readonly KeyColumn<KeyInput>[]): void {
    if (this.#goodNames.has(name)) return;
    if (!/^[A-Za-z_][A-Za-z0-9_]{0,254}$/.test(name)) {
      throw refuse(
        "column-name",
        name,
        `${JSON.stringify(name)} is no column name: letters, digits and _ are allowed, up to ${limits.nameLengthMax}, not beginning with a digit`,
      );
    }
    if (key.some((column) => column.name === name)) throw refuse("column-name", name, `column ${name} has the name of a key column`);
    if (this.#goodNames.size < 4096) this.#goodNames.add(name);
  }

  /** @throws RowRefused */
  timestamp(name: string, timestamp: number): void {
    if (!Number.isSafeInteger(timestamp) || timestamp < 0)
      throw refuse("timestamp", name, `column ${name} has the timestamp ${timestamp}, which is none`);
  }
}

function refuse(cause: string, column: string, text: string): RowRefused {
  return new RowRefused({ cause, column, text });
}
