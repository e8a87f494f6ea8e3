import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { keyWords, parseKey, parseKeyStart } from "../../../src/cli/key-argument.ts";
import type { KeySchema } from "../../../src/model/schema.ts";
import { INTEGER_MAX, INTEGER_MIN } from "../../../src/model/value.ts";

const schema: readonly KeySchema[] = [
  { name: "customer", type: "string" },
  { name: "order", type: "integer" },
  { name: "part", type: "binary" },
];

describe("a key on the command line", () => {
  test("is read by the table's types, in any order", () => {
    expect(parseKey(["order=17", "part=base64:AAE=", "customer=17"], schema)).toEqual([
      { name: "customer", value: "17" },
      { name: "order", value: 17n },
      { name: "part", value: new Uint8Array([0, 1]) },
    ]);
  });

  test("keeps integers beyond 2^53 exact", () => {
    expect(parseKey([`order=${INTEGER_MAX}`, "customer=a", "part=base64:"], schema)[1]?.value).toBe(INTEGER_MAX);
    expect(parseKey([`order=${INTEGER_MIN}`, "customer=a", "part=base64:"], schema)[1]?.value).toBe(INTEGER_MIN);
  });

  test("may hold equals signs and nothing at all", () => {
    expect(parseKeyStart(["customer=a=b"], schema)[0]?.value).toBe("a=b");
    expect(parseKeyStart(["customer="], schema)[0]?.value).toBe("");
  });

  test.each([
    [["customer=a", "order=17"], "the key column part is missing"],
    [["customer=a", "order=1.5", "part=base64:"], '"1.5" is no integer'],
    [["customer=a", "order=9223372036854775808", "part=base64:"], '"9223372036854775808" is no integer'],
    [["customer=a", "order=1", "part=AAE="], '"AAE=" is no binary'],
    [["customer=a", "order=1", "part=base64:AA"], '"base64:AA" is no binary'],
    [["custmer=a"], 'there is no key column "custmer"; did you mean customer?'],
    [["customer=a", "customer=b"], "the key column customer is given twice"],
    [["alice"], '"alice" is not column=value'],
  ])("%j is refused: %s", (words, text) => {
    expect(() => parseKey(words, schema)).toThrow(`TF_KEY_INVALID: ${text}`);
  });

  test("as the beginning of a range needs the leading columns only", () => {
    expect(parseKeyStart(["order=5", "customer=a"], schema)).toHaveLength(2);
    expect(() => parseKeyStart(["order=5"], schema)).toThrow("the key column customer comes first and is missing");
  });

  test("is printed as it is read", () => {
    const value = fc.record({ customer: fc.string(), order: fc.bigInt(INTEGER_MIN, INTEGER_MAX), part: fc.uint8Array({ maxLength: 20 }) });
    fc.assert(
      fc.property(value, ({ customer, order, part }) => {
        const key = [
          { name: "customer", value: customer },
          { name: "order", value: order },
          { name: "part", value: part },
        ];
        const words = keyWords(key).map(unquote);
        expect(parseKey(words, schema)).toEqual(key);
      }),
    );
  });
});

/** What a shell makes of a word. */
function unquote(text: string): string {
  let word = "";
  for (let i = 0, quoted = false; i < text.length; i++) {
    if (text[i] === "'") quoted = !quoted;
    else if (text[i] === "\\" && !quoted) word += text[++i]!;
    else word += text[i]!;
  }
  return word;
}
