import { describe, expect, test } from "vitest";
import type { SourceChange } from "../../../../src/connector/change.ts";
import type { UpdateCell } from "../../../../src/model/row.ts";
import { decide, type Decision, type Sites } from "../../../../src/sync/two-way/decide.ts";
import { noDeaths, type Deaths } from "../../../../src/sync/two-way/deaths.ts";
import { keyEvents } from "../../../../src/sync/two-way/key-event.ts";
import type { ColumnPolicy } from "../../../../src/sync/two-way/policies.ts";
import { noRow, type SideRow } from "../../../../src/sync/two-way/side-row.ts";

const sites: Sites = { near: "A", far: "B", nearIs: "source" };
const key = [{ name: "id", value: "k" }];
const put = (name: string, value: string, timestamp: number): UpdateCell => ({ op: "put", name, value, timestamp });

type Cells = Readonly<Record<string, readonly [value: string, time: number]>>;

/** @param from the other site, where the engine wrote the row last, and the newest cell it brought */
function row(cells: Cells, from?: { readonly site: string; readonly time: number; readonly seq?: number }): SideRow {
  const read = from && { op: "write" as const, site: from.site, seq: from.seq ?? 0, time: from.time, nonce: "0", digest: "" };
  return {
    exists: true,
    cells: new Map(Object.entries(cells).map(([name, [value, time]]) => [name, { value, time }])),
    marker: read && { value: "m", time: 1, read },
  };
}

interface Given {
  readonly near: SideRow;
  readonly far: SideRow;
  readonly deaths?: { readonly near?: Deaths; readonly far?: Deaths };
  readonly policy?: ColumnPolicy;
  readonly appliedThrough?: number;
}

function decided(type: SourceChange["type"], cells: readonly UpdateCell[], at: number, given: Given): Decision {
  const [event] = keyEvents([{ type, key, cells, committedAt: at * 1000 }]).events;
  const deaths = { near: noDeaths, far: noDeaths, ...given.deaths };
  const situation = { event: event!, near: given.near, far: given.far, deaths, appliedThrough: given.appliedThrough ?? 0 };
  return decide(situation, sites, () => given.policy ?? { name: "last-writer" });
}

const nothing = { kind: "nothing", cells: [], guards: [] };

