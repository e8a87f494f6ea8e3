import { appendFileSync, existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterEach, describe, expect, test } from "vitest";
import type { Batch, PrepareOptions, Target } from "../../../src/connector/connector.ts";
import { FileBatch } from "../../../src/connector/file/file-batch.ts";
import { fileTarget } from "../../../src/connector/file/file-target.ts";
import { compileMapping } from "../../../src/job/compile-mapping.ts";
import { fileEndpoint } from "../../../src/job/endpoint-spec.ts";
import { loadedDefinition } from "../../../src/job/load-mapping.ts";
import type { FlowRow } from "../../../src/job/mapping.ts";
import type { Value } from "../../../src/model/value.ts";
import { identityMapping, rowsOf, scratchFolder, textOf, writeAll } from "./support.ts";

const folder = scratchFolder();
let files = 0;
const opened: Target[] = [];
const first: PrepareOptions = { notEmpty: "refuse", resuming: false, versions: "latest" };
const again: PrepareOptions = { ...first, resuming: true };
const plain = { versions: "latest", refuseDuplicates: false } as const;
const key = [{ name: "id", type: "integer" }] as const;

const at = (name: string, rest: object = {}) => {
  const path = `${files++}-${name}`;
  const spec = fileEndpoint.parse({ type: "file", path, ...rest });
  const open = () => {
    const target = fileTarget(spec, folder);
    opened.push(target);
    return target;
  };
  return { full: join(folder, path), work: join(folder, `.${path}.tableferry`), open };
};
afterEach(() => Promise.all(opened.splice(0).map((target) => target.close())));
const row = (id: number, columns: Readonly<Record<string, Value>> = {}): FlowRow => ({
  key: [{ name: "id", value: BigInt(id) }],
  columns: Object.entries(columns).map(([name, value]) => ({ name, value })),
});
const batch = (rows: readonly FlowRow[], position: string, from?: string, split = "0000"): Batch =>
  new FileBatch(
    { split, from, position, bytes: 1, refused: [] },
    "rows",
    rows,
    rows.map((_, at) => at),
  );
const write = async (target: Target, batches: readonly Batch[]) => {
  const encoder = target.encoder(identityMapping(key), plain);
  for (const one of batches) expect(await writeAll(target, encoder.encode(one).parcels)).toEqual([]);
};
const made = async (name: string, rows: readonly FlowRow[], rest: object = {}) => {
  const file = at(name, rest);
  const target = file.open();
  await target.prepare(first);
  await write(target, [batch(rows, "1")]);
  await target.complete?.();
  await target.close();
  return readFileSync(file.full);
};

describe("a file that is made", () => {
  const rows = [row(1, { a: "x", b: 'say "hi"' }), row(2, { b: "" }), row(3, { a: "1,2\n3" })];

  test("is CSV with a header, empty strings in quotes and absent columns as nothing", async () => {
    expect((await made("a.csv", rows)).toString()).toBe('id,a,b\n1,x,"say ""hi"""\n2,,""\n3,"1,2\n3",\n');
  });

  test("is TSV, or CSV without a header, in the order of the columns named", async () => {
    const columns = ["b", "a", "id"];
    expect((await made("a.tsv", rows, { columns, header: false })).toString()).toBe('"say ""hi"""\tx\t1\n""\t\t2\n\t"1,2\n3"\t3\n');
  });

  test("is JSON Lines, or one array, with integers exact and doubles told from them", async () => {
    const values = [row(9, { i: 9007199254740993n, d: 1, z: -0, t: true, b: new Uint8Array([1, 2]), s: "\u2028\ud83d\ude00" })];
    const object = '{"id":9,"i":9007199254740993,"d":1.0,"z":-0.0,"t":true,"b":{"base64":"AQI="},"s":"\u2028😀"}';
    expect((await made("a.jsonl", values)).toString()).toBe(`${object}\n`);
    expect((await made("a.json", [...values, ...values])).toString()).toBe(`[\n${object},\n${object}\n]\n`);
  });

  test("is valid where it has no rows", async () => {
    expect((await made("a.json", [])).toString()).toBe("[\n]\n");
    expect((await made("a.jsonl", [])).toString()).toBe("");
    expect((await made("a.csv", [], { columns: ["id", "a"] })).toString()).toBe("id,a\n");
  });

  test("is compressed when its name says so", async () => {
    expect(gunzipSync(await made("a.jsonl.gz", [row(1)])).toString()).toBe('{"id":1}\n');
  });

  test("has the columns of a mapping that names them all, also those no row has", async () => {
    const file = at("a.csv", { types: { n: "integer" } });
    const target = file.open();
    await target.prepare(first);
    const mapping = compileMapping(loadedDefinition({ key: { id: "id" }, columns: { text: "a", n: "id", none: "gone" }, rest: "drop" }), {
      sourceKey: key,
      targetKey: [],
    });
    expect(await writeAll(target, target.encoder(mapping, plain).encode(batch(rows, "1")).parcels)).toEqual([]);
    await target.complete?.();
    expect(readFileSync(file.full, "utf8")).toBe('id,text,n,none\n1,x,1,\n2,,2,\n3,"1,2\n3",3,\n');
  });

  test("appears in one step and leaves nothing beside it", async () => {
    const { full, work, open } = at("a.jsonl");
    const target = open();
    await target.prepare(first);
    await write(target, [batch([row(1)], "1")]);
    expect([existsSync(full), existsSync(work)]).toEqual([false, true]);
    await target.complete?.();
    expect([existsSync(full), existsSync(work)]).toEqual([true, false]);
    await target.complete?.();
    await target.close();
  });

  test("holds the splits one after the other, whatever the order they were written in", async () => {
    const { full, open } = at("a.jsonl");
    const target = open();
    await target.prepare(first);
    await write(target, [
      batch([row(3)], "1", undefined, "0001"),
      batch([row(1)], "1", undefined, "0000"),
      batch([row(4)], "2", "1", "0001"),
      batch([row(2)], "2", "1", "0000"),
    ]);
    await target.complete?.();
    expect(readFileSync(full, "utf8")).toBe('{"id":1}\n{"id":2}\n{"id":3}\n{"id":4}\n');
    await target.close();
  });
});

