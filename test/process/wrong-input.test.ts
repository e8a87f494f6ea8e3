import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { TableStoreClient } from "../../src/client/table-store-client.ts";
import { defaultTableOptions } from "../../src/model/schema.ts";
import { Workplace, type Ended } from "./run-command.ts";

/**
 * Wrong inputs as a user makes them: each stops with a coded message of one screen that says where and what to do; doing that
 * works; and what was there before is there still.
 */
let place: Workplace;
let server: Awaited<ReturnType<Workplace["serve"]>>;

beforeAll(async () => {
  place = new Workplace({ "good.csv": "id,name\n1,a\n2,b\n3,c\n" });
  server = await place.serve("--memory", "--instance", "modern");
  place.write("keys.json", readFileSync(server.keysFile, "utf8"));
});
afterAll(() => place[Symbol.asyncDispose]());

interface JobText {
  readonly source?: string;
  readonly target?: string;
  readonly more?: string;
}

/** A table of the server as it is, without the wish to make it. */
const asItIs = (table: string) =>
  `{ type: table-store, endpoint: "${server.endpoint}", instance: modern, table: ${table}, credentials: { file: keys.json } }`;

/** Writes NAME.yaml: good.csv into a table NAME, but for what is given. */
function job(name: string, { source, target, more = "" }: JobText = {}): string {
  const table = `{ type: table-store, endpoint: "${server.endpoint}", instance: modern, table: ${name}, credentials: { file: keys.json }, create: { primaryKey: [{ name: id, type: string }] } }`;
  place.write(
    `${name}.yaml`,
    `name: ${name}\nsource: ${source ?? "{ type: file, path: good.csv }"}\ntarget: ${target ?? table}\n${more}\n`,
  );
  return `${name}.yaml`;
}

/** One screen with code, place and way out; its text in one line. */
function screen({ exit, err }: Ended, expected: { readonly exit: number; readonly code: string }): string {
  const message = err
    .split("\n")
    .filter((line) => !/^[\w.-]+: (planning|preparing|copying|verifying|settling|signing)/.test(line))
    .filter((line) => line !== "");
  const text = message.join(" ").replaceAll(/\s+/g, " ");
  expect(exit, err).toBe(expected.exit);
  expect(text).toMatch(new RegExp(`^${expected.code}: .+ at .+ way out .+ more tableferry errors ${expected.code}$`));
  expect(message.length).toBeLessThanOrEqual(24);
  expect(Math.max(...message.map((line) => line.length))).toBeLessThanOrEqual(100);
  return text;
}

const rowsOf = async (table: string) =>
  (await place.must("table", "scan", table, "--instance", "modern", "--format", "jsonl")).trim().split("\n");
const good = ['{"id":"1","name":"a"}', '{"id":"2","name":"b"}', '{"id":"3","name":"c"}'];

describe("the job file", () => {
  test("with an unknown field names its line and the nearest one", async () => {
    const file = job("unknown", { source: "{ type: file, pth: good.csv }" });
    const text = screen(await place.run("migrate", file), { exit: 2, code: "TF_SPEC_INVALID" });
    expect(text).toContain("unknown.yaml:2 source.pth: unknown field; did you mean `path`?");
    await place.must("migrate", job("unknown"));
    expect(await rowsOf("unknown")).toEqual(good);
  });

  test("with a bad key type says which types there are", async () => {
    const file = job("keytype");
    place.write(file, readFileSync(join(place.folder, file), "utf8").replace("type: string }]", "type: number }]"));
    const text = screen(await place.run("migrate", file), { exit: 2, code: "TF_SPEC_INVALID" });
    expect(text).toContain('expected one of "string", "integer", "binary"; found "number"');
    await place.must("migrate", job("keytype"));
  });

  test("that holds a secret is refused without repeating it", async () => {
    const secret = "wJalrXUtnFEMIK7MDENGbPxRfiCYEX";
    const file = job("holds-secret", { more: `accessKeySecret: ${secret}` });
    const ended = await place.run("migrate", file);
    screen(ended, { exit: 2, code: "TF_SPEC_INVALID" });
    expect(ended.err).not.toContain(secret);
  });
});

