import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { hasOurHost, installLanguageHost } from "../../../tools/pulumi-cli/install-host.ts";

let bin: string;
beforeEach(() => {
  bin = mkdtempSync(join(tmpdir(), "tableferry-host-"));
  installLanguageHost(bin);
});
afterEach(() => rmSync(bin, { recursive: true }));

const names = () =>
  readdirSync(bin)
    .map((name) => name.replace(/-[0-9a-f]{16}$/, "-<version>"))
    .sort();

test("puts the launcher, its sources and the provider's starter there, and nothing else", () => {
  expect(names()).toEqual([
    "pulumi-language-nodejs",
    "pulumi-resource-pulumi-nodejs",
    "tableferry-language-host-<version>",
    "tableferry-language-host.json",
  ]);
});

test("makes executable what the engine starts", () => {
  const modes = ["pulumi-language-nodejs", "pulumi-resource-pulumi-nodejs"].map((name) => statSync(join(bin, name)).mode & 0o777);
  expect(modes).toEqual([0o755, 0o755]);
});

test("copies sources that import nothing but each other and Node", () => {
  const folder = join(bin, readdirSync(bin).find((name) => /-[0-9a-f]{16}$/.test(name)) ?? "");
  const texts = readdirSync(folder)
    .filter((name) => name.endsWith(".ts"))
    .map((name) => readFileSync(join(folder, name), "utf8"));
  const imports = texts.flatMap((text) => [...text.matchAll(/^import (?!type).* from "(.*)";$/gm)].map(([, from]) => from));
  expect(imports.length).toBeGreaterThan(5);
  expect(imports.filter((from) => !/^(node:|\.\/)/.test(from ?? ""))).toEqual([]);
});

test("leaves a current installation alone", () => {
  writeFileSync(join(bin, "pulumi-language-nodejs"), "touched");
  installLanguageHost(bin);
  expect(readFileSync(join(bin, "pulumi-language-nodejs"), "utf8")).toBe("touched");
});

test("renews one whose checkout has moved away", () => {
  const mark = join(bin, "tableferry-language-host.json");
  writeFileSync(mark, readFileSync(mark, "utf8").replace(/"checkout": ".*"/, '"checkout": "/gone"'));
  writeFileSync(join(bin, "pulumi-language-nodejs"), "old");
  installLanguageHost(bin);
  expect(readFileSync(join(bin, "pulumi-language-nodejs"), "utf8")).toContain("tableferry-language-host-");
});

test("is known as ours", () => {
  expect(hasOurHost(bin)).toBe(true);
});