describe("rows a file cannot hold", () => {
  const refusedBy = async (name: string, rows: readonly FlowRow[], rest: object) => {
    const target = at(name, rest).open();
    await target.prepare(first);
    return target
      .encoder(identityMapping(key), plain)
      .encode(batch(rows, "1"))
      .refused.map(({ index, refusal }) => [index, refusal.cause]);
  };

  test("are refused one by one", async () => {
    expect(await refusedBy("a.csv", [row(1, { a: "x" }), row(2, { a: 5n }), row(3, { a: "\ud800" })], { types: { a: "string" } })).toEqual([
      [1, "type"],
      [2, "encoding"],
    ]);
    expect(await refusedBy("a.csv", [row(1, { a: "ok" }), row(2)], { empty: "empty" })).toEqual([[1, "absent"]]);
    expect(await refusedBy("a.csv", [row(1, { a: "Ü" }), row(2, { a: "€" })], { encoding: "latin1" })).toEqual([[1, "encoding"]]);
    expect(await refusedBy("a.jsonl", [row(1, { a: Infinity }), row(2, { a: 1 })], {})).toEqual([[0, "number"]]);
  });

  test.each([
    ["a column beyond the header", [row(1, { a: "x" })], [row(2, { b: "y" })], "columns"],
    ["a type that is not declared", [row(1, { a: 5n })], [], "types: { a: integer }"],
  ])("stop the job where the specification must say more: %s", async (_, one, two, wayOut) => {
    const target = at("a.csv").open();
    await target.prepare(first);
    const encoder = target.encoder(identityMapping(key), plain);
    const encode = () => {
      encoder.encode(batch(one, "1"));
      encoder.encode(batch(two, "2", "1"));
    };
    expect(encode).toThrow(
      expect.objectContaining({ code: "TF_TARGET_SCHEMA", wayOut: expect.stringContaining(wayOut) as unknown }) as Error,
    );
  });

  test("are those with versions", async () => {
    await expect(
      at("a.jsonl")
        .open()
        .prepare({ ...first, versions: "keep" }),
    ).rejects.toMatchObject({ code: "TF_SPEC_INVALID" });
  });
});