describe("the mapping", () => {
  test("that reads a missing column names the nearest one", async () => {
    const file = job("column", { more: "mapping: { columns: { title: nme } }" });
    const text = screen(await place.run("migrate", file), { exit: 2, code: "TF_MAPPING_INVALID" });
    expect(text).toContain("the source has no column `nme`; did you mean `name`?");
    await place.must("migrate", job("column", { more: "mapping: { columns: { title: name } }" }));
    expect((await rowsOf("column"))[0]).toBe('{"id":"1","title":"a"}');
  });

  test("that throws rejects the row, keeps it, and goes through once corrected", async () => {
    const mapping = (body: string) => `export default { columns: { up: { inputs: ["name"], derive: (name) => ${body} } } };\n`;
    place.write("throws.ts", mapping('{ if (name === "b") throw new Error("no b please"); return name.toUpperCase(); }'));
    const file = job("throws", { more: "mapping: ./throws.ts" });
    const text = screen(await place.run("migrate", file), { exit: 4, code: "TF_REJECTS" });
    expect(text).toContain("good.csv:3: the mapping threw for up: Error: no b please");
    const list: { count: number } = JSON.parse(await place.must("rejects", "list", file, "--json"));
    expect(list.count).toBe(1);
    expect(await place.must("rejects", "show", file, "1")).toContain("good.csv:3");
    place.write("throws.ts", mapping("name.toUpperCase()"));
    await place.must("migrate", file, "--again");
    expect(await rowsOf("throws")).toContain('{"id":"2","name":"b","up":"B"}');
  });
});

describe("the source", () => {
  test("with a value over 2 MB rejects the row and says how large it is", async () => {
    place.write("big.csv", `id,name\n1,a\n2,${"x".repeat(2 * 1024 * 1024 + 1)}\n`);
    const file = job("big", { source: "{ type: file, path: big.csv }" });
    const text = screen(await place.run("migrate", file), { exit: 4, code: "TF_REJECTS" });
    expect(text).toContain("big.csv:3: column name has 2097153 bytes, 2097152 are allowed [too-large]");
    expect(await rowsOf("big")).toEqual(['{"id":"1","name":"a"}']);
    place.write("big.csv", "id,name\n1,a\n2,b\n");
    await place.must("migrate", file, "--again");
    expect(await rowsOf("big")).toEqual(good.slice(0, 2));
  });

  test("with a key twice keeps the first row and names the other", async () => {
    place.write("twice.csv", "id,name\n1,a\n2,b\n2,c\n");
    const file = job("twice", { source: "{ type: file, path: twice.csv }" });
    const text = screen(await place.run("migrate", file), { exit: 4, code: "TF_REJECTS" });
    expect(text).toContain("twice.csv:4: another row has the key (2) already [duplicate-key]");
    expect(await rowsOf("twice")).toEqual(good.slice(0, 2));
    place.write("twice.yaml", `${readFileSync(join(place.folder, "twice.yaml"), "utf8")}rejects: { allowed: 1 }\n`);
    await place.must("migrate", file);
    expect(await rowsOf("twice")).toEqual(good.slice(0, 2));
  });

  test("that is not there is named", async () => {
    const text = screen(await place.run("migrate", job("nofile", { source: "{ type: file, path: godo.csv }" })), {
      exit: 1,
      code: "TF_SOURCE_MISSING",
    });
    expect(text).toContain("godo.csv");
    await place.must("migrate", job("nofile"));
  });
});

