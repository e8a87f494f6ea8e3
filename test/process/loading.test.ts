import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";

const main = join(import.meta.dirname, "..", "..", "src", "cli", "main.ts");

/** Prints the address of every module that is loaded. */
const recorder = `data:text/javascript,${encodeURIComponent(`
  import { registerHooks } from "node:module";
  registerHooks({ load(url, context, next) { process.stderr.write("loaded " + url + "\\n"); return next(url, context); } });
`)}`;

function loadedBy(...args: string[]): string[] {
  const { stderr } = spawnSync(process.execPath, ["--conditions=tableferry-source", "--import", recorder, main, ...args], {
    encoding: "utf8",
    cwd: import.meta.dirname,
  });
  const loaded = [...stderr.matchAll(/^loaded (.*)$/gm)].map((match) => match[1]!);
  expect(loaded.length).toBeGreaterThan(10);
  return loaded;
}

test.each([[["--help"]], [["migrate", "--help"]], [["errors"]], [["migrat"]]])("%j loads no engine", (args) => {
  const heavy =
    /node_modules\/(?!commander\/|picocolors\/)|src\/(run|migrate|verify|pipeline|connector|client|server|store|job)\/(?!tool-version)/;
  expect(loadedBy(...args).filter((url) => heavy.test(url))).toEqual([]);
});

test.each([[["migrate", "nowhere.yaml"]], [["unlock"]], [["certificate", "check", "nowhere.json"]], [["table", "list"]]])(
  "%j never loads Pulumi",
  (args) => {
    expect(loadedBy(...args).filter((url) => url.includes("@pulumi"))).toEqual([]);
  },
);
