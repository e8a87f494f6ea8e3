import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { KeySchema } from "../../../src/model/schema.ts";
import { keyText, parseKeyText } from "../../../src/verify/key-text.ts";

const schema: readonly KeySchema[] = [
  { name: "customer", type: "string" },
  { name: "order", type: "integer" },
  { name: "raw", type: "binary" },
];

describe("keyText", () => {
  test("reads like what a person would type", () => {
    expect(
      keyText([
        { name: "customer", value: "alice" },
        { name: "order", value: -17n },
        { name: "raw", value: new Uint8Array([0, 255]) },
      ]),
    ).toBe("customer=alice,order=-17,raw=base64:AP8=");
  });

  test("is read back, whatever the key holds", () => {
    const key = fc.tuple(fc.string({ unit: "binary" }), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.uint8Array());
    fc.assert(
      fc.property(key, fc.uniqueArray(fc.string({ minLength: 1 }), { minLength: 3, maxLength: 3 }), ([customer, order, raw], names) => {
        const columns = [customer, order, raw].map((value, i) => ({ name: names[i]!, value }));
        const read = parseKeyText(
          keyText(columns),
          schema.map(({ type }, i) => ({ name: names[i]!, type })),
        );
        expect(read).toEqual(columns);
      }),
    );
  });
});

describe("parseKeyText", () => {
  const wanted = [
    { name: "customer", value: "al, ice" },
    { name: "order", value: 17n },
    { name: "raw", value: new Uint8Array([1]) },
  ];

  test.each<[string, string | string[]]>([
    ["pairs in any order", 'order=17,customer="al, ice",raw=base64:AQ=='],
    ["pairs apart by spaces", 'order=17  customer="al, ice" raw=base64:AQ=='],
    ["JSON", '{"customer":"al, ice","order":17,"raw":{"base64":"AQ=="}}'],
    ["JSON with an integer in quotes", '{"customer":"al, ice","order":"17","raw":"base64:AQ=="}'],
    ["the words of a command line, as they stand", ["customer=al, ice", "order=17", "raw=base64:AQ=="]],
    ["one word, as it was printed", ['customer="al, ice",order=17,raw=base64:AQ==']],
  ])("reads %s", (_what, text) => {
    expect(parseKeyText(text, schema)).toEqual(wanted);
  });

  test("keeps integers of 64 bits exact", () => {
    expect(parseKeyText("id=9223372036854775807", [{ name: "id", type: "integer" }])).toEqual([
      { name: "id", value: 9223372036854775807n },
    ]);
  });

  test("knows a key of other columns, a part of a key and more than a key as none of this schema", () => {
    for (const text of ["id=1", "customer=a,order=1", "customer=a,order=1,raw=base64:AQ==,more=1"])
      expect(parseKeyText(text, schema)).toBeUndefined();
  });

  test.each([
    ["a value that is no integer", "customer=a,order=1.5,raw=base64:AQ=="],
    ["an integer of more than 64 bits", "customer=a,order=9223372036854775808,raw=base64:AQ=="],
    ["binary that is no base64", "customer=a,order=1,raw=base64:A"],
    ["text that is no key", "alice"],
    ["broken quotes", 'customer="a,order=1,raw=base64:AQ=='],
    ["broken JSON", '{"customer":"a",'],
    ["a number that JSON does not carry exactly", '{"customer":"a","order":9223372036854775807,"raw":"base64:AQ=="}'],
    ["a nested value", '{"customer":["a"],"order":1,"raw":"base64:AQ=="}'],
  ])("refuses %s", (_what, text) => {
    expect(() => parseKeyText(text, schema)).toThrow(expect.objectContaining({ code: "TF_KEY_INVALID" }));
  });
});