describe("a column written at one site", () => {
  const update = [put("a", "new", 2000)];
  const near = row({ a: ["new", 2000] });

  test("is written at the other with its time, without any conflict", () => {
    const {
      near: atNear,
      far,
      conflicts,
    } = decided("update", update, 2000, { near, far: row({ a: ["old", 1000] }, { site: "A", time: 1000 }) });
    expect(far.cells).toEqual(update);
    expect([atNear, conflicts]).toEqual([nothing, []]);
  });

  test("is left where both sides have it", () => {
    expect(decided("update", update, 2000, { near, far: near })).toMatchObject({ near: nothing, far: nothing });
  });

  test("gives way to a later one of the other site, at its own site too", () => {
    const { near: atNear, far, conflicts } = decided("update", update, 2000, { near, far: row({ a: ["theirs", 3000] }) });
    expect(far).toEqual(nothing);
    expect(atNear.cells).toEqual([put("a", "theirs", 3000)]);
    expect(conflicts).toMatchObject([{ column: "a", loser: { site: "A" }, winner: { site: "B" }, decided: "B" }]);
  });

  test("of the same millisecond gives way to the greater site, if both cells still are as they were read", () => {
    const { near: atNear } = decided("update", update, 2000, { near, far: row({ a: ["theirs", 2000] }) });
    expect(atNear).toMatchObject({ cells: [put("a", "theirs", 2000)], guards: [{ name: "a", value: "new", time: 2000 }] });
  });

  test("of the same millisecond wins over what its own site had written before", () => {
    const { far } = decided("update", update, 2000, { near, far: row({ a: ["first", 2000] }, { site: "A", time: 2000 }) });
    expect(far.cells).toEqual(update);
  });

  test("is written anew, later, where its site has the last word", () => {
    const given = { near, far: row({ a: ["theirs", 3000] }), policy: { name: "source" } as const };
    const { near: atNear, far } = decided("update", update, 2000, given);
    expect([atNear.cells, far.cells]).toEqual([[put("a", "new", 3001)], [put("a", "new", 3001)]]);
  });

  test("is merged with the other one, both sides by their roles", () => {
    const policy: ColumnPolicy = { name: "merge", merge: ({ source, target }) => `${String(source.value)}+${String(target.value)}` };
    const { far } = decided("update", update, 2000, { near, far: row({ a: ["theirs", 3000] }), policy });
    expect(far.cells).toEqual([put("a", "new+theirs", 3001)]);
  });

  test("does not conflict again where the other row had taken it in before", () => {
    const given = { near, far: row({ a: ["theirs", 3000] }), policy: { name: "source" } as const, appliedThrough: 2_000_000 };
    expect(decided("update", update, 2000, given)).toMatchObject({ far: nothing, conflicts: [] });
  });

  test("goes with the row where the other site has deleted that since", () => {
    const deaths = { far: { row: { time: 2500, commit: 1 }, columns: new Map() } };
    const { near: atNear, conflicts } = decided("update", update, 2000, { near, far: noRow, deaths });
    expect(atNear.kind).toBe("delete");
    expect(conflicts).toMatchObject([{ winner: { site: "B", value: undefined } }]);
  });

  test("is carried although its own site has gone on, and not brought back there", () => {
    const { near: atNear, far } = decided("update", update, 2000, { near: noRow, far: noRow });
    expect([atNear, far.cells]).toEqual([nothing, update]);
  });
});

describe("a row put at one site", () => {
  const cells = [put("a", "new", 2000)];
  const near = row({ a: ["new", 2000] });

  test("takes older columns with it, and remembers that before it does", () => {
    const far = row({ b: ["old", 1000] });
    expect(decided("put", cells, 2000, { near, far })).toMatchObject({ deaths: [{ column: "b", time: 2000 }] });
    const remembered = { near: { columns: new Map([["b", { time: 2000, commit: 2_000_000 }]]) } };
    expect(decided("put", cells, 2000, { near, far, deaths: remembered }).far.cells).toEqual([
      put("a", "new", 2000),
      { op: "deleteAll", name: "b" },
    ]);
  });

  test("gets back what the other site wrote later", () => {
    const { near: atNear } = decided("put", cells, 2000, { near, far: row({ b: ["theirs", 3000] }) });
    expect(atNear.cells).toEqual([put("b", "theirs", 3000)]);
  });
});

describe("a row deleted at one site", () => {
  const deaths = { near: { row: { time: 2000, commit: 2_000_000 }, columns: new Map() } };

  test("is deleted at the other if every cell still is as it was read", () => {
    const { far } = decided("delete", [], 2000, { near: noRow, far: row({ a: ["old", 1000] }), deaths });
    expect(far).toEqual({ kind: "delete", cells: [], guards: [{ name: "a", value: "old", time: 1000 }] });
  });

  test("comes back with what the other site wrote later, and with nothing else", () => {
    const far = row({ a: ["old", 1000], b: ["theirs", 3000] });
    const { near: atNear, far: atFar } = decided("delete", [], 2000, { near: noRow, far, deaths });
    expect(atNear.cells).toEqual([put("b", "theirs", 3000)]);
    expect(atFar.cells).toEqual([{ op: "deleteAll", name: "a" }]);
  });

  test("is deleted although the other site wrote later, where the site that deleted it has the last word", () => {
    const given = { near: noRow, far: row({ b: ["theirs", 3000] }), deaths, policy: { name: "source" } as const };
    expect(decided("delete", [], 2000, given).deaths).toEqual([{ column: "b", time: 3001, commit: 2_000_000 }]);
  });
});
