import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { hasCode } from "../../../src/base/error.ts";
import { WireCorrupt } from "../../../src/wire/corrupt.ts";
import { decodeBareValue, encodeBareValue } from "../../../src/wire/plainbuffer/bare-value.ts";
import { crc8, crc8View, shift, undo, unshift } from "../../../src/wire/plainbuffer/crc8.ts";
import { decodeChange, decodeOriginRecord, decodeStreamRecord } from "../../../src/wire/plainbuffer/decode-change.ts";
import { decodeKey, decodeRow, decodeRows } from "../../../src/wire/plainbuffer/decode.ts";
import { encodeChange, encodeKey, encodeRow, encodeRows, encodeStreamRecord } from "../../../src/wire/plainbuffer/encode.ts";
import { RowWalker } from "../../../src/wire/plainbuffer/walk.ts";
import { ServiceError } from "../../../src/wire/service-error.ts";
import * as any from "./arbitraries.ts";

const sequence = fc.record({
  epoch: fc.integer(),
  timestamp: fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
  rowIndex: fc.integer(),
});
const refusal = (error: unknown): boolean => error instanceof WireCorrupt || error instanceof ServiceError;
const text = fc.uint8Array({ maxLength: 300 });

describe("the checksum", () => {
  test("over a view is the one over bytes", () => {
    fc.assert(
      fc.property(text, fc.nat(255), fc.nat(7), (bytes, start, from) => {
        const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
        return (
          crc8View(start, view, Math.min(from, bytes.length), bytes.length) ===
          crc8(start, bytes, Math.min(from, bytes.length), bytes.length)
        );
      }),
    );
  });
  test("of a concatenation is that of the parts, shifted", () => {
    fc.assert(
      fc.property(text, text, (a, b) => {
        const whole = crc8(crc8(0, a, 0, a.length), b, 0, b.length);
        return whole === (shift(crc8(0, a, 0, a.length), b.length) ^ crc8(0, b, 0, b.length));
      }),
    );
  });
  test("shifted there and back is the same", () => {
    fc.assert(fc.property(fc.nat(255), fc.nat(5_000_000), (delta, length) => unshift(shift(delta, length), length) === delta));
  });
  test("gives trailing bytes back", () => {
    fc.assert(
      fc.property(text, text, (a, b) => {
        const crc = crc8(0, a, 0, a.length);
        return undo(crc8(crc, b, 0, b.length), b, 0, b.length) === crc;
      }),
    );
  });
});

describe("what is encoded is decoded to the same", () => {
  test("keys", () => {
    fc.assert(fc.property(any.wireKey, (key) => void expect(decodeKey(encodeKey(key))).toEqual(key)));
  });
  test("changes", () => {
    fc.assert(fc.property(any.change, (change) => void expect(decodeChange(change.type, encodeChange(change))).toEqual(change)));
  });
  test("one row", () => {
    fc.assert(fc.property(any.row, (row) => void expect(decodeRow(encodeRow(row))).toEqual(row)));
  });
  test("many rows", () => {
    fc.assert(fc.property(fc.array(any.row, { maxLength: 5 }), (rows) => void expect(decodeRows(encodeRows(rows))).toEqual(rows)));
  });
  test("stream records", () => {
    fc.assert(
      fc.property(any.key, fc.array(any.streamCell), fc.option(sequence, { nil: undefined }), (key, cells, at) => {
        expect(decodeStreamRecord(encodeStreamRecord(key, cells, at))).toEqual({ key, cells, sequence: at });
      }),
    );
  });
  test("origin records", () => {
    fc.assert(
      fc.property(fc.array(any.cell), (cells) => {
        const bytes = encodeStreamRecord(
          [],
          cells.map((cell) => ({ op: "put", ...cell })),
        );
        expect(decodeOriginRecord(bytes)).toEqual({ key: [], cells });
      }),
    );
  });
  test("bare values", () => {
    fc.assert(fc.property(any.value, (value) => void expect(decodeBareValue(encodeBareValue(value))).toEqual(value)));
  });
});

