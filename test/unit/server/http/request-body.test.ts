import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { limits } from "../../../../src/model/limits.ts";
import { BodyMemory } from "../../../../src/server/http/body-memory.ts";
import { RequestBody } from "../../../../src/server/http/request-body.ts";

const MB = 1024 * 1024;
const limit = limits.requestBodyBytesMax;

/** Takes `total` bytes in pieces of `size`. */
function feed(body: RequestBody, total: number, size: number): void {
  const piece = Buffer.alloc(size, "x");
  for (let sent = 0; sent < total && !body.excessive; sent += size) body.take(piece, 0, Math.min(size, total - sent));
}

function hasRoom(memory: BodyMemory, bytes: number): boolean {
  const room = memory.larger(Buffer.alloc(0), bytes, 0);
  if (room !== undefined) memory.leave(room, false);
  return room !== undefined;
}

describe("the body of a request", () => {
  it("is put together however it arrives, and leaves what follows alone", () => {
    const text = "0123456789".repeat(30);
    fc.assert(
      fc.property(fc.array(fc.nat(text.length), { maxLength: 10 }), (cuts) => {
        const body = new RequestBody(text.length, new BodyMemory(MB), true);
        let from = 0;
        for (const to of [...cuts].sort((a, b) => a - b).concat(text.length)) {
          body.take(Buffer.from(text.slice(from, to)), 0, to - from);
          from = to;
        }
        expect([body.complete, Buffer.from(body.bytes).toString()]).toEqual([true, text]);
        expect(body.take(Buffer.from("more"), 0, 4)).toBe(0);
      }),
    );
  });

  it("does not change with the memory it was read from", () => {
    const bytes = Buffer.from("headbodymore");
    const body = new RequestBody(4, new BodyMemory(MB), true);
    expect(body.take(bytes, 4, bytes.length)).toBe(8);
    bytes.fill("x");
    expect(Buffer.from(body.bytes).toString()).toBe("body");
  });

  it("costs no memory for what is only announced", () => {
    const memory = new BodyMemory(MB);
    const body = new RequestBody(limit, memory, true);
    feed(body, 10, 10);
    expect(hasRoom(memory, MB - 64 * 1024)).toBe(true);
  });

  it("costs no more memory than its bytes where it comes in chunks of one byte", () => {
    const memory = new BodyMemory(300_000);
    const body = new RequestBody("chunked", memory, true);
    const chunk = Buffer.from("1\r\nx\r\n");
    for (let i = 0; i < 100_000; i++) body.take(chunk, 0, chunk.length);
    body.take(Buffer.from("0\r\n\r\n"), 0, 5);
    expect([body.complete, body.short, body.bytes.length]).toEqual([true, false, 100_000]);
  });

  it("over the limit is kept as far as it takes to be refused, and read to its end", () => {
    const body = new RequestBody(limit + 2 * MB, new BodyMemory(8 * MB), true);
    feed(body, limit + 2 * MB, 64 * 1024);
    expect([body.complete, body.excessive, body.bytes.length]).toEqual([true, false, limit + 1]);
  });

  it("beyond all measure is not read to its end", () => {
    const body = new RequestBody(100 * MB, new BodyMemory(8 * MB), true);
    feed(body, 100 * MB, MB);
    expect([body.complete, body.excessive]).toEqual([false, true]);
  });

  it("finds no memory where others have it, and then is read and dropped", () => {
    const memory = new BodyMemory(MB);
    memory.add(MB - 1000);
    const body = new RequestBody(2000, memory, true);
    feed(body, 2000, 500);
    expect([body.complete, body.short, body.bytes.length]).toEqual([true, true, 0]);
  });

  it.each([
    ["in one piece", 50_000, 50_000],
    ["in many", 300_000, 1000],
  ])("that came %s gives its memory back", (_how, total, size) => {
    const memory = new BodyMemory(MB);
    const body = new RequestBody(total, memory, true);
    feed(body, total, size);
    expect(hasRoom(memory, MB)).toBe(false);
    body.release(true);
    body.release(true);
    expect([hasRoom(memory, MB), hasRoom(memory, MB + 1)]).toEqual([true, false]);
  });

  it("takes the memory of one that was answered, and not of one that somebody may still look at", () => {
    const memory = new BodyMemory(MB);
    const roomOf = (reusable: boolean) => {
      const body = new RequestBody(100_000, memory, true);
      feed(body, 100_000, 50_000);
      const { buffer } = body.bytes;
      body.release(reusable);
      return buffer;
    };
    const first = roomOf(true);
    const second = roomOf(false);
    expect([second === first, roomOf(true) === first]).toEqual([true, false]);
  });
});
