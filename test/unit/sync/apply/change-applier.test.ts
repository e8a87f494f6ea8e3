import { describe, expect, test } from "vitest";
import { seededChance } from "../../../../src/base/chance.ts";
import type { Value } from "../../../../src/model/value.ts";
import type { SourceChange } from "../../../../src/connector/change.ts";
import { fileSource } from "../../../../src/connector/file/file-source.ts";
import { fileTarget } from "../../../../src/connector/file/file-target.ts";
import { fileEndpoint } from "../../../../src/job/endpoint-spec.ts";
import { changeEncoderOf } from "../../../../src/sync/apply/change-applier.ts";
import { assertLooksUp } from "../../../../src/sync/apply/look-ups.ts";
import { replayParked } from "../../../../src/sync/apply/replay-parked.ts";
import { TransportError } from "../../../../src/client/transport-error.ts";
import { batchGetRow } from "../../../../src/wire/operation/batch-get-row.ts";
import { batchWriteRow } from "../../../../src/wire/operation/batch-write-row.ts";
import { decodeChange } from "../../../../src/wire/plainbuffer/decode-change.ts";
import type { Transport } from "../../../../src/wire/transport.ts";
import { Replication, textKey, type ReplicationOptions } from "./replicated-table.ts";

const keyOf = (id: string) => [{ name: "id", value: id }];
const put = (id: string, columns: Readonly<Record<string, Value>> = {}) => ({
  type: "put" as const,
  key: keyOf(id),
  cells: Object.entries(columns).map(([name, value]) => ({ name, value })),
});
const set = (id: string, columns: Readonly<Record<string, Value>>) => ({
  type: "update" as const,
  key: keyOf(id),
  cells: Object.entries(columns).map(([name, value]) => ({ op: "put" as const, name, value })),
});

/** Notes the requests that the applier sends. */
function recorded() {
  const sent: string[] = [];
  const keys: number[] = [];
  const around =
    (inner: Transport): Transport =>
    (request, signal) => {
      sent.push(request.path.slice(1));
      if (request.path === "/BatchGetRow") keys.push(batchGetRow.decodeRequest(request.body).tables[0]!.keys.length);
      return inner(request, signal);
    };
  return { sent, keys, around };
}

describe("a window of changes", () => {
  test("is counted by what became of it", async () => {
    const at = await Replication.create({ definition: { drop: ["c"] } });
    const { applier } = await at.open();
    for (const change of [put("a", { x: 1n }), set("a", { y: 2n }), put("b"), set("c", { x: 1n }), set("b", { c: 1n })])
      await at.write(change);
    await at.write({ type: "delete", key: keyOf("d") });
    await at.write({ type: "update", key: keyOf("e"), cells: [{ op: "put", name: "c", value: 1n }] });
    await at.read();
    const newest = Math.max(...at.changes.map(({ committedAt }) => committedAt!));
    expect(await at.apply(applier, at.changes)).toEqual({
      changes: at.changes.length,
      folded: 2,
      puts: 3,
      updates: 1,
      deletes: at.changes.some(({ type }) => type === "delete") ? 1 : 0,
      lookedUp: 0,
      filtered: 0,
      parked: 0,
      expiredCells: 0,
      newest,
    });
    expect(await at.found()).toEqual(await at.wanted());
  });

  test("of nothing sends nothing", async () => {
    const { sent, around } = recorded();
    const at = await Replication.create({ around });
    const { applier } = await at.open();
    sent.length = 0;
    expect(await at.apply(applier, [])).toMatchObject({ changes: 0, newest: undefined });
    expect(sent).toEqual([]);
  });

  test("is one request where records tell all, and reads no row", async () => {
    const { sent, around } = recorded();
    const at = await Replication.create({ around });
    const { applier } = await at.open();
    for (let i = 0; i < 150; i++) await at.write(i % 3 === 0 ? put(`k${i}`, { a: 1n }) : set(`k${i}`, { a: 2n }));
    await at.read();
    sent.length = 0;
    await at.apply(applier, at.changes);
    expect(sent).toEqual(["BatchWriteRow"]);
  });

  test("reads rows 100 at a time at most, few until it is known how large they are", async () => {
    const { keys, around } = recorded();
    const at = await Replication.create({ around, definition: { columns: { s: { inputs: ["a", "b"], derive: (a?: Value) => a } } } });
    const { applier } = await at.open();
    for (let i = 0; i < 400; i++) await at.write(set(`k${i}`, { a: "x" }));
    await at.read();
    expect(await at.apply(applier, at.changes)).toMatchObject({ lookedUp: 400, puts: 400 });
    expect(keys.slice(0, 4)).toEqual([16, 16, 16, 16]);
    expect(Math.max(...keys)).toBe(100);
    expect(await at.found()).toEqual(await at.wanted());
  });

  test("holds rows of megabytes few at a time (R14)", async () => {
    const { keys, around } = recorded();
    const at = await Replication.create({ around, definition: { columns: { s: { inputs: ["a", "b"], derive: (a?: Value) => a } } } });
    const { applier } = await at.open();
    for (let i = 0; i < 80; i++) await at.write(set(`k${i}`, { big: new Uint8Array(300_000) }));
    await at.read();
    await at.apply(applier, at.changes);
    expect(Math.max(...keys.slice(4))).toBeLessThanOrEqual(3);
    expect((await at.found()).length).toBe(80);
  });

  test("rejects with the reason of its signal", async () => {
    const at = await Replication.create({ definition: { columns: { s: { inputs: ["a", "b"], derive: (a?: Value) => a } } } });
    const { applier } = await at.open();
    await at.write(set("k", { a: "x" }));
    await at.read();
    const stop = new AbortController();
    stop.abort(new Error("enough"));
    await expect(applier.apply(at.changes, stop.signal)).rejects.toThrow("enough");
  });

  test("is done only when a write whose answer was lost is acknowledged", async () => {
    let lost = 2;
    const around =
      (inner: Transport): Transport =>
      async (request, signal) => {
        const reply = await inner(request, signal);
        if (request.path === "/BatchWriteRow" && lost-- > 0)
          throw new TransportError("TF_CONNECTION", true, { message: "the line was cut" });
        return reply;
      };
    const at = await Replication.create({ around });
    const { applier } = await at.open();
    await at.write(put("a", { x: 1n }));
    await at.write(set("b", { x: 1n }));
    await at.read();
    expect(await at.apply(applier, at.changes)).toMatchObject({ puts: 1, updates: 1, parked: 0 });
    expect([lost, await at.found()]).toEqual([-1, await at.wanted()]);
  });
});

