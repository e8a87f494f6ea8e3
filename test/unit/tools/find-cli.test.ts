import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { cachedCli, cliOnPath } from "../../../tools/pulumi-cli/find-cli.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(realpathSync(tmpdir()), "tableferry-path-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A folder with a `pulumi` that answers `version`, and its language host. */
function install(name: string, version: string, ...others: string[]): string {
  const bin = join(folder, name, "bin");
  mkdirSync(bin, { recursive: true });
  writeFileSync(join(bin, "pulumi"), `#!/bin/sh\necho ${version}\n`, { mode: 0o755 });
  for (const other of others) writeFileSync(join(bin, other), "#!/bin/sh\n", { mode: 0o755 });
  return bin;
}

async function search(...folders: string[]) {
  const unusable: string[] = [];
  const found = await cliOnPath({ PATH: folders.join(":") }, (why) => unusable.push(why));
  return { found, unusable };
}

test("a CLI on PATH that is new enough is taken", async () => {
  const bin = install("a", "v3.300.1", "pulumi-language-nodejs");
  expect(await search("/nowhere", bin)).toEqual({
    found: { root: join(folder, "a"), bin: join(bin, "pulumi"), version: "3.300.1", ours: false },
    unusable: [],
  });
});

test("one that is too old is passed over, with the reason", async () => {
  const old = install("old", "v3.100.0", "pulumi-language-nodejs");
  const { found, unusable } = await search(old, install("new", "v3.259.0", "pulumi-language-nodejs"));
  expect(found?.version).toBe("3.259.0");
  expect(unusable).toEqual([`${join(old, "pulumi")} is 3.100.0, older than 3.229.0`]);
});

test("one without a language host is passed over, with the reason", async () => {
  const bare = install("bare", "v3.259.0");
  const { found, unusable } = await search(bare);
  expect(found).toBeUndefined();
  expect(unusable).toEqual([`${join(bare, "pulumi")} has no pulumi-language-nodejs beside it`]);
});

test("a link is followed to find the language host", async () => {
  const bin = install("real", "v3.259.0", "pulumi-language-nodejs", "tableferry-language-host.json");
  mkdirSync(join(folder, "links"));
  symlinkSync(join(bin, "pulumi"), join(folder, "links", "pulumi"));
  expect((await search(join(folder, "links"))).found?.ours).toBe(true);
});

test("a cache without the language host does not count", () => {
  install("cache", "v3.259.0");
  expect(cachedCli(join(folder, "cache"))).toBeUndefined();
});
