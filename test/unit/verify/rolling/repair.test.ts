import { describe, expect, test } from "vitest";
import { TableferryError } from "../../../../src/base/error.ts";
import { Throttle } from "../../../../src/pipeline/throttle.ts";
import type { FlowRow } from "../../../../src/job/mapping.ts";
import type { Difference } from "../../../../src/job/result.ts";
import type { Value } from "../../../../src/model/value.ts";
import type { Fence } from "../../../../src/pipeline/fence.ts";
import { repair } from "../../../../src/verify/rolling/repair.ts";
import type { RepairInput, RepairWrite } from "../../../../src/verify/rolling/repair-input.ts";
import { runRolling } from "../../../../src/verify/rolling/rolling.ts";
import { mapping } from "../support/compare.ts";
import { LiveTarget } from "./support/live-target.ts";
import { idOf, LiveSync, type LiveSyncOptions } from "./support/live-sync.ts";

const fence: Fence = { requestDeadlineMs: 300, ready: () => Promise.resolve(), assertMaySend: () => undefined };
const difference = (id: number, kind: Difference["kind"] = "different"): Difference => ({ kind, key: `id=${id}`, columns: [] });

function wide(columns: number, value: (i: number) => Value): Record<string, Value> {
  return Object.fromEntries(Array.from({ length: columns }, (_, i) => [`c${String(i).padStart(3, "0")}`, value(i)]));
}

function still(
  options: LiveSyncOptions = {},
  columns = (id: number): Readonly<Record<string, Value>> => ({ a: BigInt(id), b: `b${id}` }),
): LiveSync {
  const sync = new LiveSync({ lagMs: 20, ...options });
  sync.fill(6, columns);
  return sync;
}

function inputOf(sync: LiveSync, given: Partial<RepairInput> = {}): { input: RepairInput; target: LiveTarget; audits: RepairWrite[] } {
  const target = new LiveTarget(sync.target);
  const audits: RepairWrite[] = [];
  const input: RepairInput = {
    ...sync.input(),
    differences: [],
    deleteExtras: false,
    write: target,
    fence,
    writeThrottle: new Throttle(sync.clock, {}),
    longestOperationMs: 300,
    audit: (write) => Promise.resolve(void audits.push(write)),
    ...given,
  };
  return { input, target, audits };
}

const spoil = (sync: LiveSync, id: number, columns: Readonly<Record<string, Value>>) =>
  sync.target.write({ type: "put", key: idOf(id), cells: Object.entries(columns).map(([name, value]) => ({ name, value })) });

const texts = (rows: readonly FlowRow[], stamps = false) =>
  rows.map(
    ({ key, columns }) =>
      `${String(key[0]!.value)} ${columns.map((one) => `${one.name}=${typeof one.value}:${String(one.value)}${stamps ? `@${one.timestamp}` : ""}`).join()}`,
  );

function expectAlike(sync: LiveSync, seen = ""): void {
  sync.drain();
  const keep = sync.options.versions === "keep";
  expect(texts(sync.target.rows, keep), seen).toEqual(texts(sync.source.rows, keep));
}

