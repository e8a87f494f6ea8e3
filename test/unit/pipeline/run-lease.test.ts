import { describe, expect, test } from "vitest";
import { seededChance } from "../../../src/base/chance.ts";
import { VirtualClock } from "../../../src/base/virtual-clock.ts";
import { SendTooLate } from "../../../src/pipeline/fence.ts";
import type { LeaseRecord } from "../../../src/pipeline/lease-entry.ts";
import { MemoryStateStore } from "../../../src/pipeline/memory-state-store.ts";
import type { ProcessOwner } from "../../../src/pipeline/process-owner.ts";
import { RunLease } from "../../../src/pipeline/run-lease.ts";
import { drive } from "../support/drive.ts";

const LEASE = 10_000;
const key = "job/lease";

interface World {
  readonly clock: VirtualClock;
  readonly state: MemoryStateStore;
  readonly notes: string[];
  readonly signal: AbortController;
  /** Owners judged dead. */
  readonly dead: Set<string>;
}

const world = (): World => ({
  clock: new VirtualClock(0),
  state: new MemoryStateStore(),
  notes: [],
  signal: new AbortController(),
  dead: new Set(),
});
const ownerNamed = (host: string): ProcessOwner => ({ host, boot: "b", pidSpace: "p", pid: 1, started: "1" });
const acquire = (at: World, host = "a", seed = 1) =>
  RunLease.acquire({
    state: at.state,
    key,
    job: "job",
    clock: at.clock,
    chance: seededChance(seed),
    leaseMs: LEASE,
    signal: at.signal.signal,
    note: (line) => at.notes.push(line),
    owner: ownerNamed(host),
    isDead: ({ host: named }) => at.dead.has(named),
  });

/** Lets time pass until a promise settles, and tells how long that took. */
async function waited<T>(at: World, promise: Promise<T>): Promise<{ readonly ms: number; readonly outcome: T | Error }> {
  const began = at.clock.monotonic();
  const outcome = await drive(
    at.clock,
    promise.catch((error: Error) => error),
  );
  return { ms: at.clock.monotonic() - began, outcome };
}

const stored = (at: World) => JSON.parse(at.state.entries.get(key)!.value) as LeaseRecord;
/** Stops a run's heartbeats as a dead or stopped process would: its writes to the row are lost. */
function silence(at: World): void {
  const { state } = at;
  const { token } = state.entries.get(key)!;
  const set = state.compareAndSet.bind(state);
  state.compareAndSet = (k, expected, next) => (next.token === token ? new Promise<boolean>(() => undefined) : set(k, expected, next));
}

