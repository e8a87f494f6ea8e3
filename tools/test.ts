/**
 * `npm test`: everything a clean checkout needs, then style, types and every kind of test; the last line is the real total.
 * `npm test -- --project unit` passes arguments on and skips what they do not need.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const root = resolve(import.meta.dirname, "..");
const args = process.argv.slice(2);
let passed = 0;
let failed = 0;

function step(title: string, command: string, commandArgs: readonly string[]): void {
  console.log(`\n== ${title}`);
  const done = spawnSync(command, commandArgs, { cwd: root, stdio: "inherit" });
  if (done.status === 0) passed++;
  else failed++;
}

const bin = (name: string) => join(root, "node_modules/.bin", name);
if (args.length === 0) {
  step("types (tsc)", bin("tsc"), ["-p", "tsconfig.json"]);
  step("lint (oxlint)", bin("oxlint"), ["--type-aware", "--quiet", "."]);
  step("format (prettier)", bin("prettier"), ["--check", "--log-level", "warn", "."]);
  const { ensurePulumi } = await import("./pulumi-cli.ts");
  const pulumi = await ensurePulumi();
  console.log(`\nPulumi CLI ${pulumi.version}`);
}

const folder = mkdtempSync(join(tmpdir(), "tableferry-test-"));
const report = join(folder, "report.json");
console.log("\n== tests (vitest)");
const run = spawnSync(bin("vitest"), ["run", "--reporter=default", "--reporter=json", `--outputFile.json=${report}`, ...args], {
  cwd: root,
  stdio: "inherit",
});
try {
  const totals: { numPassedTests: number; numFailedTests: number; numFailedTestSuites: number; success: boolean } = JSON.parse(
    readFileSync(report, "utf8"),
  );
  passed += totals.numPassedTests;
  failed += totals.numFailedTests;
  // A file that could not be loaded counts as a failure although none of its tests ran.
  if (!totals.success && totals.numFailedTests === 0) failed += Math.max(1, totals.numFailedTestSuites);
} catch {
  failed++;
}
if (run.status !== 0 && failed === 0) failed++;
rmSync(folder, { recursive: true, force: true });
console.log(`\n${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
