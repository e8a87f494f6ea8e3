import { corrupt } from "./corrupt.ts";
import type { Operation } from "./operation/operation.ts";
import { type enumeration, ProtobufReader, ProtobufWriter } from "./protobuf.ts";

/**
 * Messages said as a table of fields: what is written once here is both directions of it. For the messages that are few;
 * those of rows are written out in their operation files, where a closure a field would cost more than the row.
 */
export interface Message<Value> {
  encode(value: Value): Uint8Array;
  /** Unknown fields are passed over. @throws TF_WIRE_CORRUPT, also for a required field that is missing */
  decode(bytes: Uint8Array): Value;
  write(writer: ProtobufWriter, value: Value): void;
  read(reader: ProtobufReader): Value;
}

/** How one kind of value is written and read. */
export interface Kind<Value> {
  write(writer: ProtobufWriter, number: number, value: Value): void;
  read(reader: ProtobufReader): Value;
}

export const text: Kind<string> = { write: (writer, number, value) => writer.string(number, value), read: (reader) => reader.string() };
/** Bytes are views of the message, not copies. */
export const bytes: Kind<Uint8Array> = { write: (writer, number, value) => writer.bytes(number, value), read: (reader) => reader.view() };
export const boolean: Kind<boolean> = {
  write: (writer, number, value) => writer.boolean(number, value),
  read: (reader) => reader.boolean(),
};
/** int32 or int64 as a number, exact within 53 bits. */
export const integer: Kind<number> = {
  write: (writer, number, value) => writer.integer(number, value),
  read: (reader) => reader.integer(),
};
/** int64 as a bigint. */
export const long: Kind<bigint> = { write: (writer, number, value) => writer.long(number, value), read: (reader) => reader.long() };

/** An enum by the names of its numbers. */
export function choice<Name extends string>(names: ReturnType<typeof enumeration<Name>>): Kind<Name> {
  return { write: (writer, number, value) => writer.integer(number, names.number(value)), read: (reader) => names.name(reader.integer()) };
}

/** A string that must be one of these: enums that the service spells out. */
export function word<Word extends string>(...words: readonly Word[]): Kind<Word> {
  return {
    write: (writer, number, value) => writer.string(number, value),
    read: (reader) => {
      const found = reader.string();
      return words.find((one) => one === found) ?? corrupt(`'${found}' is none of ${words.join(", ")}`, 0, "message");
    },
  };
}

export function nested<Value>(message: Message<Value>): Kind<Value> {
  return {
    write: (writer, number, value) => writer.message(number, () => message.write(writer, value)),
    read: (reader) => reader.message((inner) => message.read(inner)),
  };
}

/** A nested message whose two directions are written out elsewhere. */
export function byHand<Value>(
  write: (writer: ProtobufWriter, number: number, value: Value) => void,
  read: (reader: ProtobufReader) => Value,
): Kind<Value> {
  return { write, read: (reader) => reader.message(read) };
}

type Presence = "required" | "optional" | "repeated";

interface FieldOf<Value, P extends Presence> {
  readonly number: number;
  readonly kind: Kind<Value>;
  readonly presence: P;
}

export function required<Value>(number: number, kind: Kind<Value>): FieldOf<Value, "required"> {
  return { number, kind, presence: "required" };
}

export function optional<Value>(number: number, kind: Kind<Value>): FieldOf<Value, "optional"> {
  return { number, kind, presence: "optional" };
}

export function repeated<Value>(number: number, kind: Kind<Value>): FieldOf<Value, "repeated"> {
  return { number, kind, presence: "repeated" };
}

/** The field that fits a property: a list is repeated, what may be undefined is optional, the rest is required. */
type FieldFor<Property> = undefined extends Property
  ? FieldOf<Exclude<Property, undefined>, "optional">
  : [Property] extends [Uint8Array]
    ? FieldOf<Property, "required">
    : [Property] extends [readonly (infer Item)[]]
      ? FieldOf<Item, "repeated">
      : FieldOf<Property, "required">;

type Fields<Value> = { readonly [Name in keyof Value]-?: FieldFor<Value[Name]> };

/** A field without its type: `Fields` has checked that it fits its property. */
interface Entry {
  readonly name: string;
  readonly number: number;
  readonly presence: Presence;
  write(writer: ProtobufWriter, value: unknown): void;
  read(reader: ProtobufReader): unknown;
}

interface AnyField {
  readonly number: number;
  readonly presence: Presence;
  readonly kind: { write(writer: ProtobufWriter, number: number, value: unknown): void; read(reader: ProtobufReader): unknown };
}

function entryOf(name: string, { number, presence, kind }: AnyField): Entry {
  return { name, number, presence, write: (writer, value) => kind.write(writer, number, value), read: (reader) => kind.read(reader) };
}

/** A message by its fields, written in the order of their numbers. */
export function message<Value extends object>(fields: Fields<Value>): Message<Value> {
  const entries: Entry[] = [];
  for (const name in fields) entries.push(entryOf(name, fields[name]));
  entries.sort((a, b) => a.number - b.number);
  const byNumber = new Map(entries.map((entry) => [entry.number, entry]));
  const write = (writer: ProtobufWriter, value: Value): void => {
    const properties = value as Readonly<Record<string, unknown>>;
    for (const entry of entries) {
      const property = properties[entry.name];
      if (entry.presence === "repeated") for (const item of property as readonly unknown[]) entry.write(writer, item);
      else if (property !== undefined) entry.write(writer, property);
    }
  };
  const read = (reader: ProtobufReader): Value => {
    const found: Record<string, unknown> = {};
    for (const { name, presence } of entries) if (presence === "repeated") found[name] = [];
    while (reader.next()) {
      const entry = byNumber.get(reader.field);
      if (entry === undefined) reader.skip();
      else if (entry.presence === "repeated") (found[entry.name] as unknown[]).push(entry.read(reader));
      else found[entry.name] = entry.read(reader);
    }
    for (const { name, presence } of entries) {
      if (presence === "required" && found[name] === undefined) corrupt(`the required field ${name} is missing`, 0, "message");
    }
    return found as Value;
  };
  return {
    write,
    read,
    encode: (value) => {
      const writer = new ProtobufWriter();
      write(writer, value);
      return writer.finish();
    },
    decode: (body) => read(new ProtobufReader(body)),
  };
}

/** An operation whose messages are tables of fields. */
export function operationOf<Request, Response>(
  name: string,
  kind: "read" | "write",
  request: Message<Request>,
  response: Message<Response>,
): Operation<Request, Response> {
  return {
    name,
    kind,
    encodeRequest: (value) => request.encode(value),
    decodeRequest: (body) => request.decode(body),
    encodeResponse: (value) => response.encode(value),
    decodeResponse: (body) => response.decode(body),
  };
}

/** The message without fields. */
export const empty: Message<Readonly<Record<string, never>>> = message({});