describe("a run that goes on", () => {
  test("is not confused by one before it that wakes up and writes on", async () => {
    const { full, open } = at("a.jsonl");
    const sleeper = open();
    await sleeper.prepare(first);
    const old = sleeper.encoder(identityMapping(key), plain);
    expect(await writeAll(sleeper, old.encode(batch([row(1)], "1")).parcels)).toEqual([]);
    const next = open();
    await next.prepare(again);
    await write(next, [batch([row(2)], "2", "1")]);
    await writeAll(sleeper, old.encode(batch([row(99)], "2", "1")).parcels);
    await write(next, [batch([row(3)], "3", "2")]);
    await next.complete?.();
    expect(readFileSync(full, "utf8")).toBe('{"id":1}\n{"id":2}\n{"id":3}\n');
    await writeAll(sleeper, old.encode(batch([row(98)], "3", "2")).parcels).catch(() => undefined);
    await Promise.all([sleeper.close(), next.close()]);
    expect(readFileSync(full, "utf8")).toBe('{"id":1}\n{"id":2}\n{"id":3}\n');
  });

  test("passes over what was being recorded when the one before died", async () => {
    const { full, work, open } = at("a.jsonl");
    const killed = open();
    await killed.prepare(first);
    await write(killed, [batch([row(1)], "1"), batch([row(2)], "2", "1")]);
    await killed.close();
    for (const name of readdirSync(work)) {
      if (name.startsWith("journal")) appendFileSync(join(work, name), '{"split":"0000","position":"3","segm');
      if (name.startsWith("rows")) appendFileSync(join(work, name), '{"id":3}\n{"id"');
    }
    const next = open();
    await next.prepare(again);
    await write(next, [batch([row(3)], "3", "2")]);
    await next.complete?.();
    expect(readFileSync(full, "utf8")).toBe('{"id":1}\n{"id":2}\n{"id":3}\n');
  });

  test("takes away what earlier ones left and does not count", async () => {
    const { work, open } = at("a.jsonl");
    for (let run = 0; run < 4; run++) {
      const killed = open();
      await killed.prepare(run === 0 ? first : again);
      await write(killed, [batch([row(1)], "1")]);
      await killed.close();
    }
    expect(readdirSync(work).sort()).toEqual(["journal-4", "rows-3-0", "rows-4-0", "whole"]);
  });

  test("keeps a split that was complete, and the columns of the first run", async () => {
    const { full, open } = at("a.csv");
    const killed = open();
    await killed.prepare(first);
    await write(killed, [batch([row(1, { b: "x" })], "1", undefined, "0000"), batch([row(2, { b: "y" })], "1", undefined, "0001")]);
    await killed.close();
    const next = open();
    await next.prepare(again);
    await write(next, [batch([row(3)], "2", "1", "0001")]);
    await next.complete?.();
    expect(readFileSync(full, "utf8")).toBe("id,b\n1,x\n2,y\n3,\n");
  });

  test("goes on after batches of which no row was written", async () => {
    const { full, open } = at("a.jsonl");
    const killed = open();
    await killed.prepare(first);
    await write(killed, [batch([row(1)], "1"), batch([], "2", "1"), batch([row(2)], "3", "2")]);
    await killed.close();
    const next = open();
    await next.prepare(again);
    await write(next, [batch([row(2)], "3", "2")]);
    await next.complete?.();
    expect(readFileSync(full, "utf8")).toBe('{"id":1}\n{"id":2}\n');
  });

  test("stops when what was written before is gone", async () => {
    const { work, open } = at("a.jsonl");
    const killed = open();
    await killed.prepare(first);
    await write(killed, [batch([row(1)], "1")]);
    await killed.close();
    rmSync(work, { recursive: true });
    const next = open();
    await next.prepare(again);
    expect(() => next.encoder(identityMapping(key), plain).encode(batch([row(2)], "2", "1"))).toThrow(
      expect.objectContaining({ code: "TF_TARGET_CHANGED" }) as Error,
    );
  });

  test("stops when what was written before is cut", async () => {
    const { work, open } = at("a.jsonl");
    const killed = open();
    await killed.prepare(first);
    await write(killed, [batch([row(1)], "1")]);
    await killed.close();
    writeFileSync(
      join(
        work,
        readdirSync(work).find((name) => name.startsWith("rows"))!,
      ),
      "",
    );
    const next = open();
    await next.prepare(again);
    await expect(next.complete?.()).rejects.toMatchObject({ code: "TF_TARGET_CHANGED" });
  });

  test("tidies up behind one that died between its last two steps", async () => {
    const { full, work, open } = at("a.jsonl");
    const killed = open();
    await killed.prepare(first);
    await write(killed, [batch([row(1)], "1")]);
    await killed.close();
    renameSync(join(work, "whole"), full);
    const next = open();
    await next.prepare(again);
    await next.complete?.();
    expect([existsSync(full), existsSync(work)]).toEqual([true, false]);
  });

  test("does not write again what was made complete", async () => {
    const { open } = at("a.jsonl");
    const done = open();
    await done.prepare(first);
    await write(done, [batch([row(1)], "1")]);
    await done.complete?.();
    const next = open();
    await next.prepare(again);
    await next.complete?.();
    expect(() => next.encoder(identityMapping(key), plain).encode(batch([row(1)], "1"))).toThrow(
      expect.objectContaining({ code: "TF_TARGET_CHANGED" }) as Error,
    );
  });
});

