import { describe, expect, test } from "vitest";
import type { CompiledMapping } from "../../../../src/job/mapping.ts";
import type { RoundReport } from "../../../../src/verify/rolling/report.ts";
import { rollingReport } from "../../../../src/verify/rolling/report.ts";
import { runRolling } from "../../../../src/verify/rolling/rolling.ts";
import { mapping } from "../support/compare.ts";
import { idOf, LiveSync, type LiveSyncOptions } from "./support/live-sync.ts";

const renamed = mapping({ columns: { amount: "size" } });
const derived = mapping({ key: { id: { inputs: ["id"], derive: (id: never) => (id as bigint) * 10n } }, injective: true });
const ways: readonly (readonly [string, LiveSyncOptions])[] = [
  ["rows as they are", {}],
  ["rows with all their versions", { versions: "keep", maxVersions: 3 }],
  ["columns under other names", { mapping: renamed }],
  ["keys in another order", { mapping: derived }],
];

const ROWS = 36;
/** Every third row is never written. */
const isCold = (id: number) => id % 3 === 0;
const stretches = { rows: 15, suspects: 8, ms: 400 };

/** Writers that put, update, delete, insert, and bring back what was there a moment ago. */
function write(sync: LiveSync): void {
  // Half of the writes go to four rows, of which one is there and gone again all the time.
  const id = sync.chance.next() < 0.5 ? 31 + 3 * sync.int(4) : sync.int(ROWS + 12);
  if (isCold(id)) return;
  const size = BigInt(sync.int(4));
  switch (sync.int(6)) {
    case 0:
      return sync.delete(id);
    case 1: {
      const before = sync.source.find(idOf(id));
      sync.delete(id);
      const back = before ?? { key: idOf(id), columns: [{ name: "size", value: size, timestamp: undefined }] };
      return sync.commit({ type: "put", key: back.key, cells: back.columns.map(({ name, value }) => ({ name, value })) });
    }
    case 2:
      return sync.commit({ type: "update", key: idOf(id), cells: [{ op: "put", name: "size", value: size }] });
    case 3: {
      // There and gone again, or the other way round, within moments.
      sync.put(id, { size });
      return void sync.clock.after(sync.int(30), () => sync.delete(id));
    }
    default:
      return sync.put(id, { name: `row ${id}`, size });
  }
}

function live(seed: number, options: LiveSyncOptions): LiveSync {
  const sync = new LiveSync({ seed, ...options, lagMs: [4, 10, 60, 200][seed % 4]!, latencyMs: [6, 25][seed % 2]! });
  sync.fill(ROWS, (id) => ({ name: `row ${id}`, size: BigInt(id % 4) }));
  sync.startApplying({ fallBack: 0.1, park: 0.03 });
  sync.startWriting(() => write(sync), [2, 5, 20][seed % 3]!);
  return sync;
}

/** Harms some cold rows of the target, each in its own way; gives what a round has to say. */
function harm(sync: LiveSync, mapped: CompiledMapping | undefined, keep: boolean): Map<string, string> {
  const expected = new Map<string, string>();
  const size = mapped === renamed ? "amount" : "size";
  const keyed = (id: number) => (mapped === derived ? id * 10 : id);
  const update = (id: number, value: bigint | number, timestamp?: number) =>
    sync.target.write({ type: "update", key: idOf(keyed(id)), cells: [{ op: "put", name: size, value, timestamp }] });
  const stamp = (id: number) => sync.source.find(idOf(id))!.columns.find(({ name }) => name === "size")!.timestamp!;
  const ids = Array.from({ length: ROWS / 3 }, (_, i) => 3 * i).sort(() => sync.chance.next() - 0.5);
  const harms: readonly ((id: number) => [number, string])[] = [
    (id) => [sync.target.write({ type: "delete", key: idOf(keyed(id)) }) ? id : id, "missing"],
    (id) => [update(id, 99n, keep ? stamp(id) : undefined) ? id : id, "different"],
    (id) => [update(id, id % 4, keep ? stamp(id) : undefined) ? id : id, "different"],
    (id) => [sync.target.write({ type: "put", key: idOf(keyed(300 + id)), cells: [] }) ? 300 + id : id, "extra"],
    ...(keep ? [(id: number): [number, string] => [update(id, BigInt(id % 4), stamp(id) + 5) ? id : id, "different"]] : []),
  ];
  for (const [i, harmed] of harms.entries()) {
    const [id, kind] = harmed(ids[i]!);
    expected.set(`id=${keyed(id)}`, kind);
  }
  return expected;
}