describe("sides that do for a copy", () => {
  const csv = { type: "file", path: "rows.csv" } as const;

  test("are no target of changes where only whole rows of a copy are taken", async () => {
    const target = fileTarget(fileEndpoint.parse(csv), ".");
    await expect(changeEncoderOf(target, "rows.csv")).rejects.toMatchObject({ code: "TF_TARGET_SCHEMA" });
  });

  test("are no source of changes where rows cannot be read by key", () => {
    expect(() => assertLooksUp(fileSource(fileEndpoint.parse(csv), "."))).toThrow(
      expect.objectContaining({ code: "TF_MAPPING_INVALID" }) as Error,
    );
  });
});

describe("rows beyond one request (R10)", () => {
  const wide = Object.fromEntries(Array.from({ length: 900 }, (_, at) => [`c${at}`, BigInt(at)]));
  const others = Object.fromEntries(Array.from({ length: 900 }, (_, at) => [`d${at}`, BigInt(at)]));

  test.each([
    ["put", put("k", wide)],
    ["update", set("k", wide)],
  ] as const)("are written whole when changes fold to more than one %s holds", async (_type, first) => {
    const at = await Replication.create();
    const { applier } = await at.open();
    await at.write(first);
    await at.write(set("k", others));
    await at.read();
    await at.apply(applier, at.changes);
    expect(await at.found()).toEqual(await at.wanted());
  });
});

describe("a row that was away for a moment (R1, image)", () => {
  test.each<readonly [string, ReplicationOptions]>([
    ["filtered out", { originColumns: ["at"], definition: { keep: { inputs: ["at"], when: (at?: Value) => at !== "away" } } }],
    [
      "under another key",
      {
        originColumns: ["at"],
        targetKey: [{ name: "at", type: "string" }, ...textKey],
        definition: { key: { at: "at", id: "id" } },
      },
    ],
  ])("%s, comes back whole when a crash has its changes come again together", async (_where, options) => {
    const at = await Replication.create(options);
    expect(at.mapping.mode).toBe("image");
    const { applier } = await at.open();
    await at.write(put("k", { at: "home", kept: 1n }));
    await at.write(set("k", { at: "away" }));
    await at.read();
    await at.apply(applier, at.changes);
    await at.write(set("k", { at: "home", touched: 2n }));
    await at.read();
    await at.apply(applier, at.changes.slice(1));
    expect(await at.found()).toEqual(await at.wanted());
  });
});