describe("a run from the beginning over an earlier one", () => {
  test("makes the file anew, which stays whole until then and is another one from the start", async () => {
    const { full, open } = at("a.jsonl");
    const done = open();
    await done.prepare(first);
    await write(done, [batch([row(1)], "1")]);
    await done.complete?.();
    const before = await done.describe();
    const next = open();
    await next.prepare({ ...again, over: true });
    const prepared = await next.describe();
    await write(next, [batch([row(2)], "1")]);
    expect(readFileSync(full, "utf8")).toBe('{"id":1}\n');
    await next.complete?.();
    expect(readFileSync(full, "utf8")).toBe('{"id":2}\n');
    expect(prepared.incarnation).not.toBe(before.incarnation);
    expect((await next.describe()).incarnation).toBe(prepared.incarnation);
  });

  test("forgets what an unfinished one has written", async () => {
    const { full, open } = at("a.jsonl");
    const killed = open();
    await killed.prepare(first);
    await write(killed, [batch([row(1)], "1")]);
    const next = open();
    await next.prepare({ ...again, over: true });
    await next.complete?.();
    expect(readFileSync(full, "utf8")).toBe("");
  });
});

describe("a target that is not written yet", () => {
  test("reads as holding no rows, also while it is being made and where an empty file stands", async () => {
    const { full, open } = at("a.csv");
    const target = open();
    const reading = async () => [await target.reader(key).sample(1, { versions: "latest" }), await rowsOf(target.reader(key))];
    expect(await reading()).toEqual([[], []]);
    await target.prepare(first);
    expect(await reading()).toEqual([[], []]);
    writeFileSync(full, "");
    expect(await reading()).toEqual([[], []]);
  });
});

describe("a file that is there", () => {
  test.each(["refuse", "merge"] as const)("is left as it is under %s", async (notEmpty) => {
    const { full, open } = at("a.jsonl");
    writeFileSync(full, "{}\n");
    await expect(open().prepare({ ...first, notEmpty })).rejects.toMatchObject({
      code: "TF_TARGET_NOT_EMPTY",
      wayOut: expect.stringContaining("mirror") as unknown,
    });
    expect(readFileSync(full, "utf8")).toBe("{}\n");
  });

  test("stays whole under mirror until the new one is complete", async () => {
    const { full, open } = at("a.jsonl");
    writeFileSync(full, "{}\n");
    const target = open();
    await target.prepare({ ...first, notEmpty: "mirror" });
    await write(target, [batch([row(1)], "1")]);
    expect(readFileSync(full, "utf8")).toBe("{}\n");
    await target.complete?.();
    expect(readFileSync(full, "utf8")).toBe('{"id":1}\n');
  });

  test("counts as empty without content", async () => {
    const { full, open } = at("a.jsonl");
    writeFileSync(full, "");
    await open().prepare(first);
    expect(readFileSync(full, "utf8")).toBe("");
  });
});

describe("a place that cannot be written", () => {
  test("is named with the way out", async () => {
    const { full } = at("a.jsonl");
    writeFileSync(full, "");
    const under = fileTarget(fileEndpoint.parse({ type: "file", path: `${full}/b.jsonl` }), folder);
    await expect(under.prepare(first)).rejects.toMatchObject({
      code: "TF_IO",
      wayOut: expect.stringContaining("Correct the path") as unknown,
    });
    const { full: taken, open } = at("c.jsonl");
    mkdirSync(taken);
    await expect(open().prepare(first)).rejects.toMatchObject({ code: "TF_IO" });
  });

  test("fails every write from then on, and a later run goes on", async () => {
    const { full, work, open } = at("a.jsonl");
    const target = open();
    await target.prepare(first);
    await write(target, [batch([row(1)], "1")]);
    await target.close();
    const failing = open();
    await failing.prepare(again);
    const encoder = failing.encoder(identityMapping(key), plain);
    const [parcel] = encoder.encode(batch([row(2)], "2", "1")).parcels;
    mkdirSync(join(work, "rows-2-0"));
    await expect(failing.write(parcel!)).rejects.toMatchObject({ code: "TF_IO" });
    await expect(failing.write(parcel!)).rejects.toMatchObject({ code: "TF_IO" });
    await failing.close();
    const next = open();
    await next.prepare(again);
    await write(next, [batch([row(2)], "2", "1")]);
    await next.complete?.();
    expect(readFileSync(full, "utf8")).toBe('{"id":1}\n{"id":2}\n');
  });
});

test("a file read back under the mapping's key has its rows keyed and typed by it", async () => {
  const { open } = at("a.csv");
  const target = open();
  await target.prepare(first);
  const rows = [row(1, { a: "x" }), row(2)];
  await write(target, [batch(rows, "1")]);
  await target.complete?.();
  expect((await rowsOf(target.reader(key))).map((found) => textOf(found))).toEqual(rows.map((one) => textOf(one)));
});
