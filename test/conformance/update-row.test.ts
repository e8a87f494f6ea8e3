import { expect, it } from "vitest";
import type { UpdateCell } from "../../src/model/row.ts";
import { AUTO_INCREMENT } from "../../src/model/value.ts";
import { decodeRow } from "../../src/wire/plainbuffer/decode.ts";
import { cellsOf, updateRequest, valuesOf } from "./caller.ts";
import { describeEverywhere } from "./endpoints.ts";

const oneKey = [{ name: "pk", type: "string" }] as const;
const invalid = (text: string) => ({ status: 400, code: "OTSParameterInvalid", text });
const checkFailed = { status: 403, code: "OTSConditionCheckFail", text: "Condition check failed." };
const put = (name: string, value: bigint | string, timestamp?: number): UpdateCell => ({ op: "put", name, value, timestamp });
const all = { maxVersions: 99 };

describeEverywhere("UpdateRow", (open) => {
  it("makes a missing row and merges into one that is there", async () => {
    const { caller } = await open();
    await caller.createTable("t", oneKey);
    await caller.update("t", { pk: "a" }, [put("b", 1n), put("a", 2n)]);
    await caller.update("t", { pk: "a" }, [put("c", 3n), put("b", 4n)]);
    expect(valuesOf(await caller.get("t", { pk: "a" }))).toEqual({ a: 2n, b: 4n, c: 3n });
  });

  it("adds versions, newest first, overwrites the same version and keeps as many as the table has", async () => {
    const { caller, clock } = await open();
    await caller.createTable("t", oneKey, { maxVersions: 3 });
    const now = clock.now();
    for (const [version, value] of [
      [5, "e"],
      [1, "a"],
      [3, "c"],
      [3, "C"],
      [4, "d"],
    ] as const) {
      await caller.update("t", { pk: "a" }, [put("x", value, now + version)]);
    }
    expect(cellsOf(await caller.get("t", { pk: "a" }, all))).toEqual([`x@${now + 5}=e`, `x@${now + 4}=d`, `x@${now + 3}=C`]);
  });

  it("deletes one version or all of a column, and nothing else", async () => {
    const { caller, clock } = await open();
    await caller.createTable("t", oneKey, { maxVersions: 3 });
    const now = clock.now();
    await caller.update("t", { pk: "a" }, [
      put("x", "1", now + 1),
      put("x", "2", now + 2),
      put("y", "1", now + 1),
      put("y", "2", now + 2),
      put("z", "1", now),
    ]);
    await caller.update("t", { pk: "a" }, [
      { op: "deleteOne", name: "x", timestamp: now + 2 },
      { op: "deleteOne", name: "z", timestamp: now + 9 },
      { op: "deleteAll", name: "y" },
    ]);
    expect(cellsOf(await caller.get("t", { pk: "a" }, all))).toEqual([`x@${now + 1}=1`, `z@${now}=1`]);
  });

  it("applies operations on one column in the order given", async () => {
    const { caller, clock } = await open();
    await caller.createTable("t", oneKey, { maxVersions: 3 });
    const now = clock.now();
    await caller.update("t", { pk: "a" }, [put("x", "old", now - 1)]);
    await caller.update("t", { pk: "a" }, [{ op: "deleteAll", name: "x" }, put("x", "new", now)]);
    expect(cellsOf(await caller.get("t", { pk: "a" }, all))).toEqual([`x@${now}=new`]);
  });

  it("makes no row by deleting alone, and keeps one whose last cell it deletes", async () => {
    const { caller } = await open();
    await caller.createTable("t", oneKey);
    await caller.update("t", { pk: "a" }, [{ op: "deleteAll", name: "x" }]);
    expect(await caller.get("t", { pk: "a" })).toBeUndefined();
    await caller.update("t", { pk: "a" }, [put("x", 1n)]);
    await caller.update("t", { pk: "a" }, [{ op: "deleteAll", name: "x" }]);
    expect(await caller.get("t", { pk: "a" })).toEqual({ key: [{ name: "pk", value: "a" }], cells: [] });
  });

  it("increments, counting a missing column as zero, and answers the sum when asked", async () => {
    const { caller, clock } = await open();
    await caller.createTable("t", oneKey);
    const by = async (amount: bigint) => {
      await clock.advance(1);
      const { row } = await caller.update("t", { pk: "a" }, [{ op: "increment", name: "n", by: amount }], undefined, {
        type: "afterModify",
        columns: ["n"],
      });
      return valuesOf(decodeRow(row!));
    };
    expect(await by(5n)).toEqual({ n: 5n });
    expect(await by(-7n)).toEqual({ n: -2n });
    expect(cellsOf(await caller.get("t", { pk: "a" }))).toEqual([`n@${clock.now()}=-2n`]);
  });

  it("loses none of many increments at once", async () => {
    const { caller } = await open();
    await caller.createTable("t", oneKey);
    await Promise.all(Array.from({ length: 50 }, () => caller.update("t", { pk: "a" }, [{ op: "increment", name: "n", by: 1n }])));
    expect(valuesOf(await caller.get("t", { pk: "a" }))).toEqual({ n: 50n });
  });

  it("shows the sum of an increment although the value before it lies in the future", async () => {
    const { caller, clock } = await open();
    await caller.createTable("t", oneKey);
    await caller.update("t", { pk: "a" }, [put("n", 10n, clock.now() + 1000)]);
    await caller.update("t", { pk: "a" }, [{ op: "increment", name: "n", by: 1n }]);
    expect(valuesOf(await caller.get("t", { pk: "a" }))).toEqual({ n: 11n });
  });

  it("refuses to increment what is no integer, and beyond 64 bits, and changes nothing then", async () => {
    const { caller } = await open();
    await caller.createTable("t", oneKey);
    await caller.put("t", { pk: "a" }, { s: "x", n: 2n ** 63n - 1n });
    const increment = (name: string) =>
      caller.refusal("UpdateRow", updateRequest("t", { pk: "a" }, [put("other", 1n), { op: "increment", name, by: 1n }]));
    expect(await increment("s")).toMatchObject({ status: 400, code: "OTSParameterInvalid" });
    expect(await increment("n")).toMatchObject({ status: 400, code: "OTSParameterInvalid" });
    expect(valuesOf(await caller.get("t", { pk: "a" }))).toEqual({ s: "x", n: 2n ** 63n - 1n });
  });

  it("judges existence and column conditions against the row before the change", async () => {
    const { caller } = await open();
    await caller.createTable("t", oneKey);
    await caller.put("t", { pk: "a" }, { state: "new", n: 1n });
    const when = (name: string, value: string | bigint, filterIfMissing: boolean) =>
      ({
        existence: "expectExist",
        filter: { type: "column", name, comparator: "equal", value, filterIfMissing, latestVersionOnly: true },
      }) as const;
    await caller.update("t", { pk: "a" }, [put("state", "paid")], when("state", "new", true));
    expect(await caller.refusal("UpdateRow", updateRequest("t", { pk: "a" }, [put("state", "sent")], when("state", "new", true)))).toEqual(
      checkFailed,
    );
    expect(await caller.refusal("UpdateRow", updateRequest("t", { pk: "a" }, [put("n", 2n)], when("gone", "x", true)))).toEqual(
      checkFailed,
    );
    await caller.update("t", { pk: "a" }, [put("n", 2n)], when("gone", "x", false));
    expect(await caller.refusal("UpdateRow", updateRequest("t", { pk: "b" }, [put("n", 2n)], when("gone", "x", false)))).toEqual(
      checkFailed,
    );
    expect(valuesOf(await caller.get("t", { pk: "a" }))).toEqual({ state: "paid", n: 2n });
  });

  it("passes a column condition on a missing row only where missing columns pass", async () => {
    const { caller } = await open();
    await caller.createTable("t", oneKey);
    const filter = (filterIfMissing: boolean) =>
      ({ type: "column", name: "c", comparator: "equal", value: 1n, filterIfMissing, latestVersionOnly: true }) as const;
    expect(
      await caller.refusal("UpdateRow", updateRequest("t", { pk: "a" }, [put("c", 1n)], { existence: "ignore", filter: filter(true) })),
    ).toEqual(checkFailed);
    await caller.update("t", { pk: "a" }, [put("c", 1n)], { existence: "expectNotExist", filter: filter(false) });
    expect(valuesOf(await caller.get("t", { pk: "a" }))).toEqual({ c: 1n });
  });

  it("judges all versions of a column unless only the latest counts", async () => {
    const { caller, clock } = await open();
    await caller.createTable("t", oneKey, { maxVersions: 2 });
    const now = clock.now();
    await caller.update("t", { pk: "a" }, [put("c", 1n, now - 1), put("c", 2n, now)]);
    const filter = (latestVersionOnly: boolean) =>
      ({ type: "column", name: "c", comparator: "equal", value: 1n, filterIfMissing: true, latestVersionOnly }) as const;
    await caller.update("t", { pk: "a" }, [put("d", 1n)], { existence: "ignore", filter: filter(false) });
    expect(
      await caller.refusal("UpdateRow", updateRequest("t", { pk: "a" }, [put("d", 2n)], { existence: "ignore", filter: filter(true) })),
    ).toEqual(checkFailed);
  });

  it("makes a row under a key of the server's choice", async () => {
    const { caller } = await open();
    await caller.createTable("t", [oneKey[0], { name: "id", type: "integer", autoIncrement: true }]);
    const { row } = await caller.update("t", { pk: "a", id: AUTO_INCREMENT }, [put("c", 1n)], undefined, { type: "key", columns: [] });
    const id = decodeRow(row!)!.key[1]!.value;
    expect(valuesOf(await caller.get("t", { pk: "a", id }))).toEqual({ c: 1n });
  });

  it("refuses updates where the table does not allow them", async () => {
    const { caller } = await open();
    await caller.createTable("t", oneKey, { allowUpdate: false });
    expect(await caller.refusal("UpdateRow", updateRequest("t", { pk: "a" }, [put("c", 1n)]))).toMatchObject({
      status: 400,
      code: "OTSParameterInvalid",
    });
    await caller.put("t", { pk: "a" }, { c: 1n });
  });

  it("refuses operations that make no sense", async () => {
    const { caller } = await open();
    await caller.createTable("t", oneKey);
    const refused = (cells: readonly UpdateCell[], returns?: Parameters<typeof updateRequest>[4]) =>
      caller.refusal("UpdateRow", updateRequest("t", { pk: "a" }, cells, undefined, returns));
    expect(await refused([])).toEqual(invalid("Invalid update row request: missing cells in request."));
    expect(await refused([{ op: "put", name: "-", value: 1n }])).toEqual(invalid("Invalid column name: '-'."));
    expect(await refused([put("c", 1n)], { type: "afterModify", columns: ["c"] })).toMatchObject({ code: "OTSParameterInvalid" });
    expect(await refused([{ op: "increment", name: "c", by: 1n }], { type: "key", columns: ["c"] })).toMatchObject({
      code: "OTSParameterInvalid",
    });
  });
});