describe("damaged bytes", () => {
  const reads = [
    (bytes: Uint8Array) => decodeKey(bytes),
    (bytes: Uint8Array) => decodeRows(bytes),
    (bytes: Uint8Array) => decodeRow(bytes),
    (bytes: Uint8Array) => decodeChange("put", bytes),
    (bytes: Uint8Array) => decodeChange("update", bytes),
    (bytes: Uint8Array) => decodeChange("delete", bytes),
    (bytes: Uint8Array) => decodeStreamRecord(bytes),
    (bytes: Uint8Array) => decodeOriginRecord(bytes),
    (bytes: Uint8Array) => decodeBareValue(bytes),
    (bytes: Uint8Array) => {
      const walker = new RowWalker("none").open(bytes);
      while (walker.next()) walker.sequence();
    },
  ];
  const encoded = fc.oneof(
    any.row.map((row) => encodeRow(row)),
    any.change.map((change) => encodeChange(change)),
    fc.tuple(any.key, fc.array(any.streamCell), sequence).map((record) => encodeStreamRecord(...record)),
  );
  const survivesAll = (bytes: Uint8Array): boolean => reads.every((read) => any.survives(() => read(bytes), refusal));

  test("cut off anywhere, give a coded refusal or a value", () => {
    fc.assert(fc.property(encoded, fc.nat(), (bytes, at) => survivesAll(bytes.subarray(0, at % bytes.length))));
  });
  test("with one byte exchanged, give a coded refusal or a value", () => {
    fc.assert(
      fc.property(encoded, fc.nat(), fc.integer({ min: 1, max: 255 }), (bytes, at, mask) => {
        bytes[at % bytes.length]! ^= mask;
        return survivesAll(bytes);
      }),
      { numRuns: 500 },
    );
  });
  test("of any kind give a coded refusal or a value", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), survivesAll));
  });
  test("in a value are found by the checksum", () => {
    fc.assert(
      fc.property(any.row, fc.nat(), fc.integer({ min: 1, max: 255 }), (row, at, mask) => {
        const bytes = encodeRow(row);
        const walker = new RowWalker("none").open(bytes);
        walker.next();
        const field = at % walker.count;
        bytes[walker.valueEnd[field]! - 1]! ^= mask;
        expect(() => decodeRow(bytes)).toThrow(WireCorrupt);
      }),
    );
  });
  test("that claim four gigabytes are refused before anything is reserved", () => {
    const bytes = encodeRow({ key: [{ name: "k", value: "v" }], cells: [] });
    new DataView(bytes.buffer).setUint32(7, 0xffff_fff0, true);
    expect(() => decodeRow(bytes)).toThrow("a name goes beyond the end");
  });
  test("name the offset", () => {
    const error = (() => {
      try {
        decodeRow(Uint8Array.of(0x75, 0, 0, 0, 9));
        return undefined;
      } catch (thrown) {
        return thrown;
      }
    })();
    expect(error).toMatchObject({ offset: 4, place: "byte 4" });
  });
});

describe("values the wire cannot say", () => {
  test("half a surrogate pair is refused", () => {
    expect(() => encodeBareValue("long enough to be written \ud800")).toThrow("surrogate");
  });
  test("a short one too", () => {
    expect(() => encodeBareValue("\ud800")).toThrow("surrogate");
  });
  test("an integer beyond 64 bits is refused", () => {
    expect(() => encodeBareValue(2n ** 63n)).toThrow("64 bits");
  });
  test("text that is not UTF-8 is refused on reading", () => {
    const bytes = encodeBareValue("abcdefgh");
    bytes[7] = 0xff;
    expect(() => decodeBareValue(bytes)).toSatisfy((read: () => unknown) => {
      try {
        read();
        return false;
      } catch (error) {
        return hasCode(error, "TF_WIRE_CORRUPT");
      }
    });
  });
  test("the replacement character itself is a character like others", () => {
    expect(decodeBareValue(encodeBareValue("a\uFFFDb long enough"))).toBe("a\uFFFDb long enough");
  });
});
