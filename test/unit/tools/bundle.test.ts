import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { bundle } from "../../../tools/bundle.ts";

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "tableferry-bundle-"))));
afterEach(() => rmSync(folder, { recursive: true }));

async function bundled(files: Readonly<Record<string, string>>, ...entries: readonly string[]): Promise<readonly string[]> {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  await bundle(
    folder,
    entries.map((path) => join(folder, path)),
  );
  return readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((path) => /\.\w+$/.test(path));
}
const load = (path: string): Promise<Readonly<Record<string, unknown>>> =>
  import(/* @vite-ignore */ pathToFileURL(join(folder, path)).href);

test("entries stay where they are, modules become part of them, declarations are left alone", async () => {
  const files = {
    "room/entry.js": `export { one } from "../other/one.js";`,
    "other/one.js": "export const one = 1;",
    "other/one.d.ts": "export declare const one: 1;",
  };
  expect([...(await bundled(files, "room/entry.js"))].sort()).toEqual(["other/one.d.ts", "room/entry.js"]);
  expect((await load("room/entry.js"))["one"]).toBe(1);
});

test("a class that two entries share is one class", async () => {
  await bundled(
    {
      "a.js": `export { Shared } from "./shared.js";`,
      "b.js": `export { Shared } from "./shared.js";`,
      "shared.js": "export class Shared {}",
    },
    "a.js",
    "b.js",
  );
  const { Shared } = await load("a.js");
  expect((await load("b.js"))["Shared"]).toBe(Shared);
  expect(Shared).toHaveProperty("name", "Shared");
});

test("what is imported when needed is not run before", async () => {
  await bundled(
    { "entry.js": `export const later = () => import("./later.js");`, "later.js": `export const ran = true; throw new Error("run");` },
    "entry.js",
  );
  const { later } = await load("entry.js");
  await expect((later as () => Promise<unknown>)()).rejects.toThrow("run");
});

test("a package stays an import, also one that is not there", async () => {
  await bundled({ "entry.js": `import "package-that-is-not-there"; export {};` }, "entry.js");
  await expect(load("entry.js")).rejects.toThrow(/package-that-is-not-there/);
});

test("an import that is lazy in vain fails the build", async () => {
  const files = { "entry.js": `import "./other.js"; export const later = () => import("./other.js");`, "other.js": "console.log();" };
  await expect(bundled(files, "entry.js")).rejects.toThrow(/other\.js/);
});
