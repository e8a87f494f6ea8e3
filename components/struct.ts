/** What can be kept in Pulumi state: JSON, and no number that a 64-bit double cannot hold exactly. */
export type Struct = string | number | boolean | null | readonly Struct[] | { readonly [key: string]: Struct };

/** A value that cannot stand in Pulumi state, with the property that holds it. */
export class UnstorableValue extends Error {
  readonly path: string;
  constructor(path: string, why: string) {
    super(`${path}: ${why}`);
    this.name = "UnstorableValue";
    this.path = path;
  }
}

/**
 * A deep copy that Pulumi can store: fields that are undefined are left out, in lists they become null. Everything else that
 * JSON would bend silently (bigint, Date, Map, bytes, NaN) is refused, because Pulumi refuses it only after the work is done.
 * @param path names the value in messages: `source.filter[0].value`
 * @throws UnstorableValue naming the property
 */
export function toStruct(value: unknown, path = ""): Struct {
  if (value === null || typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "number") return storableNumber(value, path);
  if (Array.isArray(value)) return value.map((item, i) => (item === undefined ? null : toStruct(item, `${path}[${String(i)}]`)));
  if (typeof value === "object" && isPlain(value)) {
    const fields = Object.entries(value).filter(([, field]) => field !== undefined);
    return Object.fromEntries(fields.map(([name, field]) => [name, toStruct(field, path === "" ? name : `${path}.${name}`)]));
  }
  throw new UnstorableValue(path || "the value", refusal(value));
}

/** As `toStruct`, for an object. */
export function toStructFields(value: Readonly<Record<string, unknown>>): Record<string, Struct> {
  const fields = Object.entries(value).filter(([, field]) => field !== undefined);
  return Object.fromEntries(fields.map(([name, field]) => [name, toStruct(field, name)]));
}

export function isPlain(value: object): value is Readonly<Record<string, unknown>> {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function storableNumber(value: number, path: string): number {
  if (!Number.isFinite(value)) throw new UnstorableValue(path, `${String(value)} is no number that JSON knows`);
  if (Number.isInteger(value) && !Number.isSafeInteger(value)) {
    throw new UnstorableValue(path, `${String(value)} is beyond 2^53; write 64-bit integers as { integer: "…" }`);
  }
  return value;
}

function refusal(value: unknown): string {
  if (typeof value === "bigint") return `a bigint cannot stand here; write { integer: "${value.toString()}" }`;
  if (value instanceof Date) return "a Date cannot stand here; write it as text";
  if (value instanceof Uint8Array) return 'bytes cannot stand here; write { base64: "…" }';
  const kind = typeof value === "object" && value !== null ? value.constructor.name : `a ${typeof value}`;
  return `${kind} cannot be kept in Pulumi state`;
}
