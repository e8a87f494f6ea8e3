import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ResponseBody } from "../../../src/client/response-body.ts";

const bytes = (text: string) => Buffer.from(text, "latin1");

/** Hands the text over in pieces cut at these offsets, as a socket might. */
function feed(body: ResponseBody, text: string, cuts: readonly number[] = []): number {
  const places = [...new Set(cuts.map((cut) => cut % (text.length + 1)))].sort((a, b) => a - b);
  let taken = 0;
  let from = 0;
  for (const to of [...places, text.length]) {
    const piece = bytes(`##${text.slice(from, to)}##`);
    taken += body.take(piece, 2, piece.length - 2) - 2;
    from = to;
  }
  return taken;
}
const textOf = (body: ResponseBody) => Buffer.from(body.bytes()).toString("latin1");
const chunked = "5;name=value\r\nhello\r\n1\r\n \r\nA\r\n0123456789\r\n0\r\ntrailer: x\r\n\r\n";

describe("a body of known length", () => {
  test("is complete with its last byte, and leaves what follows alone", () => {
    const body = new ResponseBody(5, 100, undefined);
    expect([feed(body, "hello and more"), body.complete, textOf(body)]).toEqual([5, true, "hello"]);
  });
  test("of no bytes is complete at once", () => expect(new ResponseBody(0, 100, undefined).complete).toBe(true));
  test("goes where it is told", () => {
    const memory = Buffer.alloc(10);
    const body = new ResponseBody(5, 100, (length) => memory.subarray(1, 1 + length));
    feed(body, "hello", [2]);
    expect(memory.toString("latin1", 0, 7)).toBe("\0hello\0");
  });
  test("is refused unread when it is too long", () => expect(() => new ResponseBody(101, 100, undefined)).toThrow("longer than 100 bytes"));
});

describe("a chunked body", () => {
  test("is put together however it arrives", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(1000), { maxLength: 20 }), (cuts) => {
        const body = new ResponseBody("chunked", 100, undefined);
        feed(body, chunked, cuts);
        expect([body.complete, textOf(body)]).toEqual([true, "hello 0123456789"]);
      }),
    );
  });
  test("leaves what follows alone", () => {
    const body = new ResponseBody("chunked", 100, undefined);
    expect(feed(body, `${chunked}HTTP/1.1`)).toBe(chunked.length);
  });
  test.each([
    ["a size that is no number", "xyz\r\n"],
    ["no end behind a chunk", "1\r\nab\r\n"],
    ["a line that never ends", "1".repeat(5000)],
  ])("with %s is refused", (_what, text) => {
    expect(() => feed(new ResponseBody("chunked", 100_000, undefined), text)).toThrow("broken");
  });
  test("is refused when it grows too long", () => {
    expect(() => feed(new ResponseBody("chunked", 7, undefined), chunked)).toThrow("longer than 7 bytes");
  });
});

describe("a body until the end of the connection", () => {
  test("is complete only then", () => {
    const body = new ResponseBody("until-end", 100, undefined);
    feed(body, "hello", [3]);
    const before = body.complete;
    body.end();
    expect([before, body.complete, textOf(body)]).toEqual([false, true, "hello"]);
  });
  test("is refused when it grows too long", () => {
    expect(() => feed(new ResponseBody("until-end", 3, undefined), "hello")).toThrow("longer than 3 bytes");
  });
  test("of known length is not complete because the connection ends", () => {
    const body = new ResponseBody(5, 100, undefined);
    feed(body, "hell");
    body.end();
    expect(body.complete).toBe(false);
  });
});
