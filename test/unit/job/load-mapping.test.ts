import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { loadMapping } from "../../../src/job/load-mapping.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "mapping-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(files: Record<string, string>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
}

/** Loads in a plain Node process, as users do: the test runner's own loader words errors differently. */
function loadInNode(name: string, before = ""): { hash?: string; code?: string; sentence?: string; place?: string; keys?: string[] } {
  const program = `import { loadMapping } from ${JSON.stringify(resolve("src/job/load-mapping.ts"))};
    import { writeFileSync } from "node:fs";
    const load = () => loadMapping(${JSON.stringify(name)}, ${JSON.stringify(folder)});
    try { ${before} const loaded = await load(); console.log(JSON.stringify({ hash: loaded.hash, keys: Object.keys(loaded.definition.columns ?? {}) })); }
    catch (error) { console.log(JSON.stringify({ code: error.code, sentence: error.sentence, place: error.place })); }`;
  return JSON.parse(execFileSync(process.execPath, ["--input-type=module", "-e", program], { encoding: "utf8", cwd: folder }));
}

const good = `import { shift } from "./lib/shift.ts";\nconst rules: { columns: object } = { columns: { a: "b", c: { inputs: ["a"], derive: shift } } };\nexport default rules;\n`;
const shift = `export { shift } from "./deeper.ts";\n`;
const deeper = `export const shift = (a: bigint): bigint => a + 1n;\n`;

describe("a module", () => {
  test("is loaded with its types stripped, and its imports too", () => {
    write({ "m.ts": good, "lib/shift.ts": shift, "lib/deeper.ts": deeper });
    expect(loadInNode("./m.ts")).toMatchObject({ keys: ["a", "c"], hash: expect.stringMatching(/^[0-9a-f]{64}$/) });
  });

  test("has a hash that follows every file it imports, and nothing else", () => {
    write({ "m.ts": good, "lib/shift.ts": shift, "lib/deeper.ts": deeper, "lib/other.ts": "1" });
    const first = loadInNode("m.ts").hash;
    write({ "lib/other.ts": "2" });
    expect(loadInNode("m.ts").hash).toBe(first);
    write({ "lib/deeper.ts": deeper.replace("1n", "2n") });
    expect(loadInNode("m.ts").hash).not.toBe(first);
  });

  test("has the same hash in another folder", () => {
    write({
      "m.ts": good,
      "lib/shift.ts": shift,
      "lib/deeper.ts": deeper,
      "moved/m.ts": good,
      "moved/lib/shift.ts": shift,
      "moved/lib/deeper.ts": deeper,
    });
    expect(loadInNode("moved/m.ts").hash).toBe(loadInNode("m.ts").hash);
  });

  test("is loaded anew by the same process after it changed", () => {
    write({ "m.ts": `export default { columns: { old: "x" } };` });
    const change = `await load(); writeFileSync(${JSON.stringify(join(folder, "m.ts"))}, "export default { columns: { fresh: 'x' } };");`;
    expect(loadInNode("m.ts", change).keys).toEqual(["fresh"]);
  });

  test("is refused when a file it imports changed after this process had loaded it", () => {
    write({ "m.ts": good, "lib/shift.ts": shift, "lib/deeper.ts": deeper });
    const change = `await load(); writeFileSync(${JSON.stringify(join(folder, "lib/deeper.ts"))}, "export const shift = () => 5n;");`;
    expect(loadInNode("m.ts", change)).toMatchObject({
      code: "TF_MAPPING_INVALID",
      sentence: "deeper.ts changed after this process had loaded it",
    });
  });
});

describe("a module that cannot be used says where", () => {
  test.each<[string, Record<string, string>, string, RegExp]>([
    ["a file that is not there", {}, "m.ts", /there is no such file/],
    ["a syntax error", { "m.ts": "\nexport default { columns: {\n" }, "m.ts:2", /cannot be loaded: /],
    [
      "a syntax error in a file it imports",
      { "m.ts": `export { default } from "./n.ts";`, "n.ts": "\n\nconst = 1" },
      "n.ts:3",
      /cannot be loaded: /,
    ],
    ["syntax that Node cannot strip", { "m.ts": "enum A { B }\nexport default {};" }, "m.ts:1", /enum/],
    [
      "an import that is not there",
      { "m.ts": `const a = 1;\nimport { b } from "./nowhere.ts";\nexport default { columns: { a: b } };` },
      "m.ts:2",
      /Cannot find module/,
    ],
    ["a package that is not there", { "m.ts": `import "no-such-package-at-all";\nexport default {};` }, "m.ts:1", /no-such-package-at-all/],
    [
      "an error while it loads",
      { "m.ts": `\nconst x = undefined as { y?: object } | undefined;\nexport default { columns: x!.y };` },
      "m.ts:3",
      /Cannot read properties of undefined/,
    ],
    [
      "an error in a file it imports",
      { "m.ts": `export { default } from "./n.ts";`, "n.ts": `export default {};\nthrow new Error("not today");` },
      "n.ts:2",
      /not today/,
    ],
    ["no default export", { "m.ts": "export const mapping = {};" }, "m.ts", /no mapping as its default export/],
  ])("%s", (_, files, place, sentence) => {
    write(files);
    expect(loadInNode("m.ts")).toMatchObject({ code: "TF_MAPPING_INVALID", place, sentence: expect.stringMatching(sentence) });
  });
});

describe("rules in the specification", () => {
  test("become a definition with values for scalars", async () => {
    const loaded = await loadMapping(
      {
        key: { id: { from: "no", as: "string" } },
        columns: { a: "b", c: { constant: { double: "5" } }, d: { from: "e", default: 7 } },
        rest: "drop",
      },
      folder,
    );
    expect(loaded.definition).toEqual({
      key: { id: { from: "no", as: "string", default: undefined } },
      columns: { a: "b", c: { constant: 5 }, d: { from: "e", as: undefined, default: 7n } },
      rest: "drop",
      drop: undefined,
      injective: undefined,
    });
  });

  test("an integer beyond 64 bits names its rule", async () => {
    await expect(loadMapping({ columns: { a: { constant: { integer: "9999999999999999999" } } } }, folder)).rejects.toMatchObject({
      code: "TF_MAPPING_INVALID",
      place: "mapping.columns.a.constant",
    });
  });

  test("none at all is the identity", async () => {
    expect(await loadMapping(undefined, folder)).toMatchObject({ definition: undefined, hash: expect.stringMatching(/^[0-9a-f]{64}$/) });
  });
});