const found = ({ differences }: RoundReport) =>
  new Map(differences.filter(({ kind }) => kind !== "unsettled").map(({ key, kind }) => [key, kind]));

describe.each(ways)("a round over sides that are written all along, with %s,", (_title, options) => {
  test("finds exactly what was harmed, and never a row in flight", async () => {
    for (let seed = 1; seed <= 50; seed++) {
      const sync = live(seed, options);
      const expected = seed % 2 === 0 ? harm(sync, options.mapping, options.versions === "keep") : new Map<string, string>();
      const report = await sync.drive(runRolling(sync.input(), stretches));
      expect(found(report), `seed ${seed}`).toEqual(expected);
      expect(report.differing, `seed ${seed}`).toBe(expected.size);
      expect(report.suspected).toBe(report.settled + report.differing + report.unsettled + report.explained);
      sync.stop();
    }
  }, 20_000);
});

describe("a round that is killed while both sides are written", () => {
  test("still finds exactly what was harmed", async () => {
    for (let seed = 1; seed <= 20; seed++) {
      const sync = live(seed, ways[seed % 3]![1]);
      const expected = harm(sync, sync.options.mapping, sync.options.versions === "keep");
      let report: RoundReport | undefined;
      for (let kills = 0; report === undefined; kills++) {
        let left = 2 + sync.int(4 + kills);
        const fault = () => {
          if (--left === 0) throw new Error("killed");
        };
        const run = sync.drive(runRolling(sync.input({ token: `run ${kills}`, fault }), stretches));
        report = await run.catch((error: unknown) => (String(error).includes("killed") ? undefined : Promise.reject(error)));
      }
      expect(found(report), `seed ${seed}`).toEqual(expected);
      expect(report.suspected).toBe(report.settled + report.differing + report.unsettled + report.explained);
      sync.stop();
    }
  });
});

describe("rounds one after the other", () => {
  test("find in the next round what was harmed behind the reading of this one", async () => {
    for (let seed = 1; seed <= 10; seed++) {
      const sync = live(seed, {});
      sync.clock.after(60, () => sync.target.write({ type: "delete", key: idOf(0) }));
      const first = await sync.drive(runRolling(sync.input(), stretches));
      const second = await sync.drive(runRolling(sync.input(), stretches));
      expect([...found(second)], `seed ${seed}`).toEqual([["id=0", "missing"]]);
      const { days, last } = await rollingReport(sync.state, "orders");
      expect(days.map(({ suspected, rowsCompared, rounds }) => ({ suspected, rowsCompared, rounds }))).toEqual([
        { suspected: first.suspected + second.suspected, rowsCompared: first.rowsCompared + second.rowsCompared, rounds: 2 },
      ]);
      expect(last).toEqual(second);
      sync.stop();
    }
  });

  test("say of a row that is rewritten in every round of settling that it is unsettled", async () => {
    const sync = new LiveSync({ seed: 3, lagMs: 20 });
    sync.fill(9, () => ({ size: 0n }));
    sync.startApplying();
    let value = 0n;
    sync.startWriting(() => sync.put(4, { size: ++value }), 1);
    const report = await sync.drive(runRolling(sync.input()));
    expect(report).toMatchObject({ differing: 0, unsettled: 1, differences: [{ kind: "unsettled", key: "id=4" }] });
    sync.stop();
  });
});
