import { existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { pulumiEnvironment } from "../../../tools/pulumi-environment.ts";
import type { PulumiCli } from "../../../tools/pulumi-cli.ts";

let checkout: string;
let cli: PulumiCli;
beforeEach(() => {
  checkout = mkdtempSync(join(realpathSync(tmpdir()), "tableferry-checkout-"));
  mkdirSync(join(checkout, "real"));
  mkdirSync(join(checkout, "bin"));
  writeFileSync(join(checkout, "real", "pulumi"), "");
  symlinkSync(join(checkout, "real", "pulumi"), join(checkout, "bin", "pulumi"));
  cli = { root: checkout, bin: join(checkout, "bin", "pulumi"), version: "3.259.0", ours: true };
});
afterEach(() => rmSync(checkout, { recursive: true }));

const environment = (given: NodeJS.ProcessEnv = {}, folder = checkout) => pulumiEnvironment(checkout, cli, folder, given);

test("state goes to a folder that exists", () => {
  const url = environment()["PULUMI_BACKEND_URL"] ?? "";
  expect(url).toMatch(/^file:\/\/.*\/\.tableferry\/pulumi-state$/);
  expect(existsSync(fileURLToPath(url))).toBe(true);
});

test("a backend that the user has set stays", () => {
  expect(environment({ PULUMI_BACKEND_URL: "s3://states" })["PULUMI_BACKEND_URL"]).toBe("s3://states");
});

test("a backend that the project names stays, also seen from below it", () => {
  writeFileSync(join(checkout, "Pulumi.yaml"), "name: x\nbackend:\n  url: s3://states\n");
  expect(environment({}, join(checkout, "bin"))).not.toHaveProperty("PULUMI_BACKEND_URL");
});

test("the passphrase is the owner's alone", () => {
  const file = environment()["PULUMI_CONFIG_PASSPHRASE_FILE"] ?? "";
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

test("the passphrase stays the same from run to run", () => {
  const read = () => readFileSync(environment()["PULUMI_CONFIG_PASSPHRASE_FILE"] ?? "", "utf8");
  const first = read();
  expect(read()).toBe(first);
  expect(first.length).toBeGreaterThan(30);
});

test("an empty passphrase that the user has set counts as set", () => {
  expect(environment({ PULUMI_CONFIG_PASSPHRASE: "" })).not.toHaveProperty("PULUMI_CONFIG_PASSPHRASE_FILE");
});

test("the checkout's node comes before the CLI's real folder and the user's PATH", () => {
  expect(environment({ PATH: "/usr/bin" })["PATH"]).toBe(`${checkout}/node_modules/.bin:${checkout}/real:/usr/bin`);
});

test("the user's node options are kept beside ours, once", () => {
  const once = environment({ NODE_OPTIONS: "--max-old-space-size=500" });
  expect(once["NODE_OPTIONS"]).toBe("--max-old-space-size=500 --conditions=tableferry-source");
  expect(environment(once)["NODE_OPTIONS"]).toBe(once["NODE_OPTIONS"]);
});