describe("taking a job", () => {
  test("that nobody holds is immediate, and writing may begin at once", async () => {
    const at = world();
    const lease = await acquire(at);
    expect(() => lease.assertMaySend()).not.toThrow();
    expect(stored(at)).toEqual({ owner: ownerNamed("a"), leaseMs: LEASE, requestDeadlineMs: 5000, since: 0, beat: 0 });
    await lease.release(true);
  });

  test("that was given back is immediate", async () => {
    const at = world();
    await (await acquire(at)).release(true);
    const next = await acquire(at, "b", 2);
    expect(() => next.assertMaySend()).not.toThrow();
    await next.release(true);
  });

  test("that was given back with writes under way waits one request deadline before its first write", async () => {
    const at = world();
    await (await acquire(at)).release(false);
    const next = await acquire(at, "b", 2);
    expect(() => next.assertMaySend()).toThrow(SendTooLate);
    expect((await waited(at, next.ready())).ms).toBe(5000);
    expect(() => next.assertMaySend()).not.toThrow();
    await next.release(true);
  });

  test("whose owner is provably dead is immediate", async () => {
    const at = world();
    await acquire(at);
    silence(at);
    at.dead.add("a");
    const next = await acquire(at, "b", 2);
    expect(() => next.assertMaySend()).not.toThrow();
    await next.release(true);
  });

  test("whose owner is silent waits out its whole lease, then a request deadline before the first write", async () => {
    const at = world();
    await acquire(at);
    silence(at);
    const { ms, outcome } = await waited(at, acquire(at, "b", 2));
    expect(ms).toBeGreaterThanOrEqual(LEASE);
    expect(ms).toBeLessThanOrEqual(LEASE + 100);
    const next = outcome as RunLease;
    expect(() => next.assertMaySend()).toThrow(SendTooLate);
    expect((await waited(at, next.ready())).ms).toBe(5000);
    expect(at.notes).toEqual(["Job job is held by process 1 on a; waiting up to 10 s for a sign of life."]);
    await next.release(true);
  });

  test("whose owner is alive is refused, and the owner is named", async () => {
    const at = world();
    const lease = await acquire(at);
    const { ms, outcome } = await waited(at, acquire(at, "b", 2));
    expect(outcome).toMatchObject({
      code: "TF_RUN_HELD",
      sentence: "job job is being run by process 1 on a since 1970-01-01T00:00:00.000Z",
    });
    expect(ms).toBeLessThan(LEASE);
    await lease.release(true);
  });

  test("the last sign of a dead owner, come late, is not taken for life; only the waiting begins anew", async () => {
    const at = world();
    await acquire(at);
    const entry = at.state.entries.get(key)!;
    silence(at);
    const taking = acquire(at, "b", 2);
    await at.clock.advance(6000);
    at.state.entries.set(key, { ...entry, seq: entry.seq + 1 });
    const { ms, outcome } = await waited(at, taking);
    expect(outcome).toBeInstanceOf(RunLease);
    expect(6000 + ms).toBeGreaterThanOrEqual(6000 + LEASE);
    await (outcome as RunLease).release(true);
  });

  test("waiting for it ends with the signal", async () => {
    const at = world();
    await acquire(at);
    silence(at);
    const taking = acquire(at, "b", 2);
    await at.clock.advance(1000);
    at.signal.abort(new Error("enough"));
    await expect(taking).rejects.toThrow("enough");
  });

  test("of several that wait, one gets it", async () => {
    const at = world();
    await acquire(at);
    silence(at);
    const outcomes = await Promise.all(["b", "c", "d"].map((host, i) => waited(at, acquire(at, host, 10 + i))));
    const taken = outcomes.filter(({ outcome }) => outcome instanceof RunLease);
    expect(taken).toHaveLength(1);
    for (const { outcome } of outcomes) if (!(outcome instanceof RunLease)) expect(outcome).toMatchObject({ code: "TF_RUN_HELD" });
    await (taken[0]!.outcome as RunLease).release(true);
  });

  test("a row that is no lease says so", async () => {
    const at = world();
    at.state.entries.set(key, { token: "t", seq: 1, value: "?" });
    await expect(acquire(at)).rejects.toMatchObject({ code: "TF_STATE_CORRUPT" });
  });
});

