import { afterEach, describe, expect, test } from "vitest";
import { Seats } from "../../../../src/sync/tunnel/seats.ts";
import { tunnelReadRecords } from "../../../../src/wire/operation/tunnel-read-records.ts";
import { encodeStreamRecord } from "../../../../src/wire/plainbuffer/encode.ts";
import { encodeErrorBody } from "../../../../src/wire/error-body.ts";
import { signedResponse } from "../../../../src/wire/headers.ts";
import type { HeldChannel } from "../../../../src/sync/channel.ts";
import { decodedChange } from "../apply/streamed-changes.ts";
import { HEARTBEAT_MS, keyIn, TunnelWorld, type Worker } from "./tunnel-world.ts";

const HOUR_MS = 3_600_000;

let world: TunnelWorld;
afterEach(() => world.close());

const begin = async (...made: Parameters<TunnelWorld["make"]>): Promise<void> => {
  world = await TunnelWorld.open();
  await world.make(...made);
};
/** The only channel, held and read by nobody but the test. */
async function channel(options: Parameters<TunnelWorld["work"]>[0] = {}): Promise<{ held: HeldChannel; worker: Worker }> {
  const run = ({ closing }: HeldChannel) => new Promise<"closed">((resolve) => closing.addEventListener("abort", () => resolve("closed")));
  const worker = world.work({ run, ...options });
  await world.until(() => worker.channels.length === 1);
  return { held: worker.held[0]!.channel, worker };
}
const read = (held: HeldChannel, token = held.start) => world.during(held.read(token, world.never));

describe("a page of changes", () => {
  test("has puts, updates and deletes in their order, with versions, old values and the time of their commit", async () => {
    await begin(1, "Stream", undefined, ["a"]);
    await world.caller.put("t", { pk: "k" }, [{ name: "a", value: 1n, timestamp: world.clock.now() }]);
    await world.caller.update("t", { pk: "k" }, [
      { op: "put", name: "b", value: "x", timestamp: world.clock.now() },
      { op: "deleteOne", name: "a", timestamp: 5 },
      { op: "deleteAll", name: "c" },
    ]);
    await world.caller.delete("t", { pk: "k" });
    const { held } = await channel();
    const page = await read(held);
    const key = [{ name: "pk", value: "k" }];
    const at = world.clock.now();
    const a = { name: "a", value: 1n, timestamp: expect.any(Number) };
    expect(page.changes.map(decodedChange)).toEqual([
      { type: "put", key, cells: [{ op: "put", ...a }], origin: [], committedAt: expect.any(Number) },
      {
        type: "update",
        key,
        cells: expect.arrayContaining([
          { op: "put", name: "b", value: "x", timestamp: expect.any(Number) },
          { op: "deleteOne", name: "a", timestamp: 5 },
          { op: "deleteAll", name: "c" },
        ]),
        origin: [a],
        committedAt: expect.any(Number),
      },
      { type: "delete", key, cells: [], origin: [a], committedAt: expect.any(Number) },
    ]);
    for (const { committedAt } of page.changes) expect(Math.abs(committedAt! / 1000 - at)).toBeLessThan(1000);
    expect(page).toMatchObject({ more: false, bytes: expect.any(Number), askedAt: expect.any(Number) });
    expect(page.bytes).toBeGreaterThan(100);
  });

  test("has no old values where the stream keeps none, and no time where it is base data", async () => {
    world = await TunnelWorld.open();
    await world.caller.createTable("t", [{ name: "pk", type: "string" }]);
    await world.put("k");
    await world.makeOnTable("BaseAndStream");
    const { held } = await channel();
    expect(held.kind).toBe("base");
    const { changes, next } = await read(held);
    expect(changes).toMatchObject([{ type: "put", origin: undefined, committedAt: undefined }]);
    expect(next).toBe("finished");
    expect(await read(held, next)).toMatchObject({ changes: [], next: "finished", more: false });
  });

  test("follows the one before at once while more is ready", async () => {
    await begin();
    for (let from = 0; from < 2400; from += 200) {
      await world.caller.writeBatch(
        "t",
        Array.from({ length: 200 }, (_, i) => ({ key: { pk: `k${from + i}` }, cells: {} })),
      );
    }
    const { held } = await channel();
    const before = world.now;
    const first = await read(held);
    const second = await read(held, first.next);
    const third = await read(held, second.next);
    expect([first, second, third].map(({ changes, more }) => [changes.length, more])).toEqual([
      [1000, true],
      [1000, true],
      [400, false],
    ]);
    expect(world.now - before).toBeLessThanOrEqual(10);
  });

  test.each([
    ["501 records", 501, 1, true],
    ["500 records", 500, 1, false],
    ["more than 900 KB", 10, 100_000, true],
    ["900 KB at most", 9, 100_000, false],
  ])("is full by its size where the service does not say whether there is more: %s", async (_, count, bytes, more) => {
    await begin();
    const cells = [{ op: "put" as const, name: "c", value: "x".repeat(bytes), timestamp: 1 }];
    const record = encodeStreamRecord([{ name: "pk", value: "k" }], cells, { epoch: 0, timestamp: 1, rowIndex: 0 });
    const body = tunnelReadRecords.encodeResponse({
      records: Array.from({ length: count }, () => ({ action: "put" as const, record })),
      nextToken: "next",
    });
    const { held, worker } = await channel();
    const { id, secret } = world.server.rootKey;
    worker.link.intercept = (name, { path }) =>
      name === "readrecords" ? Promise.resolve(signedResponse(path, 200, body, "1", world.now, { id, secret })) : undefined;
    expect((await read(held)).more).toBe(more);
  });

  test("is asked for again while the service is busy or the network breaks, and then thrown", async () => {
    await begin();
    await world.put("a");
    const { held } = await channel();
    const busy = { type: "error", code: "OTSTunnelServerUnavailable", status: 503, text: "Server is busy." } as const;
    for (const effect of [busy, { type: "dropReply" }, { type: "cutRequest" }] as const) {
      world.controls.faults.set([{ operations: ["tunnel/readrecords"], times: 4, effect }]);
      expect((await read(held)).changes).toHaveLength(1);
    }
    world.controls.faults.set([{ operations: ["tunnel/readrecords"], effect: busy }]);
    const before = world.now;
    await expect(read(held)).rejects.toMatchObject({ code: "OTSTunnelServerUnavailable" });
    expect(world.now - before).toBeGreaterThan(10_000);
    expect(world.now - before).toBeLessThan(75_000);
    expect(held.lost.aborted).toBe(false);
  });

  test("is given up with the reader's signal, also during a pause", async () => {
    await begin();
    const { held } = await channel();
    await read(held);
    const giveUp = new AbortController();
    const page = held.read(held.start, giveUp.signal);
    giveUp.abort(new Error("enough"));
    await expect(page).rejects.toThrow("enough");
  });
});

