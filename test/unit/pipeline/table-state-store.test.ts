import { describe, expect, test } from "vitest";
import { systemClock } from "../../../src/base/clock.ts";
import { UnknownOutcome } from "../../../src/client/call.ts";
import { TableStoreClient } from "../../../src/client/table-store-client.ts";
import { TransportError } from "../../../src/client/transport-error.ts";
import { TableStateStore } from "../../../src/pipeline/table-state-store.ts";
import { startTableStore } from "../../../src/testing.ts";
import type { Transport } from "../../../src/wire/transport.ts";
import { scanned, stateStoreContract } from "./state-store-contract.ts";

/** A client of a store of its own, without a socket; `disturb` may drop a request or its answer. */
async function opened(
  disturb: (transport: Transport) => Transport = (transport) => transport,
): Promise<{ client: TableStoreClient; store: TableStateStore }> {
  const server = await startTableStore({ http: false });
  const credentials = { id: server.accessKeyId, secret: server.accessKeySecret };
  const client = new TableStoreClient({ instance: server.instanceName, credentials, transport: disturb(server.transport) });
  return { client, store: new TableStateStore({ client, table: "tableferry_state", clock: systemClock }) };
}
const entry = (seq: number, value = "{}") => ({ token: "me", seq, value });

stateStoreContract(
  "a table",
  async () => (await opened()).store,
  (store) => Promise.resolve(store),
);

describe("the state table", () => {
  test("is made at the first write and not by reading", async () => {
    const { client, store } = await opened();
    expect(await store.get("a")).toBeUndefined();
    expect(await scanned(store, "")).toEqual([]);
    await store.remove("a");
    expect(await client.listTable()).toEqual([]);
    await store.compareAndSet("a", undefined, entry(1));
    expect(await client.listTable()).toEqual(["tableferry_state"]);
    const { meta, options } = await client.describeTable("tableferry_state");
    expect(meta.key).toEqual([{ name: "key", type: "string" }]);
    expect(options).toMatchObject({ timeToLive: -1, maxVersions: 1 });
  });

  test("is made once when two runs begin at once", async () => {
    const { store } = await opened();
    expect(await Promise.all([store.compareAndSet("a", undefined, entry(1)), store.compareAndSet("b", undefined, entry(1))])).toEqual([
      true,
      true,
    ]);
    expect(await scanned(store, "")).toHaveLength(2);
  });

  test("that is somebody else's is refused, not written", async () => {
    const { client, store } = await opened();
    await client.createTable({
      meta: { tableName: "tableferry_state", key: [{ name: "id", type: "integer" }], definedColumns: [] },
      options: { timeToLive: -1, maxVersions: 1 },
      reserved: { read: 0, write: 0 },
      partitions: [],
      indexes: [],
    });
    await expect(store.get("a")).rejects.toMatchObject({ code: "TF_STATE_CORRUPT", wayOut: "Name another table under `state`." });
  });

  test("a scan goes on over several pages", async () => {
    const { store } = await opened();
    const value = "x".repeat(1_000_000);
    for (let i = 0; i < 12; i++) await store.compareAndSet(`k/${String(i).padStart(2, "0")}`, undefined, entry(1, value));
    expect((await scanned(store, "k/")).map(([key]) => key)).toHaveLength(12);
  });
});

describe("a lost answer", () => {
  /** Loses answers, or requests, of the named path while `times` lasts. */
  function losing(
    path: string,
    times: number,
    moment: "request" | "answer",
  ): { disturb: (transport: Transport) => Transport; arm: () => void } {
    let left = 0;
    return {
      arm: () => void (left = times),
      disturb: (transport) => async (request, signal) => {
        if (request.path !== path || left <= 0) return transport(request, signal);
        left--;
        if (moment === "answer") await transport(request, signal);
        throw new TransportError("TF_CONNECTION", true, { message: "lost" });
      },
    };
  }

  test.each([
    ["answer", 1],
    ["request", 1],
    ["answer", 3],
    ["request", 3],
  ] as const)("of a write (%s lost %i times) is found out by reading back, and the write succeeds once", async (moment, times) => {
    const losses = losing("/PutRow", times, moment);
    const { store } = await opened(losses.disturb);
    await store.compareAndSet("a", undefined, entry(1, "one"));
    losses.arm();
    expect(await store.compareAndSet("a", entry(1), entry(2, "two"))).toBe(true);
    expect(await store.get("a")).toEqual(entry(2, "two"));
  });

  test("of a write that somebody else was faster than is a refusal", async () => {
    const losses = losing("/PutRow", 1, "request");
    const { store } = await opened(losses.disturb);
    await store.compareAndSet("a", undefined, entry(1));
    await store.compareAndSet("a", entry(1), { token: "you", seq: 5, value: "" });
    losses.arm();
    expect(await store.compareAndSet("a", entry(1), entry(2))).toBe(false);
  });

  test("time and again is reported", async () => {
    const losses = losing("/PutRow", 100, "request");
    const { store } = await opened(losses.disturb);
    await store.compareAndSet("a", undefined, entry(1));
    losses.arm();
    await expect(store.compareAndSet("a", entry(1), entry(2))).rejects.toBeInstanceOf(UnknownOutcome);
  });

  test("of a removal is found out, too", async () => {
    const losses = losing("/DeleteRow", 2, "answer");
    const { store } = await opened(losses.disturb);
    await store.compareAndSet("a", undefined, entry(1));
    losses.arm();
    await store.remove("a");
    expect(await store.get("a")).toBeUndefined();
  });
});

test("a late removal does not hit the key's next holder", async () => {
  let held: (() => Promise<unknown>) | undefined;
  const { store } = await opened((transport) => async (request, signal) => {
    if (request.path !== "/DeleteRow" || held !== undefined) return transport(request, signal);
    held = () => transport(request);
    throw new TransportError("TF_CONNECTION", true, { message: "lost" });
  });
  await store.compareAndSet("a", undefined, entry(1));
  await store.remove("a");
  await store.compareAndSet("a", undefined, { token: "next", seq: 1, value: "next" });
  await held!();
  expect(await store.get("a")).toEqual({ token: "next", seq: 1, value: "next" });
});
