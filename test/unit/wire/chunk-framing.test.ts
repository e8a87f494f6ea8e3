import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ChunkFraming } from "../../../src/wire/chunk-framing.ts";

/** Content found in the text, handed over in pieces cut at these offsets, and what was left behind the body. */
function read(text: string, cuts: readonly number[] = []): { content: string; rest: string; complete: boolean } {
  const framing = new ChunkFraming();
  let content = "";
  let rest = "";
  let from = 0;
  for (const to of [...new Set(cuts.map((cut) => cut % (text.length + 1)))].sort((a, b) => a - b).concat(text.length)) {
    const piece = Buffer.from(text.slice(from, to), "latin1");
    const behind = framing.take(piece, 0, piece.length, (start, end) => {
      content += piece.toString("latin1", start, end);
      return true;
    });
    rest += piece.toString("latin1", behind);
    from = to;
  }
  return { content, rest, complete: framing.complete };
}

describe("chunks", () => {
  const body = '5;name="v";x\r\nhello\r\n1 ;y\r\n \r\n00A\r\n\r\n34567\r\n9\r\n0;last\r\nTrailer: x\r\nOther: y\r\n\r\n';
  test("give the same content however they are cut", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(1000), { maxLength: 30 }), (cuts) => {
        expect(read(`${body}POST /`, cuts)).toEqual({ content: "hello \r\n34567\r\n9", rest: "POST /", complete: true });
      }),
    );
  });

  test("are not complete without the empty line at their end", () => {
    expect(read(body.slice(0, -1)).complete).toBe(false);
  });

  test.each([
    ["a size without digits", ";x\r\n"],
    ["an empty size", "\r\n"],
    ["a sign", "+5\r\nhello\r\n"],
    ["a prefix", "0x5\r\nhello\r\n"],
    ["more digits than a size has", "000000005\r\nhello\r\n"],
    ["a line that ends without CR", "5\nhello\r\n"],
    ["a CR alone", "5\rhello"],
    ["an extension that ends without CR", "5;a\nhello\r\n"],
    ["content longer than its size", "5\r\nhello!\r\n"],
    ["an end of content without CR", "5\r\nhello\n"],
    ["a trailer that ends without CR", "0\r\na: b\n\r\n"],
    ["a trailer with a NUL", "0\r\na: \0\r\n\r\n"],
    ["extensions without end", `1;${"x".repeat(10_000)}\r\na\r\n1;${"x".repeat(10_000)}\r\na\r\n`],
    ["trailers without end", `0\r\n${"a: b\r\n".repeat(5000)}`],
  ])("with %s are refused", (_what, text) => {
    expect(() => read(text)).toThrow("broken");
  });
});