describe("repairing on request", () => {
  test("puts what is missing, corrects what differs and, if it is asked to, deletes what is extra", async () => {
    for (const options of [{}, { versions: "keep", maxVersions: 3 }] as const) {
      const sync = still(options);
      sync.target.write({ type: "delete", key: idOf(1) });
      spoil(sync, 2, { a: 2, z: true });
      spoil(sync, 50, { a: 1n });
      const differences = (await sync.drive(runRolling(sync.input()))).differences;
      const { input, audits } = inputOf(sync, { differences, deleteExtras: true });
      const report = await sync.drive(repair(input));
      expect(report.rows.map(({ key, outcome }) => [key, outcome])).toEqual([
        ["id=1", "repaired"],
        ["id=2", "repaired"],
        ["id=50", "repaired"],
      ]);
      expect(report.counts).toMatchObject({ repaired: 3, moved: 0 });
      expectAlike(sync);
      expect(audits.map(({ job, key, change, columns }) => [job, key, change, columns])).toEqual([
        ["orders", "id=1", "put", ["a", "b"]],
        ["orders", "id=2", "update", ["a", "b", "z"]],
        ["orders", "id=50", "delete", []],
      ]);
    }
  });

  test("writes nothing where nothing differs any more, where a reject explains it, or where deleting was not asked for", async () => {
    const sync = still();
    sync.park(2);
    spoil(sync, 2, { a: 9n });
    spoil(sync, 50, { a: 1n });
    const { input, target, audits } = inputOf(sync, { differences: [difference(1), difference(2), difference(50, "extra")] });
    const { rows } = await sync.drive(repair(input));
    expect(rows.map(({ outcome }) => outcome)).toEqual(["alike", "explained", "kept"]);
    expect([target.writes, audits.length]).toEqual([0, 0]);
  });

  test("guards every column it touches, ten at a time, and no write touches one that it does not guard", async () => {
    const sync = still({}, () => wide(37, BigInt));
    spoil(
      sync,
      3,
      wide(41, (i) => (i % 2 === 0 ? "wrong" : BigInt(i))),
    );
    const { input, target } = inputOf(sync, { differences: [difference(3)] });
    expect((await sync.drive(repair(input))).rows).toEqual([{ key: "id=3", outcome: "repaired", writes: 3 }]);
    expectAlike(sync);
    for (const { change } of target.effects) {
      const filter = change.condition!.filter!;
      const guards = filter.type === "and" ? filter.filters : [filter];
      const guarded = guards.map((one) => (one.type === "column" ? one.name : ""));
      expect(guards.length).toBeLessThanOrEqual(10);
      expect(change.condition!.existence).toBe("expectExist");
      if (change.change.type === "update") expect(guarded).toEqual(expect.arrayContaining(change.change.cells.map(({ name }) => name)));
    }
  });

  test("takes a wide extra row away column by column, and the row with the last ten", async () => {
    const sync = still();
    spoil(sync, 50, wide(25, BigInt));
    const { input, target } = inputOf(sync, { differences: [difference(50, "extra")], deleteExtras: true });
    expect((await sync.drive(repair(input))).rows).toEqual([{ key: "id=50", outcome: "repaired", writes: 3 }]);
    expect(target.effects.map(({ change }) => change.change.type)).toEqual(["update", "update", "delete"]);
    expectAlike(sync);
  });

  test("leaves a row alone whose columns no condition can name", async () => {
    const whole = still({ allowUpdate: false }, () => wide(12, BigInt));
    spoil(whole, 1, wide(12, String));
    const { input } = inputOf(whole, { differences: [difference(1)] });
    expect((await whole.drive(repair(input))).rows).toEqual([{ key: "id=1", outcome: "too-wide", writes: 0 }]);
    const sync = still();
    spoil(sync, 1, { a: NaN, b: "b1" });
    spoil(sync, 50, {});
    const differences = [difference(1), difference(50, "extra")];
    const { rows } = await sync.drive(repair(inputOf(sync, { differences, deleteExtras: true }).input));
    expect(rows.map(({ outcome }) => outcome)).toEqual(["unguardable", "unguardable"]);
  });

  test("puts whole rows where the target takes no others", async () => {
    const sync = still({ allowUpdate: false });
    spoil(sync, 1, { a: 7n });
    const { input, target } = inputOf(sync, { differences: [difference(1)] });
    expect((await sync.drive(repair(input))).rows).toMatchObject([{ outcome: "repaired" }]);
    expect(target.effects.map(({ change }) => change.change.type)).toEqual(["put"]);
    expectAlike(sync);
  });

  test("finds the source row where the target key does not tell it", async () => {
    const through = mapping({ key: { id: { inputs: ["id"], derive: (id: never) => (id as bigint) * 10n } }, injective: true });
    const sync = still({ mapping: through });
    spoil(sync, 20, { a: 5n });
    spoil(sync, 21, { a: 5n });
    const { differences } = await sync.drive(runRolling(sync.input()));
    expect(differences).toMatchObject([{ key: "id=20", source: "id=2" }, { key: "id=21" }]);
    const { rows } = await sync.drive(repair(inputOf(sync, { differences, deleteExtras: true }).input));
    expect(rows.map(({ outcome }) => outcome)).toEqual(["repaired", "repaired"]);
    expect((await sync.drive(runRolling(sync.input()))).differing).toBe(0);
  });

  test("says so where an acknowledged write does not show", async () => {
    const sync = still();
    sync.target.write({
      type: "put",
      key: idOf(1),
      cells: [
        { name: "a", value: 9n, timestamp: sync.clock.now() + 1e9 },
        { name: "b", value: "b1" },
      ],
    });
    const { input } = inputOf(sync, { differences: [difference(1)] });
    expect((await sync.drive(repair(input))).rows).toMatchObject([{ outcome: "without-effect" }]);
  });

  test("sends nothing once its fence says that another has taken over", async () => {
    const sync = still();
    spoil(sync, 1, { a: 9n });
    const fenced = { ...fence, ready: () => Promise.reject(new TableferryError("TF_FENCED", { message: "taken over" })) };
    const { input, target } = inputOf(sync, { differences: [difference(1)], fence: fenced });
    await expect(sync.drive(repair(input))).rejects.toMatchObject({ code: "TF_FENCED" });
    expect(target.writes).toBe(0);
  });

  test("refuses a target that takes no changes of rows, and a key of another", async () => {
    const sync = still();
    await expect(sync.drive(repair(inputOf(sync, { write: { write: () => Promise.resolve([]) } }).input))).rejects.toMatchObject({
      code: "TF_SPEC_INVALID",
    });
    const foreign = { kind: "missing", key: "customer=7", columns: [] } as const;
    await expect(sync.drive(repair(inputOf(sync, { differences: [foreign] }).input))).rejects.toMatchObject({ code: "TF_KEY_INVALID" });
  });
});

