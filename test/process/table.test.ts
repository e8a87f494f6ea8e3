import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Workplace } from "./run-command.ts";

/** Looking at data and changing it by hand, against a server that `tableferry serve` runs in the same folder. */
describe("tableferry table", () => {
  let place: Workplace;
  beforeAll(async () => {
    place = new Workplace();
    await place.serve("--memory");
    await place.must("table", "create", "orders", "--key", "customer:string", "--key", "order:integer");
    const rows = Array.from({ length: 30 }, (_, i) => `{"customer":"c${String(i).padStart(2, "0")}","order":${i},"amount":${i}.5}\n`).join(
      "",
    );
    const put = await place.start(["table", "put", "orders", "-", "--json"], rows).ended;
    expect(JSON.parse(put.out)).toMatchObject({ written: 30 });
  });
  afterAll(() => place[Symbol.asyncDispose]());

  test("lists the tables", async () => {
    expect(await place.must("table", "list")).toBe("orders\n");
    expect(JSON.parse(await place.must("table", "list", "--json"))).toEqual({ instance: "local", tables: ["orders"] });
  });

  test("describes a table", async () => {
    expect(await place.must("table", "describe", "orders")).toContain("customer string, order integer");
    expect(JSON.parse(await place.must("table", "describe", "orders", "--json"))).toMatchObject({
      name: "orders",
      key: [
        { name: "customer", type: "string" },
        { name: "order", type: "integer" },
      ],
      options: { timeToLive: -1, maxVersions: 1 },
    });
  });

  test("shows people a screenful and says how to go on", async () => {
    const { out, err } = await place.run("table", "scan", "orders");
    expect(out.split("\n")).toHaveLength(1 + 20 + 1);
    expect(err).toContain("go on with --from customer=c20 --from order=20");
    expect(await place.must("table", "scan", "orders", "--from", "customer=c20", "--from", "order=20")).toContain("c29");
  });

  test("gives machines every row", async () => {
    const scan: { rowCount: number; rows: unknown[]; next: unknown } = JSON.parse(await place.must("table", "scan", "orders", "--json"));
    expect([scan.rowCount, scan.rows.length, scan.next]).toEqual([30, 30, null]);
    expect((await place.must("table", "scan", "orders", "--format", "jsonl")).trim().split("\n")).toHaveLength(30);
  });

  test("shows a part by key, the end left out, and the columns asked for", async () => {
    const out = await place.must(
      "table",
      "scan",
      "orders",
      "--from",
      "customer=c03",
      "--to",
      "customer=c05",
      "--columns",
      "none",
      "--format",
      "jsonl",
    );
    expect(out).toBe('{"customer":"c03","order":3}\n{"customer":"c04","order":4}\n');
  });

  test("prints rows that it takes back", async () => {
    await place.must("table", "create", "copy", "--key", "customer:string", "--key", "order:integer");
    const printed = await place.must("table", "scan", "orders", "--format", "jsonl");
    expect((await place.start(["table", "put", "copy", "-"], printed).ended).exit).toBe(0);
    expect(await place.must("table", "scan", "copy", "--format", "jsonl")).toBe(printed);
  });

  test("says beside its output that there is more", async () => {
    const { exit, err } = await place.run("table", "scan", "orders", "--limit", "1", "--format", "jsonl");
    expect([exit, err]).toEqual([0, "There is more: go on with --from customer=c01 --from order=1, or raise --limit.\n"]);
  });

  test("ends quietly when its reader has seen enough", async () => {
    await place.must("table", "create", "wide", "--key", "id:integer");
    const rows = Array.from({ length: 40 }, (_, id) => `{"id":${id},"text":"${"x".repeat(20_000)}"}\n`).join("");
    expect((await place.start(["table", "put", "wide", "-"], rows).ended).exit).toBe(0);
    const scan = place.start(["table", "scan", "wide", "--format", "jsonl"]);
    await scan.firstLine;
    scan.closeOut();
    const { exit, err } = await scan.ended;
    expect([exit, err]).toEqual([0, ""]);
  });

  test("names the line of a row that cannot be written, and writes none after it", async () => {
    await place.must("table", "create", "lines", "--key", "id:integer");
    const { exit, err } = await place.start(["table", "put", "lines", "-"], '{"id": 1}\n{"id": "2"}\n{"id": 3}\n').ended;
    expect(exit).toBe(2);
    expect(err).toContain("standard input:2");
    expect(await place.must("table", "scan", "lines", "--format", "jsonl")).not.toContain("3");
  });

  test("deletes nothing without a yes", async () => {
    const { exit, err } = await place.run("table", "delete", "orders", "customer=c00", "order=0");
    expect(exit).toBe(2);
    expect(err).toContain("Give --yes");
    expect(await place.must("table", "scan", "orders", "--limit", "1")).toContain("c00");
  });

  test("deletes one row, and says when there is none", async () => {
    await place.must("table", "put", "copy", '{"customer": "x y", "order": 1}');
    await place.must("table", "delete", "copy", "customer=x y", "order=1", "--yes");
    const again = await place.run("table", "delete", "copy", "customer=x y", "order=1", "--yes");
    expect(again.exit).toBe(1);
    expect(again.err).toContain("TF_ROW_MISSING");
  });

  test("drops a table only when asked by name", async () => {
    await place.must("table", "create", "gone", "--key", "id:string");
    expect((await place.run("table", "delete", "gone", "--yes")).exit).toBe(2);
    await place.must("table", "delete", "gone", "--drop", "--yes");
    expect(await place.must("table", "list")).not.toContain("gone");
  });

  test.each([
    [["table", "scan", "nope"], 1, "OTSObjectNotExist: Requested table does not exist.", "table list"],
    [["table", "list", "--instance", "nope"], 1, "OTSAuthFailed: The instance is not found.", "Check the instance's name"],
    [
      ["table", "list", "--endpoint", "http://127.0.0.1:1", "--instance", "local", "--keys", ".tableferry/none.json"],
      2,
      "TF_CREDENTIALS_MISSING",
      "accessKeyId",
    ],
    [["table", "put", "orders", '{"customer": "a"}'], 2, "the key column order is missing", "Give every key column"],
    [["table", "create", "bad", "--key", "id:number"], 2, "type string, integer or binary", "--key customer:string"],
    [
      ["table", "describe", "orders", "--endpoint", "nonsense", "--instance", "local"],
      2,
      "an endpoint is http(s)://host[:port]",
      "http://127.0.0.1:8087",
    ],
  ])("%j ends with %i, on one screen with place and way out", async (args, exit, message, wayOut) => {
    const ended = await place.run(...args);
    const text = ended.err.replaceAll(/\s+/g, " ");
    expect(ended.exit).toBe(exit);
    expect(text).toContain(message);
    expect(text).toContain(wayOut);
    expect(text).toMatch(/ at .* way out /);
    expect(ended.err.split("\n").length).toBeLessThanOrEqual(25);
  });
});
