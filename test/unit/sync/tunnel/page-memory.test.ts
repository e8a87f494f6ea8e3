import { describe, expect, test } from "vitest";
import { hasCode } from "../../../../src/base/error.ts";
import { UndecodedPage } from "../../../../src/sync/tunnel/decode-page.ts";
import { PageRooms } from "../../../../src/sync/tunnel/page-rooms.ts";
import { readRecordPage } from "../../../../src/wire/operation/record-page.ts";
import { tunnelReadRecords } from "../../../../src/wire/operation/tunnel-read-records.ts";
import { encodeStreamRecord } from "../../../../src/wire/plainbuffer/encode.ts";

const MEGABYTE = 1024 * 1024;

/** A page of two records, as a transport puts it into a room. */
function pageIn(rooms: PageRooms): UndecodedPage {
  const record = (id: string) =>
    encodeStreamRecord(
      [{ name: "id", value: id }],
      [
        { op: "put", name: "text", value: "t".repeat(50_000), timestamp: 5 },
        { op: "put", name: "bytes", value: new Uint8Array([1, 2]), timestamp: 5 },
      ],
      { epoch: 0, timestamp: 7, rowIndex: 0 },
    );
  const reply = tunnelReadRecords.encodeResponse({
    records: ["a", "b"].map((id) => ({ action: "put", record: record(id) })),
    nextToken: "next",
  });
  const body = rooms.room(reply.length);
  body.set(reply);
  return new UndecodedPage(readRecordPage.decodeResponse(body), { more: true, askedAt: 0 }, rooms);
}

describe("memory of pages", () => {
  test("is used again by the next page once a page is given back", () => {
    const rooms = new PageRooms();
    const first = rooms.room(MEGABYTE);
    rooms.giveBack(first);
    expect(rooms.room(MEGABYTE - 1000).buffer).toBe(first.buffer);
  });

  test("is never used for two pages at once, also where one is given back twice", () => {
    const rooms = new PageRooms();
    const first = rooms.room(MEGABYTE);
    rooms.giveBack(first);
    rooms.giveBack(first);
    expect(new Set([first, rooms.room(MEGABYTE), rooms.room(MEGABYTE)].map(({ buffer }) => buffer)).size).toBe(2);
  });

  test("of others is left alone", () => {
    const rooms = new PageRooms();
    const foreign = new Uint8Array(MEGABYTE);
    rooms.giveBack(foreign);
    expect(rooms.room(MEGABYTE).buffer).not.toBe(foreign.buffer);
  });

  test("is kept for four pages of up to 2 MB, whatever was read at once (R14)", () => {
    const rooms = new PageRooms();
    const pages = [...Array.from({ length: 9 }, () => rooms.room(MEGABYTE)), rooms.room(8 * MEGABYTE)];
    for (const page of pages.toReversed()) rooms.giveBack(page);
    const kept = new Set(pages.map(({ buffer }) => buffer));
    const again = Array.from({ length: 9 }, () => rooms.room(MEGABYTE)).filter(({ buffer }) => kept.has(buffer));
    expect(again.map(({ buffer }) => buffer.byteLength)).toEqual([MEGABYTE, MEGABYTE, MEGABYTE, MEGABYTE]);
  });

  test("leaves what was decoded of its changes, and stops whoever looks for more", () => {
    const rooms = new PageRooms();
    const page = pageIn(rooms);
    const [first, second] = page.changes;
    const { key, cells } = first!;
    page.release();
    rooms.room(page.bytes).fill(0xff);
    expect(first).toMatchObject({ committedAt: 7 });
    expect({ key, text: cells[0], bytes: cells[1] }).toMatchObject({
      key: [{ name: "id", value: "a" }],
      text: { value: "t".repeat(50_000) },
      bytes: { value: new Uint8Array([1, 2]) },
    });
    expect(() => second!.key).toThrow(expect.toSatisfy((error) => hasCode(error, "TF_INTERNAL")));
  });
});