const wrong = { a: 5n, b: "wrong" };
const harms: Readonly<Record<string, (sync: LiveSync) => void>> = {
  missing: (sync) => void sync.target.write({ type: "delete", key: idOf(1) }),
  different: (sync) => void spoil(sync, 1, wrong),
  extra: (sync) => {
    sync.source.write({ type: "delete", key: idOf(1) });
    spoil(sync, 1, wrong);
  },
};
/** What the source does meanwhile; the last ones take just what stands wrongly in the target, which no condition on values can see. */
const races: Readonly<Record<string, (sync: LiveSync) => void>> = {
  "is put": (sync) => sync.put(1, { a: 70n, b: "new" }),
  "is updated": (sync) => sync.commit({ type: "update", key: idOf(1), cells: [{ op: "put", name: "b", value: "newer" }] }),
  "gets a column": (sync) => sync.commit({ type: "update", key: idOf(1), cells: [{ op: "put", name: "c", value: 1n }] }),
  "loses a column": (sync) => sync.commit({ type: "update", key: idOf(1), cells: [{ op: "deleteAll", name: "b" }] }),
  "is deleted": (sync) => sync.delete(1),
  "is deleted and put again": (sync) => {
    const { columns } = sync.source.find(idOf(1)) ?? { columns: [] };
    sync.delete(1);
    sync.commit({ type: "put", key: idOf(1), cells: columns.map(({ name, value }) => ({ name, value })) });
  },
  "is put and deleted": (sync) => {
    sync.put(1, { a: 71n });
    sync.delete(1);
  },
  "becomes what was wrong": (sync) => sync.put(1, wrong),
};

