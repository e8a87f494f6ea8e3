import { create, fromBinary, toBinary, type DescMessage, type Message } from "@bufbuild/protobuf";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { WireCorrupt } from "../../../src/wire/corrupt.ts";
import { operations } from "../../../src/wire/operation/operations.ts";
import { ServiceError } from "../../../src/wire/service-error.ts";
import * as any from "./arbitraries.ts";
import { rowSamples } from "./samples/row-samples.ts";
import type { MessageCase } from "./samples/sample.ts";
import { streamSamples } from "./samples/stream-samples.ts";
import { tableSamples } from "./samples/table-samples.ts";
import { tunnelSamples } from "./samples/tunnel-samples.ts";

const cases: readonly (readonly [string, MessageCase])[] = [...tableSamples, ...rowSamples, ...streamSamples, ...tunnelSamples].map(
  (one) => [one.title, one] as const,
);

/**
 * Any value of the sample's shape: see `Sample`. Properties that the minimal message lacks come and go. What the wire
 * cannot tell apart does not vary (an empty selection of columns from none, a false auto-increment from an absent one),
 * nor what decides which properties there are (ok).
 */
function like(shape: unknown, minimal: unknown, property = ""): fc.Arbitrary<unknown> {
  if (typeof shape === "string") return shape.startsWith("~") ? any.text : fc.constant(shape);
  if (typeof shape === "number") return fc.nat(2_000_000_000);
  if (typeof shape === "bigint") return fc.oneof(fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }), fc.constant(shape));
  if (typeof shape === "boolean") return property === "autoIncrement" || property === "ok" ? fc.constant(shape) : fc.boolean();
  if (shape instanceof Uint8Array) return fc.uint8Array({ maxLength: 300 });
  if (Array.isArray(shape)) {
    if (shape.length === 0) return fc.constant([]);
    return fc.array(fc.oneof(...shape.map((item) => like(item, item))), { minLength: property === "columns" ? 1 : 0, maxLength: 4 });
  }
  if (typeof shape !== "object" || shape === null) return fc.constant(shape);
  const properties = Object.entries(shape);
  const least = typeof minimal === "object" && minimal !== null ? minimal : {};
  return fc.record(Object.fromEntries(properties.map(([name, part]) => [name, like(part, part, name)])), {
    requiredKeys: properties.map(([name]) => name).filter((name) => name in least),
  });
}

/** Messages read by the referee that hold something it does not know. */
function unknownFields(message: Message): number {
  let found = message.$unknown?.length ?? 0;
  for (const value of Object.values(message)) {
    for (const item of Array.isArray(value) ? value : [value]) {
      if (typeof item === "object" && item !== null && "$typeName" in item) found += unknownFields(item as Message);
    }
  }
  return found;
}

function referee(schema: DescMessage, bytes: Uint8Array): Message {
  const message = fromBinary(schema, bytes);
  expect(unknownFields(message)).toBe(0);
  return message;
}

describe.each(cases)("%s", (_title, { schema, wire, model, minimal, encode, decode }) => {
  test("is written as the generated code writes it", () => {
    expect(referee(schema, encode(model))).toEqual(create(schema, wire));
  });
  test("is read from what the generated code writes", () => {
    expect(decode(toBinary(schema, create(schema, wire)))).toEqual(model);
  });
  test("with required fields only is read back through the generated code", () => {
    expect(decode(toBinary(schema, referee(schema, encode(minimal))))).toEqual(minimal);
  });
  test("with any content is read back, directly and through the generated code", () => {
    fc.assert(
      fc.property(like(model, minimal), (value) => {
        const bytes = encode(value);
        expect(decode(bytes)).toEqual(value);
        expect(decode(toBinary(schema, referee(schema, bytes)))).toEqual(value);
      }),
      { numRuns: 40 },
    );
  });
  test("skips fields of a newer service", () => {
    const newer = new Uint8Array(Buffer.concat([encode(model), Buffer.from("ca3e027879d03e07", "hex")]));
    expect(decode(newer)).toEqual(model);
  });
  test("damaged anywhere gives a coded refusal or a value", () => {
    const bytes = encode(model);
    const refusal = (error: unknown): boolean => error instanceof WireCorrupt || error instanceof ServiceError;
    for (let at = 0; at < bytes.length; at++) {
      expect(any.survives(() => decode(bytes.subarray(0, at)), refusal)).toBe(true);
      for (const mask of [0x01, 0x08, 0x80, 0xff]) {
        const damaged = Uint8Array.from(bytes);
        damaged[at]! ^= mask;
        expect(any.survives(() => decode(damaged), refusal)).toBe(true);
      }
    }
  });
});

test("every operation has samples of both its messages", () => {
  const titles = cases.map(([title]) => title);
  const expected = Object.values(operations).flatMap(({ name }) => [`${name} request`, `${name} response`]);
  expect(titles.toSorted()).toEqual(expected.toSorted());
});
