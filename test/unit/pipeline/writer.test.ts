import { describe, expect, test } from "vitest";
import { seededChance } from "../../../src/base/chance.ts";
import { TableferryError } from "../../../src/base/error.ts";
import { Gate } from "../../../src/base/gate.ts";
import { VirtualClock } from "../../../src/base/virtual-clock.ts";
import type { Encoded, Parcel, RowOutcome } from "../../../src/connector/connector.ts";
import { openFence, SendTooLate, type Fence } from "../../../src/pipeline/fence.ts";
import { Throttle } from "../../../src/pipeline/throttle.ts";
import { Writer } from "../../../src/pipeline/writer.ts";
import { drive } from "../support/drive.ts";

type Answer = (parcel: TestParcel, signal: AbortSignal, clock: VirtualClock) => Promise<readonly RowOutcome[]>;

class TestParcel implements Parcel {
  readonly sources: readonly number[];
  readonly bytes = 10;
  constructor(sources: readonly number[]) {
    this.sources = sources;
  }
  get rows(): number {
    return this.sources.length;
  }
  sourceIndex(i: number): number {
    return this.sources[i]!;
  }
  only(rows: readonly number[]): Parcel {
    return new TestParcel(rows.map((row) => this.sources[row]!));
  }
}

/** @param queued milliseconds that a write waits for a connection; it is only then that it asks whether it may leave */
function setUp(
  answer: Answer,
  {
    slots = 4,
    fence = openFence,
    rowsPerSecond,
    queued,
  }: { slots?: number; fence?: Fence; rowsPerSecond?: number; queued?: number | undefined } = {},
) {
  const clock = new VirtualClock(0);
  const abort = new AbortController();
  const sent: { readonly at: number; readonly rows: readonly number[] }[] = [];
  let underWay = 0;
  let most = 0;
  const target = {
    write: async (parcel: Parcel, signal?: AbortSignal, mayLeave?: () => void) => {
      const mine = parcel as TestParcel;
      if (queued !== undefined) {
        await clock.sleep(queued);
        mayLeave!();
      }
      sent.push({ at: clock.monotonic(), rows: mine.sources });
      most = Math.max(most, ++underWay);
      try {
        return await answer(mine, signal!, clock);
      } finally {
        underWay--;
      }
    },
  };
  const gate = new Gate(slots);
  const writer = new Writer({
    target,
    fence,
    slots: gate,
    throttle: new Throttle(clock, { rowsPerSecond }),
    clock,
    chance: seededChance(1),
    signal: abort.signal,
  });
  const run = async (parcels: readonly (readonly number[])[]) => {
    const encoded: Encoded = {
      parcels: parcels.map((rows) => new TestParcel(rows)),
      refused: [],
      filtered: 0,
      rowsOut: parcels.flat().length,
    };
    return drive(clock, writer.write(encoded));
  };
  return { clock, abort, sent, writer, run, gate, most: () => most };
}

const retry = (row: number): RowOutcome => ({ row, kind: "retry", code: "OTSServerBusy", text: "Server is busy." });
const refused = (row: number): RowOutcome => ({ row, kind: "refused", refusal: { cause: "bad", text: `row ${row}` } });
const lost = () => new TableferryError("TF_CONNECTION", { message: "the answer was lost" });

