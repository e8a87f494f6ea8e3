import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Row } from "../../../src/model/row.ts";
import { WireCorrupt } from "../../../src/wire/corrupt.ts";
import { encodeRows } from "../../../src/wire/plainbuffer/encode.ts";
import { decodeMatrix, encodeMatrix } from "../../../src/wire/plainbuffer/row-matrix.ts";
import * as any from "./arbitraries.ts";

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const rowOf = (pk1: string, c?: string): Row => ({
  key: [{ name: "pk1", value: pk1 }],
  cells: c === undefined ? [] : [{ name: "c", value: c, timestamp: 1000 }],
});

/** Golden vector of the reference's appendix A: pk1 and c, rows a: 1 and b without c. */
const golden = "53524d30230000001c00000001000000010000000300706b310100630a010302000000020301000000610001000000000000000203010000006206014f";

/** Rows of one key schema, as a table has them. */
const table = fc
  .record({ keys: any.key, rows: fc.array(any.row, { maxLength: 6 }) })
  .map(({ keys, rows }) => ({ keys, rows: rows.map(({ cells }): Row => ({ key: keys, cells })) }));
const wanted = fc.uniqueArray(any.name, { maxLength: 6 });

describe("a matrix of rows", () => {
  test("is the golden one", () => {
    const rows = encodeRows([{ ...rowOf("a"), cells: [{ name: "c", value: 1n, timestamp: 1000 }] }, rowOf("b")]);
    expect(hex(encodeMatrix(rows, ["pk1"], ["c"]))).toBe(golden);
  });

  test("is read from the golden one", () => {
    expect(decodeMatrix(Buffer.from(golden, "hex"))).toEqual({
      keys: ["pk1"],
      columns: ["c"],
      rows: [
        { key: ["a"], values: [1n] },
        { key: ["b"], values: [undefined] },
      ],
    });
  });

  test("is a whole block without rows", () => {
    const head = Buffer.from(golden.slice(0, 2 * 28), "hex");
    const options = Buffer.from("0a010300000000", "hex");
    expect(hex(encodeMatrix(new Uint8Array(0), ["pk1"], ["c"]))).toBe(hex(withChecksum(Buffer.concat([head, options, Buffer.of(1)]))));
    expect(decodeMatrix(encodeMatrix(new Uint8Array(0), ["pk1"], ["c"]))).toEqual({ keys: ["pk1"], columns: ["c"], rows: [] });
  });

  test("holds the newest value of every column wanted, in the order wanted", () => {
    fc.assert(
      fc.property(table, wanted, ({ keys, rows }, columns) => {
        const names = keys.map(({ name }) => name);
        const expected = rows.map(({ key, cells }) => ({
          key: key.map(({ value }) => value),
          values: columns.map((name) => cells.find((cell) => cell.name === name)?.value),
        }));
        expect(decodeMatrix(encodeMatrix(encodeRows(rows), names, columns))).toEqual({ keys: names, columns, rows: expected });
      }),
    );
  });

  test("is refused, and nothing else happens, when any of it is changed or cut off", () => {
    const whole = Buffer.from(golden, "hex");
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), fc.nat(whole.length), (at, flip, length) => {
        const changed = Buffer.from(whole);
        changed[at]! ^= flip;
        expect(() => decodeMatrix(changed)).toThrow(WireCorrupt);
        if (length < whole.length) expect(() => decodeMatrix(whole.subarray(0, length))).toThrow(WireCorrupt);
      }),
    );
  });

  test("is refused also where the checksum fits what was changed", () => {
    const whole = Buffer.from(golden, "hex").subarray(0, -1);
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.nat(255), (at, byte) => {
        const changed = Buffer.from(whole);
        changed[at] = byte;
        try {
          decodeMatrix(withChecksum(changed));
        } catch (error) {
          expect(error).toBeInstanceOf(WireCorrupt);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

/** The plainest CRC-8 there is, as referee. */
function withChecksum(bytes: Uint8Array): Uint8Array {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 0x80 ? ((crc << 1) ^ 0x07) & 0xff : (crc << 1) & 0xff;
  }
  return Buffer.concat([bytes, Buffer.of(crc)]);
}