describe.each([
  ["latest values", {}],
  ["all versions", { versions: "keep", maxVersions: 3 }],
  ["whole rows", { allowUpdate: false }],
] as const)("a race with the sync, of %s:", (_title, options) => {
  const cases = Object.keys(harms).flatMap((harm) => Object.keys(races).map((race) => [harm, race] as const));
  test.each(cases)("a row that is %s in the target and %s at any moment ends as the source has it", async (harm, race) => {
    for (const lag of [0, 25, 90]) {
      for (let at = 1, reached = true; reached; at++) {
        const sync = still(options);
        harms[harm]!(sync);
        let requests = 0;
        reached = false;
        const moment = () => {
          if (++requests !== at) return;
          reached = true;
          races[race]!(sync);
          if (lag === 0) sync.drain();
          else sync.clock.after(lag, () => sync.drain());
        };
        sync.source.onRequest = sync.target.onRequest = moment;
        const { input } = inputOf(sync, { differences: [difference(1)], deleteExtras: harm === "extra" });
        const { rows } = await sync.drive(repair(input), 10);
        expectAlike(sync, `request ${at}, lag ${lag}, ${rows[0]!.outcome}`);
      }
    }
  });

  test("a write never takes the place of a value that its reading had not seen", async () => {
    for (let seed = 1; seed <= 40; seed++) {
      const sync = still({ ...options, seed, lagMs: 10 + (seed % 3) * 30 });
      for (const id of [0, 1, 2]) spoil(sync, id, { a: 100n + BigInt(id), b: "wrong" });
      for (const id of [3, 4]) sync.target.write({ type: "delete", key: idOf(id) });
      sync.startApplying({ fallBack: 0.1 });
      let value = 1000n;
      const write = () => {
        const [id, b] = [sync.int(5), `b${++value}`];
        if (sync.chance.next() < 0.5) sync.put(id, { a: value, b });
        else sync.commit({ type: "update", key: idOf(id), cells: [{ op: "put", name: "b", value: b }] });
      };
      sync.startWriting(write, 8);
      const { input, target } = inputOf(sync, { differences: [0, 1, 2, 3, 4].map((id) => difference(id)) });
      let read = new Map<string, string>();
      sync.target.onRequest = (what) => {
        const now = new Map(sync.target.rows.map((row) => [String(row.key[0]!.value), texts([row]).join()]));
        if (what === "look-up") read = now;
        else if (what === "write") written.push({ read, now, from: target.effects.length });
      };
      const written: { readonly read: typeof read; readonly now: typeof read; readonly from: number }[] = [];
      const { rows } = await sync.drive(repair(input), 10);
      for (const { read: seen, now, from } of written) {
        const { change, held } = target.effects[from]!;
        const key = String(change.change.key[0]!.value);
        if (seen.get(key) !== now.get(key)) expect(held, `seed ${seed}, ${key}`).toBe(false);
      }
      sync.stop();
      await sync.pass(500);
      expectAlike(sync, `seed ${seed} ${JSON.stringify(rows)}`);
    }
  });

  test("a write whose answer is lost, or that takes effect long after it was given up, does no harm", async () => {
    for (const fate of ["lost", "late"] as const) {
      for (const at of [1, 2]) {
        const sync = still(options);
        spoil(sync, 1, wrong);
        sync.target.write({ type: "delete", key: idOf(2) });
        const { input, target } = inputOf(sync, { differences: [difference(1), difference(2, "missing")] });
        target.fate = (write) => (write === at ? fate : undefined);
        // Before the late write takes effect, the source takes just what its condition asks for.
        const becomeWrong = () => {
          sync.put(1, wrong);
          sync.delete(2);
          sync.drain();
        };
        if (fate === "late") sync.clock.after(350, becomeWrong);
        const { rows } = await sync.drive(repair(input), 10);
        await sync.pass(1000);
        expect(rows.every(({ outcome }) => ["repaired", "moved", "alike"].includes(outcome))).toBe(true);
        expectAlike(sync, fate);
      }
    }
  });
});