describe("holding a job", () => {
  test("shows a sign of life every sixth of the lease", async () => {
    const at = world();
    const lease = await acquire(at);
    const first = at.state.entries.get(key)!.seq;
    await at.clock.advance(LEASE);
    expect(at.state.entries.get(key)!.seq - first).toBeGreaterThanOrEqual(5);
    expect(stored(at).beat).toBeGreaterThan(8000);
    expect(() => lease.assertMaySend()).not.toThrow();
    await lease.release(true);
  });

  test("nothing may be sent later than lease minus request deadline after the last good sign", async () => {
    const at = world();
    const lease = await acquire(at);
    silence(at);
    await at.clock.advance(5000);
    expect(() => lease.assertMaySend()).not.toThrow();
    await at.clock.advance(1);
    expect(() => lease.assertMaySend()).toThrow(SendTooLate);
  });

  test("a sign of life counts from when it was sent, not from when it was answered", async () => {
    const at = world();
    const lease = await acquire(at);
    const set = at.state.compareAndSet.bind(at.state);
    at.state.compareAndSet = async (...args) => {
      const accepted = await set(...args);
      await at.clock.sleep(3000);
      return accepted;
    };
    // Sent at 1667, answered at 4667: good until 1667 + 5000.
    await at.clock.advance(5000);
    at.state.compareAndSet = () => new Promise(() => undefined);
    await at.clock.advance(1666);
    expect(() => lease.assertMaySend()).not.toThrow();
    await at.clock.advance(2);
    expect(() => lease.assertMaySend()).toThrow(SendTooLate);
  });

  test("the wall clock counts too: a machine that slept has only that", async () => {
    const at = world();
    const lease = await acquire(at);
    const now = at.clock.now.bind(at.clock);
    at.clock.now = () => now() + 60_000;
    expect(() => lease.assertMaySend()).toThrow(SendTooLate);
    await lease.ready();
    expect(() => lease.assertMaySend()).not.toThrow();
    await lease.release(true);
  });

  test("late, the lease is renewed before the next write when nobody has taken it", async () => {
    const at = world();
    const lease = await acquire(at);
    const set = at.state.compareAndSet.bind(at.state);
    at.state.compareAndSet = () => Promise.reject(new Error("unreachable"));
    await at.clock.advance(20_000);
    expect(() => lease.assertMaySend()).toThrow(SendTooLate);
    at.state.compareAndSet = set;
    await lease.ready();
    expect(() => lease.assertMaySend()).not.toThrow();
    await lease.release(true);
  });

  test("a state that stays unreachable ends the run, and names the cause", async () => {
    const at = world();
    const lease = await acquire(at);
    at.state.compareAndSet = () => Promise.reject(new Error("unreachable"));
    await at.clock.advance(20_000);
    await expect(lease.ready()).rejects.toMatchObject({
      code: "TF_FENCED",
      sentence: "the hold on job job could not be renewed: unreachable",
    });
  });

  test("a sign of life whose answer was lost is repeated as it was, so it cannot be taken for another's", async () => {
    const at = world();
    const lease = await acquire(at);
    const set = at.state.compareAndSet.bind(at.state);
    let lost = 0;
    at.state.compareAndSet = async (...args) => {
      const accepted = await set(...args);
      if (lost++ < 2) throw new Error("lost");
      return accepted;
    };
    await at.clock.advance(LEASE);
    expect(lost).toBeGreaterThan(3);
    expect(lease.lost.aborted).toBe(false);
    expect(() => lease.assertMaySend()).not.toThrow();
    await lease.release(true);
  });

  test("taken over by another run it is lost for good: signal, fence and release say so", async () => {
    const at = world();
    const lease = await acquire(at);
    at.dead.add("a");
    const other = await acquire(at, "b", 2);
    await at.clock.advance(2000);
    expect(lease.lost.aborted).toBe(true);
    expect(() => lease.assertMaySend()).toThrow("TF_FENCED: another run has taken over job job");
    await expect(lease.ready()).rejects.toMatchObject({ code: "TF_FENCED" });
    await lease.release(true);
    expect(stored(at).owner).toEqual(ownerNamed("b"));
    await other.release(true);
  });

  test("given back, it sends nothing more, neither writes nor signs of life", async () => {
    const at = world();
    const lease = await acquire(at);
    await lease.release(true);
    const { seq } = at.state.entries.get(key)!;
    await at.clock.advance(60_000);
    expect(at.state.entries.get(key)!.seq).toBe(seq);
    expect(stored(at)).toMatchObject({ owner: null });
    expect(() => lease.assertMaySend()).toThrow(SendTooLate);
    expect(at.clock.waiting).toBe(0);
  });

  test("confirming proves it now", async () => {
    const at = world();
    const lease = await acquire(at);
    const { seq } = at.state.entries.get(key)!;
    await lease.confirm();
    expect(at.state.entries.get(key)!.seq).toBe(seq + 1);
    at.state.compareAndSet = () => Promise.reject(new Error("unreachable"));
    await expect(lease.confirm()).rejects.toMatchObject({ code: "TF_FENCED" });
  });
});
