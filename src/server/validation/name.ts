import { limits } from "../../model/limits.ts";
import { invalidParameter } from "./parameter.ts";

/** Names of tables, columns and indexes: `[A-Za-z_][A-Za-z0-9_]*`, up to 255 bytes (reference 7.1). 1: may begin a name, 2: may only go on. */
const nameByte = new Uint8Array(256);
for (const character of "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_") nameByte[character.charCodeAt(0)] = 1;
for (const character of "0123456789") nameByte[character.charCodeAt(0)] = 2;

/** Whether `bytes[from, to)` is a name. */
export function isName(bytes: Uint8Array, from: number, to: number): boolean {
  if (to <= from || to - from > limits.nameLengthMax || nameByte[bytes[from]!] !== 1) return false;
  for (let at = from + 1; at < to; at++) if (nameByte[bytes[at]!] === 0) return false;
  return true;
}

export function checkTableName(name: string): void {
  const bytes = Buffer.from(name);
  if (!isName(bytes, 0, bytes.length)) invalidParameter(`Invalid table name: '${name}'.`);
}

export function checkColumnName(name: string): void {
  const bytes = Buffer.from(name);
  if (!isName(bytes, 0, bytes.length)) invalidParameter(`Invalid column name: '${name}'.`);
}