describe("the target", () => {
  test("with another schema says what does not fit, and is left as it is", async () => {
    await place.must("table", "create", "schema", "--instance", "modern", "--key", "other:integer");
    const text = screen(await place.run("migrate", job("schema", { target: asItIs("schema") })), { exit: 2, code: "TF_MAPPING_INVALID" });
    expect(text).toContain("key.other: the source has no column `other`");
    const before: unknown = JSON.parse(await place.must("table", "describe", "schema", "--instance", "modern", "--json"));
    expect(before).toMatchObject({ key: [{ name: "other", type: "integer" }] });
    await place.must(
      "migrate",
      job("schema", { target: asItIs("schema"), more: "mapping: { key: { other: { from: id, as: integer } } }" }),
    );
    expect((await rowsOf("schema"))[0]).toBe('{"other":1,"name":"a"}');
  });

  test("that holds rows is not written to until the job says how", async () => {
    await place.must("table", "create", "full", "--instance", "modern", "--key", "id:string");
    await place.must("table", "put", "full", "--instance", "modern", '{"id": "9", "name": "mine"}');
    screen(await place.run("migrate", job("full")), { exit: 1, code: "TF_TARGET_NOT_EMPTY" });
    expect(await rowsOf("full")).toEqual(['{"id":"9","name":"mine"}']);
    await place.must("migrate", job("full", { more: "onTargetNotEmpty: merge\nverify: { onMismatch: report }" }));
    expect(await rowsOf("full")).toEqual([...good, '{"id":"9","name":"mine"}']);
  });

  test("with an AUTO_INCREMENT key is refused", async () => {
    await withClient((client) =>
      client.createTable({
        meta: {
          tableName: "counted",
          key: [
            { name: "id", type: "string" },
            { name: "seq", type: "integer", autoIncrement: true },
          ],
          definedColumns: [],
        },
        reserved: { read: 0, write: 0 },
        options: defaultTableOptions,
        partitions: [],
        indexes: [],
      }),
    );
    const mapping = "mapping: { key: { id: id, seq: { from: id, as: integer } } }";
    screen(await place.run("migrate", job("counted", { target: asItIs("counted"), more: mapping })), {
      exit: 1,
      code: "TF_TARGET_AUTO_INCREMENT",
    });
    expect(await rowsOf("counted")).toEqual([""]);
    await place.must("table", "delete", "counted", "--instance", "modern", "--drop", "--yes");
    await place.must("table", "create", "counted", "--instance", "modern", "--key", "id:string", "--key", "seq:integer");
    await place.must("migrate", job("counted", { target: asItIs("counted"), more: mapping }));
    expect((await rowsOf("counted"))[0]).toBe('{"id":"1","seq":1,"name":"a"}');
  });
});

describe("the way to the service", () => {
  test("with a wrong secret says so and never shows one", async () => {
    const keys: { accessKeySecret: string } = JSON.parse(readFileSync(server.keysFile, "utf8"));
    place.write("wrong.json", JSON.stringify({ ...keys, accessKeySecret: `${keys.accessKeySecret}x` }));
    const file = job("secret");
    const right = readFileSync(join(place.folder, file), "utf8");
    place.write(file, right.replace("keys.json", "wrong.json"));
    const ended = await place.run("migrate", file);
    const text = screen(ended, { exit: 1, code: "OTSAuthFailed" });
    expect(text).toContain("table secret of instance modern");
    expect(ended.err).not.toContain(keys.accessKeySecret);
    place.write(file, right);
    await place.must("migrate", file);
  });

  test("with a server that is down names the address", async () => {
    const file = job("down");
    const right = readFileSync(join(place.folder, file), "utf8");
    place.write(file, right.replace(server.endpoint, "http://127.0.0.1:1"));
    const text = screen(await place.run("migrate", file), { exit: 7, code: "TF_CONNECTION" });
    expect(text).toContain("http://127.0.0.1:1");
    place.write(file, right);
    await place.must("migrate", file);
  });

  test("without credentials names the variables", async () => {
    const file = job("nobody");
    const right = readFileSync(join(place.folder, file), "utf8");
    place.write(file, right.replace("{ file: keys.json }", "{ env: NOBODY }"));
    const ended = await place.run("migrate", file);
    expect(ended.exit).toBe(2);
    expect(ended.err).toContain("NOBODY_ACCESS_KEY_ID");
  });
});

describe("a place that cannot be written", () => {
  test("stops a job before it has done anything", async () => {
    const file = job("disk", { target: "{ type: file, path: good.csv/out.jsonl }" });
    const text = screen(await place.run("migrate", file), { exit: 1, code: "TF_IO" });
    expect(text).toContain("good.csv/out.jsonl");
    expect(readFileSync(join(place.folder, "good.csv"), "utf8")).toBe("id,name\n1,a\n2,b\n3,c\n");
    await place.must("migrate", job("disk", { target: "{ type: file, path: out.jsonl }" }));
    expect(readFileSync(join(place.folder, "out.jsonl"), "utf8").trim().split("\n")).toHaveLength(3);
  });

  test("stops a server before it listens", async () => {
    const ended = await place.run("serve", "--port", "0", "--data-dir", "good.csv/store");
    screen(ended, { exit: 1, code: "TF_STORE_UNWRITABLE" });
  });
});

async function withClient(use: (client: TableStoreClient) => Promise<void>): Promise<void> {
  const { accessKeyId: id, accessKeySecret: secret }: { accessKeyId: string; accessKeySecret: string } = JSON.parse(
    readFileSync(server.keysFile, "utf8"),
  );
  const client = new TableStoreClient({ endpoint: server.endpoint, instance: "modern", credentials: { id, secret } });
  try {
    await use(client);
  } finally {
    await client.close();
  }
}