describe("a position that has expired", () => {
  test("is a coded error with the way out, never a silent skip, and ends the session", async () => {
    await begin();
    const { held, worker } = await channel({ timeoutMs: 100 * HOUR_MS, heartbeatMs: 10 * HOUR_MS });
    await world.put("lost");
    await world.clock.advance(25 * HOUR_MS);
    await world.put("kept");
    const before = worker.link.count("readrecords");
    const refused = read(held);
    await expect(refused).rejects.toMatchObject({ code: "TF_CHANGES_EXPIRED", wayOut: expect.stringContaining("--again") });
    expect(worker.link.count("readrecords") - before, "it is not tried again").toBe(1);
  });

  test.each([
    [400, "OTSTunnelServerUnavailable", "OTSTrimmedDataAccess Requested stream data is already trimmed or does not exist."],
    [400, "OTSTrimmedDataAccess", "Requested stream data is already trimmed or does not exist."],
    [400, "OTSTunnelExpired", "The tunnel is expired."],
  ])("ends the session of a runner that read it: %i %s", async (status, code, text) => {
    await begin();
    const worker = world.work();
    const { id, secret } = world.server.rootKey;
    worker.link.intercept = (name, { path }) =>
      name === "readrecords"
        ? Promise.resolve(signedResponse(path, status, encodeErrorBody(code, text), "1", world.now, { id, secret }))
        : undefined;
    await world.until(() => worker.isOver, 3000);
    expect(await worker.over).toMatchObject({ code: "TF_CHANGES_EXPIRED" });
  });
});

describe("a channel in which nothing happens", () => {
  const idle = async (foreign: boolean, channels = 4): Promise<Worker> => {
    await begin(channels);
    const worker = world.work({ link: (link) => (link.foreign = foreign) });
    await world.until(() => worker.channels.length === channels);
    await world.pass(5000);
    return worker;
  };

  test.each([
    ["with reads that wait", false],
    ["of a server that does not know them", true],
  ])("costs two requests a second at most %s", async (_, foreign) => {
    const { link } = await idle(foreign);
    const from = world.now;
    await world.pass(60_000);
    const perChannel = link.count("readrecords", from) / 60 / 4;
    expect(perChannel).toBeLessThanOrEqual(2);
    expect(perChannel, "and is still read").toBeGreaterThan(1.5);
  });

  test.each([
    ["at once with reads that wait", false, 30],
    ["within half a second else", true, 520],
  ])("is heard of %s", async (_, foreign, mostMs) => {
    const worker = await idle(foreign);
    const lags: number[] = [];
    for (let n = 0n; n < 20n; n++) {
      await world.pass(5000 + Number(n) * 37);
      await world.put(keyIn(Number(n) % 4), n);
      const before = worker.seen.length;
      lags.push(await world.until(() => worker.seen.length > before));
    }
    expect(Math.max(...lags)).toBeLessThanOrEqual(mostMs);
  });

  test("is read with pauses once the server turned out not to wait, and without asking it to", async () => {
    const { link } = await idle(true, 1);
    const from = world.now;
    await world.pass(10_000);
    expect(link.sent.filter(({ name, at, waited }) => name === "readrecords" && waited && at >= from)).toEqual([]);
  });

  test("waits at the server only where there is a seat; the others read with pauses", async () => {
    await begin(4);
    const worker = world.work({ seats: new Seats(1) });
    await world.until(() => worker.channels.length === 4);
    await world.pass(5000);
    const from = world.now;
    await world.pass(20_000);
    const reads = worker.link.sent.filter(({ name, at }) => name === "readrecords" && at >= from);
    const waiting = reads.filter(({ waited }) => waited).length;
    expect(waiting).toBeGreaterThan(30);
    expect(waiting).toBeLessThanOrEqual(41);
    expect(reads.length / 20 / 4).toBeLessThanOrEqual(2);
  });
});

test("hundreds of channels cost a heartbeat each second, and one request to begin each", async () => {
  await begin(300);
  const run = ({ closing }: HeldChannel) => new Promise<"closed">((resolve) => closing.addEventListener("abort", () => resolve("closed")));
  const worker = world.work({ run });
  await world.until(() => worker.channels.length === 300);
  await world.pass(500);
  const from = world.now;
  await world.pass(10 * HEARTBEAT_MS);
  expect(worker.link.count("getcheckpoint")).toBe(300);
  expect(worker.link.sent.filter(({ at }) => at >= from)).toHaveLength(10);
});