describe("writing a batch", () => {
  test("sends parcels in order, so many at a time, and counts the rows", async () => {
    const at = setUp(async (_parcel, _signal, clock) => (await clock.sleep(100), []), { slots: 2 });
    expect(await at.run([[0, 1], [2], [3], [4, 5]])).toEqual({ written: 6, refused: [] });
    expect(at.sent.map(({ rows }) => rows)).toEqual([[0, 1], [2], [3], [4, 5]]);
    expect(at.most()).toBe(2);
    expect([at.gate.held, at.writer.settled]).toEqual([0, true]);
  });

  test("of nothing is done at once", async () => {
    expect(await setUp(() => Promise.resolve([])).run([])).toEqual({ written: 0, refused: [] });
  });

  test("sends rows that are refused for now again, alone and after a pause, and gives the others no second time", async () => {
    const busy = new Map([
      [1, 2],
      [3, 1],
    ]);
    const at = setUp((parcel) => {
      const outcomes = parcel.sources.flatMap((source, i) => {
        const left = busy.get(source) ?? 0;
        busy.set(source, left - 1);
        return left > 0 ? [retry(i)] : [];
      });
      return Promise.resolve(outcomes);
    });
    expect(await at.run([[0, 1, 2, 3]])).toEqual({ written: 4, refused: [] });
    expect(at.sent.map(({ rows }) => rows)).toEqual([[0, 1, 2, 3], [1, 3], [1]]);
    expect(at.sent[1]!.at - at.sent[0]!.at).toBeGreaterThanOrEqual(25);
  });

  test("reports rows that are refused for good by their place in the batch, also after retries", async () => {
    let tries = 0;
    const at = setUp(() => Promise.resolve(tries++ === 0 ? [refused(0), retry(2)] : [refused(0)]));
    expect(await at.run([[5, 6, 7]])).toEqual({
      written: 1,
      refused: [
        { index: 5, refusal: { cause: "bad", text: "row 0" } },
        { index: 7, refusal: { cause: "bad", text: "row 0" } },
      ],
    });
  });

  test("sends a parcel whose answer was lost again, whole", async () => {
    let tries = 0;
    const at = setUp(() => (tries++ < 2 ? Promise.reject(lost()) : Promise.resolve([])));
    expect(await at.run([[0, 1]])).toEqual({ written: 2, refused: [] });
    expect(at.sent.map(({ rows }) => rows)).toEqual([
      [0, 1],
      [0, 1],
      [0, 1],
    ]);
  });

  test("gives up after many tries in vain, and names the last cause", async () => {
    const at = setUp((parcel) => Promise.resolve(parcel.sources.map((_, i) => retry(i))));
    await expect(at.run([[0, 1]])).rejects.toMatchObject({
      code: "TF_WRITE_FAILED",
      sentence: "2 rows could not be written after 15 tries: OTSServerBusy: Server is busy.",
    });
    expect(at.sent).toHaveLength(15);
  });

  test("does not give up while rows get through, however slowly", async () => {
    const at = setUp((parcel) => Promise.resolve(parcel.sources.slice(1).map((_, i) => retry(i + 1))));
    expect(await at.run([Array.from({ length: 40 }, (_, i) => i)])).toMatchObject({ written: 40 });
  });

  test("fails with what the target threw, once the other parcels have settled", async () => {
    let settled = 0;
    const at = setUp(async (parcel, _signal, clock) => {
      if (parcel.sources[0] === 1) throw new Error("the table is gone");
      await clock.sleep(500);
      settled++;
      return [];
    });
    await expect(at.run([[0], [1], [2]])).rejects.toThrow("the table is gone");
    expect(settled).toBe(2);
    expect(at.gate.held).toBe(0);
  });

  test("ends what is under way when it is aborted", async () => {
    const at = setUp((_, signal) => new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason))));
    at.clock.after(100, () => at.abort.abort(new Error("enough")));
    await expect(at.run([[0]])).rejects.toThrow("enough");
    expect(at.clock.monotonic()).toBeLessThan(200);
  });
});

describe("the fence", () => {
  const fence = (change: Partial<Fence>): Fence => ({ ...openFence, ...change });

  test("is asked synchronously before every write, retries too", async () => {
    const checked: number[] = [];
    let tries = 0;
    const at = setUp(() => Promise.resolve(tries++ === 0 ? [retry(0)] : []), {
      fence: fence({ assertMaySend: () => void checked.push(at.sent.length) }),
    });
    await at.run([[0], [1]]);
    expect(checked).toEqual([0, 1, 2]);
  });

  test("that finds it too late sends nothing, and the write goes out once it is right again", async () => {
    let late = 2;
    const readies: number[] = [];
    const at = setUp(() => Promise.resolve([]), {
      fence: fence({
        ready: () => (readies.push(late), Promise.resolve()),
        assertMaySend: () => {
          if (late-- > 0) throw new SendTooLate();
        },
      }),
    });
    expect(await at.run([[0]])).toMatchObject({ written: 1 });
    expect(at.sent).toHaveLength(1);
    expect(readies).toHaveLength(3);
  });

  test("is handed along to writes that wait for a connection, and holds them back", async () => {
    let lateFrom = 50;
    const fenced = fence({
      assertMaySend: () => {
        if (at.clock.monotonic() < lateFrom) return;
        lateFrom = Infinity;
        throw new SendTooLate();
      },
    });
    const at = setUp(() => Promise.resolve([]), { fence: fenced, queued: 100 });
    expect(await at.run([[0]])).toMatchObject({ written: 1 });
    expect(at.sent).toHaveLength(1);
    expect(at.sent[0]!.at).toBeGreaterThanOrEqual(200);
    expect(at.writer.settled).toBe(true);
  });

  test("that is lost ends the write without sending", async () => {
    const at = setUp(() => Promise.resolve([]), {
      fence: fence({ ready: () => Promise.reject(new TableferryError("TF_FENCED", { message: "gone" })) }),
    });
    await expect(at.run([[0]])).rejects.toMatchObject({ code: "TF_FENCED" });
    expect(at.sent).toEqual([]);
  });

  test("bounds a write in time; what was given up is sent again, and may take effect until the deadline has passed once more", async () => {
    let tries = 0;
    const at = setUp(
      (_, signal) =>
        tries++ === 0
          ? new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason)))
          : Promise.resolve([]),
      { fence: fence({ requestDeadlineMs: 3000 }) },
    );
    expect(await at.run([[0]])).toMatchObject({ written: 1 });
    expect(at.sent[1]!.at).toBeGreaterThanOrEqual(3000);
    expect(at.sent[1]!.at).toBeLessThan(3200);
    expect(at.writer.settled).toBe(false);
    await at.clock.advance(3000);
    expect(at.writer.settled).toBe(true);
  });
});

test("the rate holds for parcels of all batches together", async () => {
  const at = setUp(() => Promise.resolve([]), { rowsPerSecond: 10 });
  await at.run([[0, 1, 2, 3, 4], [5, 6, 7, 8, 9], [10]]);
  expect(at.sent.map(({ at: time }) => time)).toEqual([0, 500, 1000]);
});
