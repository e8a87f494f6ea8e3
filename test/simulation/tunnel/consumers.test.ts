import { afterEach, describe, expect, it } from "vitest";
import { seededChance } from "../../../src/base/chance.ts";
import { VirtualClock } from "../../../src/base/virtual-clock.ts";
import { openEmbeddedServer } from "../../../src/server/embedded-server.ts";
import type { StreamRecord } from "../../../src/wire/operation/stream-record.ts";
import { decodeStreamRecord } from "../../../src/wire/plainbuffer/decode-change.ts";
import { Caller } from "../../conformance/caller.ts";
import { oneKey, splitPartition } from "../../conformance/stream-of.ts";
import { TunnelCaller } from "../../conformance/tunnel-caller.ts";
import { TunnelWorker } from "./tunnel-worker.ts";

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0)) await clean();
});

const KEYS = 24;
const WRITING_SECONDS = 400;
const keyAt = (i: number) => `k${String(i).padStart(2, "0")}`;

/** What the workers were handed, by key: the numbers of its writes, in the order in which they came. */
class Seen {
  readonly base = new Map<string, bigint>();
  readonly stream = new Map<string, bigint[]>();

  readonly take = (channelId: string, records: readonly StreamRecord[]): void => {
    for (const { record } of records) {
      const { key, cells } = decodeStreamRecord(record);
      const pk = String(key[0]!.value);
      const number = cells.find(({ name }) => name === "n");
      const n = number?.op === "put" ? (number.value as bigint) : -1n;
      if (channelId.startsWith("BaseData_")) this.base.set(pk, n);
      else this.stream.set(pk, [...(this.stream.get(pk) ?? []), n]);
    }
  };
}

/** A table of some megabytes, so that its base data has several channels, and a writer that numbers the writes of every key. */
class Writer {
  readonly written = new Map<string, bigint>();
  readonly #caller: Caller;
  readonly #padding = "x".repeat(512 * 1024);

  constructor(caller: Caller) {
    this.#caller = caller;
  }

  async write(i: number, pad = false): Promise<void> {
    const n = (this.written.get(keyAt(i)) ?? 0n) + 1n;
    this.written.set(keyAt(i), n);
    await this.#caller.put("t", { pk: keyAt(i) }, { n, ...(pad ? { padding: this.#padding } : {}) });
  }
}

describe.each([1, 2, 3, 4])("two clients of a tunnel of base data and stream, one of which vanishes (seed %i)", (seed) => {
  it("see every change, each key's in order through splits, until all channels are terminated", async () => {
    const clock = new VirtualClock();
    const chance = seededChance(seed);
    const server = await openEmbeddedServer({ http: false, clock, chance, instances: ["first"] });
    cleanups.push(() => server.close());
    const caller = new Caller(server.handler, clock, server.rootKey, "first");
    await caller.createTable("t", oneKey);
    const writer = new Writer(caller);
    for (let i = 0; i < KEYS; i++) await writer.write(i, true);
    const atCreation = new Map(writer.written);
    const endOffset = BigInt(clock.now() + (WRITING_SECONDS + 1) * 1000) * 1_000_000n;
    const tunnel = await TunnelCaller.create(caller, "BaseAndStream", { endOffset });

    const seen = new Seen();
    const steady = await TunnelWorker.connect(tunnel, seen.take);
    let vanishing: TunnelWorker | undefined = await TunnelWorker.connect(tunnel, seen.take);
    const vanishesAt = 60 + Math.floor(chance.next() * 200);
    let most = 0;
    const done = async () => (await tunnel.describe()).channels.every(({ channelStatus }) => channelStatus === "TERMINATED");
    let second = 0;
    for (; !(await done()); second++) {
      expect(second).toBeLessThan(2000);
      if (second < WRITING_SECONDS) for (let i = 0; i < 3; i++) await writer.write(Math.floor(chance.next() * KEYS));
      if (second === 30) await splitPartition(caller, "t", keyAt(12));
      if (second === 150) await splitPartition(caller, "t", keyAt(6));
      if (second === 250) await splitPartition(caller, "t", keyAt(18));
      if (second === vanishesAt) vanishing = undefined;
      for (const worker of [steady, vanishing]) {
        if (worker !== undefined && chance.next() < 0.8) await worker.turn();
        if (worker !== undefined && second % 10 === 0) await worker.heartbeat();
      }
      most = Math.max(most, vanishing?.open.length ?? 0);
      await clock.advance(1000);
    }

    expect(most, "the other worker had a share").toBeGreaterThan(0);
    expect([...seen.base.keys()].sort()).toEqual([...atCreation.keys()]);
    for (const [pk, n] of writer.written) {
      const first = atCreation.get(pk)!;
      const came = seen.stream.get(pk) ?? [];
      let newest = first;
      let again = 0;
      for (const [i, each] of came.entries()) {
        // A number may come again, from where the one that vanished had its checkpoint; none is left out.
        if (i > 0 && each <= came[i - 1]!) again++;
        expect(each, `${pk} after ${newest}`).toBeLessThanOrEqual(newest + 1n);
        if (i > 0 && each > came[i - 1]!) expect(each, pk).toBe(came[i - 1]! + 1n);
        if (each > newest) newest = each;
      }
      expect(again, `${pk} began anew`).toBeLessThanOrEqual(1);
      expect(newest, pk).toBe(n);
      expect(came.at(-1) ?? first, pk).toBe(n);
    }
    // Base data, and seven shards: one, and two more with each of three splits.
    const { channels } = await tunnel.describe();
    expect(channels.filter(({ channelType }) => channelType === "BaseData").length).toBeGreaterThan(1);
    expect(channels.filter(({ channelType }) => channelType === "Stream")).toHaveLength(7);
  });
});