describe("target keys that pass from one source row to another (R1)", () => {
  /** Rows lie under their mail address, which one row at a time has; the row carries its source key. */
  const byMail: ReplicationOptions = {
    originColumns: ["mail"],
    targetKey: [{ name: "mail", type: "string" }],
    definition: { key: { mail: "mail" }, injective: true },
  };

  test("are neither deleted nor overwritten by a channel that lags behind", async () => {
    const at = await Replication.create(byMail);
    const { applier } = await at.open();
    await at.write(put("k1", { mail: "m", of: "k1" }));
    await at.write(set("k1", { mail: "other" }));
    await at.write(put("k2", { mail: "m", of: "k2" }));
    await at.read();
    const of = (id: string) => at.changes.filter(({ key }) => key[0]!.value === id);
    await at.apply(applier, of("k2"));
    // k1 is read anew where its old place is taken, and its move deletes nothing of k2.
    for (const change of of("k1")) await at.apply(applier, [change]);
    expect(await at.found()).toEqual(await at.wanted());
  });

  test("are waited for, within one window in whatever order", async () => {
    const at = await Replication.create(byMail);
    const { applier } = await at.open();
    await at.write(put("k1", { mail: "m" }));
    await at.write(put("k2", { mail: "n" }));
    await at.read();
    await at.apply(applier, at.changes);
    await at.write(set("k1", { mail: "spare" }));
    await at.write(set("k2", { mail: "m" }));
    await at.write(set("k1", { mail: "n" }));
    await at.read();
    const swap = at.changes.slice(2);
    expect(await at.apply(applier, [swap[1]!, swap[0]!, swap[2]!])).toMatchObject({ parked: 0 });
    expect(await at.found()).toEqual(await at.wanted());
  });

  test("never stand twice in one request (R10)", async () => {
    const requests: string[][] = [];
    const around =
      (inner: Transport): Transport =>
      (request, signal) => {
        if (request.path === "/BatchWriteRow") {
          const { rows } = batchWriteRow.decodeRequest(request.body).tables[0]!;
          requests.push(rows.map(({ type, change }) => String(decodeChange(type, change).key[0]!.value)));
        }
        return inner(request, signal);
      };
    const at = await Replication.create({ ...byMail, around });
    const { applier } = await at.open();
    await at.write(put("k1", { mail: "m" }));
    await at.write(set("k1", { mail: "n" }));
    await at.write(put("k2", { mail: "m" }));
    await at.read();
    await at.apply(applier, at.changes);
    expect(requests.every((keys) => new Set(keys).size === keys.length)).toBe(true);
    expect(await at.found()).toEqual(await at.wanted());
  });

  /** The service as it might be: a condition on columns fails where there is no row. */
  const strictAbout =
    (at: () => Replication) =>
    (inner: Transport): Transport =>
    (request, signal) => {
      if (request.path !== "/BatchWriteRow") return inner(request, signal);
      const { tables } = batchWriteRow.decodeRequest(request.body);
      const rows = tables[0]!.rows.map((row) =>
        row.condition.filter === undefined ? row : { ...row, condition: { ...row.condition, existence: "expectExist" as const } },
      );
      return inner(at().signed("BatchWriteRow", batchWriteRow.encodeRequest({ tables: [{ tableName: "target", rows }] })), signal);
    };

  test("are free where there is no row, also if the service lets no condition on columns pass there", async () => {
    let made: Replication | undefined;
    const at = (made = await Replication.create({ ...byMail, around: strictAbout(() => made!) }));
    const { applier } = await at.open();
    await at.write(put("k1", { mail: "m" }));
    await at.read();
    expect(await at.apply(applier, at.changes)).toMatchObject({ puts: 1, parked: 0 });
    await at.write({ type: "update", key: keyOf("k1"), cells: [{ op: "deleteAll", name: "mail" }] });
    await at.read();
    await at.apply(applier, at.changes.slice(1));
    await at.write(set("k1", { mail: "n" }));
    expect(await at.run(replayParked(at.replay))).toMatchObject({ replayed: 1 });
    expect(await at.found()).toEqual(await at.wanted());
  });

  test("are put aside only when a write whose answer was lost can take effect no more (R2)", async () => {
    let lost = false;
    const around =
      (inner: Transport): Transport =>
      async (request, signal) => {
        const reply = await inner(request, signal);
        if (request.path !== "/BatchWriteRow" || !lost) return reply;
        lost = false;
        throw new TransportError("TF_CONNECTION", true, { message: "the line was cut" });
      };
    const at = await Replication.create({ ...byMail, around });
    const { applier } = await at.open();
    await at.write(put("k1", { mail: "m" }));
    await at.write(put("k2", { mail: "n" }));
    await at.read();
    await at.apply(applier, at.changes);
    await at.write(set("k1", { mail: "spare" }));
    await at.write(set("k2", { mail: "m" }));
    await at.read();
    lost = true;
    const began = at.clock.monotonic();
    expect(await at.apply(applier, at.changes.slice(3))).toMatchObject({ parked: 1 });
    expect([lost, at.clock.monotonic() - began >= 40_000]).toEqual([false, true]);
  });

  test("are put aside while another row keeps them, until they are replayed", async () => {
    const at = await Replication.create(byMail);
    const { applier } = await at.open();
    await at.write(put("k1", { mail: "m" }));
    await at.read();
    await at.apply(applier, at.changes);
    await at.write(set("k1", { mail: "other" }));
    await at.write(put("k2", { mail: "m" }));
    await at.read();
    expect(await at.apply(applier, at.changes.slice(2))).toMatchObject({ parked: 1 });
    await at.apply(applier, at.changes.slice(1, 2));
    expect(await at.run(replayParked(at.replay))).toMatchObject({ replayed: 1, refused: [] });
    expect(await at.found()).toEqual(await at.wanted());
  });

  test.each([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])(
    "end where they belong when two channels go at their own pace and again (seed %i)",
    async (seed) => {
      const chance = seededChance(seed);
      const pick = <T>(from: readonly T[]) => from[Math.floor(chance.next() * from.length)]!;
      const at = await Replication.create(byMail);
      const mails = ["m", "n", "o", "p"];
      const held = new Map<string, string>();
      for (let i = 0; i < 60; i++) {
        const id = pick(["k1", "k2", "k3"]);
        const free = mails.filter((mail) => ![...held.values()].includes(mail));
        const mail = pick(free);
        const kind = held.has(id) ? pick(["put", "update", "touch", "delete"] as const) : "put";
        if (kind === "delete") held.delete(id);
        else if (kind !== "touch") held.set(id, mail);
        if (kind === "delete") await at.write({ type: "delete", key: keyOf(id) });
        else if (kind === "touch") await at.write(set(id, { n: BigInt(i) }));
        else await at.write((kind === "put" ? put : set)(id, { mail, n: BigInt(i) }));
      }
      await at.read();
      const channels = ["k1", "k2 k3"].map((ids) => ({
        changes: at.changes.filter(({ key }) => ids.includes(key[0]!.value as string)),
        next: 0,
      }));
      const apply = async (channel: (typeof channels)[number], window: readonly SourceChange[]) => {
        const { applier } = await at.open();
        await at.apply(applier, window);
        channel.next += window.length;
      };
      for (let i = 0; i < 20; i++) {
        const channel = pick(channels);
        channel.next = Math.max(0, channel.next - pick([0, 0, 0, 5]));
        await apply(channel, channel.changes.slice(channel.next, channel.next + pick([1, 2, 4])));
      }
      for (const channel of channels) await apply(channel, channel.changes.slice(channel.next));
      for (let i = 0; i < 3; i++) await at.run(replayParked(at.replay));
      expect(await at.found()).toEqual(await at.wanted());
    },
  );
});

describe("a function's rows (R1)", () => {
  test.each([
    ["key-prefix", (id: Value) => [{ id: `other ${String(id)}`, column: "a" }]],
    [
      "duplicate-key",
      (id: Value) => [
        { id, column: "a" },
        { id, column: "a" },
      ],
    ],
  ])("that could not be found again, or are one, are refused: %s", async (cause, rows) => {
    const at = await Replication.create({
      targetKey: [...textKey, { name: "column", type: "string" }],
      definition: { injective: true, row: (row) => rows(row["id"]!) },
    });
    const { applier } = await at.open();
    await at.write(put("k"));
    await at.read();
    expect(await at.apply(applier, at.changes)).toMatchObject({ parked: 1 });
    expect(await at.run(replayParked(at.replay))).toMatchObject({ refused: [{ cause }] });
  });
});
