import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";

const root = resolve(import.meta.dirname, "../../..");
const buf = join(root, "node_modules/.bin/buf");

function textsOf(folder: string): Record<string, string> {
  return Object.fromEntries(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), "utf8")]));
}

test.skipIf(!existsSync(buf))("the generated code is what the .proto files give", () => {
  const output = mkdtempSync(join(tmpdir(), "tableferry-gen-"));
  try {
    const run = spawnSync(process.execPath, [join(root, "src/wire/proto/generate.ts"), output], { encoding: "utf8" });
    expect(run.stderr).toBe("");
    expect(textsOf(join(root, "src/wire/gen"))).toEqual(textsOf(join(output, "src/wire/gen")));
  } finally {
    rmSync(output, { recursive: true, force: true });
  }
});
