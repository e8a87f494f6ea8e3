import { describe, expect, test } from "vitest";
import { Gate } from "../../../src/base/gate.ts";
import type { ChangePage } from "../../../src/sync/channel.ts";
import { PageQueue } from "../../../src/sync/page-queue.ts";
import { FINISHED } from "../../../src/wire/tunnel-token.ts";

const page = (next: string, bytes: number, more = true): ChangePage => ({ changes: [], bytes, next, more, askedAt: 0 });

/** A channel whose pages are handed out when told. */
function scripted() {
  const asked: string[] = [];
  const waiting: { resolve: (page: ChangePage) => void; reject: (error: Error) => void }[] = [];
  const read = (token: string, signal: AbortSignal) =>
    new Promise<ChangePage>((resolve, reject) => {
      asked.push(token);
      waiting.push({ resolve, reject });
      signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
    });
  return {
    asked,
    channel: { start: "0", read },
    give: (one: ChangePage) => waiting.shift()!.resolve(one),
    fail: (error: Error) => waiting.shift()!.reject(error),
  };
}

const turn = () => new Promise<void>((resolve) => void setImmediate(resolve));

function queueOver(channel: ReturnType<typeof scripted>["channel"], room = new Gate(100_000_000), aheadBytes = 1000) {
  const end = new AbortController();
  const queue = new PageQueue({ channel, room, aheadBytes, allowed: () => Promise.resolve(), signal: end.signal });
  const close = async () => {
    end.abort(new Error("over"));
    await queue.close();
  };
  return { queue, room, close };
}

describe("reading ahead of what is applied", () => {
  test("everything read meanwhile is taken together, in its order", async () => {
    const { channel, give } = scripted();
    const { queue, close } = queueOver(channel);
    for (const next of ["1", "2", "3"]) {
      await turn();
      give(page(next, 10));
    }
    await turn();
    expect((await queue.take())?.pages.map(({ next }) => next)).toEqual(["1", "2", "3"]);
    await close();
  });

  test("pages are given back when their window is over, and those never taken when reading ends (R14)", async () => {
    const { channel, give } = scripted();
    const { queue, close } = queueOver(channel);
    const released: string[] = [];
    const held = (next: string) => ({ ...page(next, 10), release: () => void released.push(next) });
    await turn();
    give(held("1"));
    await turn();
    const window = await queue.take();
    give(held("2"));
    await turn();
    expect(released).toEqual([]);
    window!.release();
    expect(released).toEqual(["1"]);
    await close();
    expect(released).toEqual(["1", "2"]);
  });

  test("stops at the bytes it may be ahead, and goes on when they are taken (R14)", async () => {
    const { channel, asked, give } = scripted();
    const { queue, close } = queueOver(channel);
    await turn();
    give(page("1", 1000));
    await turn();
    expect(asked).toEqual(["0"]);
    (await queue.take())!.release();
    await turn();
    expect(asked).toEqual(["0", "1"]);
    await close();
  });

  test("bytes stay in flight until what was taken is released", async () => {
    const { channel, give } = scripted();
    const { queue, room, close } = queueOver(channel);
    await turn();
    give(page("1", 500, false));
    await turn();
    const window = (await queue.take())!;
    expect(room.held).toBe(500);
    window.release();
    expect(room.held).toBe(0);
    await close();
  });

  test("an idle channel holds nothing", async () => {
    const { channel, give } = scripted();
    const { queue, room, close } = queueOver(channel);
    await turn();
    give(page("0", 0, false));
    await turn();
    (await queue.take())!.release();
    await turn();
    expect(room.held).toBe(0);
    await close();
  });

  test("the end of the channel ends it, after the last page was taken", async () => {
    const { channel, give } = scripted();
    const { queue } = queueOver(channel);
    await turn();
    give(page(FINISHED, 10));
    await turn();
    expect((await queue.take())?.pages).toHaveLength(1);
    expect(await queue.take()).toBeUndefined();
  });

  test("a failure is told after the pages before it", async () => {
    const { channel, give, fail } = scripted();
    const { queue } = queueOver(channel);
    await turn();
    give(page("1", 10));
    await turn();
    fail(new Error("broken"));
    await turn();
    expect((await queue.take())?.pages).toHaveLength(1);
    await expect(queue.take()).rejects.toThrow("broken");
  });

  test("closing gives back what was read and not taken", async () => {
    const { channel, give } = scripted();
    const { room, close } = queueOver(channel);
    await turn();
    give(page("1", 500));
    await turn();
    await close();
    expect(room.held).toBe(0);
  });
});
