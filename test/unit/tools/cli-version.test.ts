import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { atLeast, OLDEST_GO_VERSION, PULUMI_VERSION } from "../../../tools/pulumi-cli/cli-version.ts";

test.each([
  ["v3.229.0", "3.229.0", true],
  ["3.228.9", "3.229.0", false],
  ["v4.0.0", "3.229.0", true],
  ["3.230.0-alpha.x1", "3.229.0", true],
  ["go1.26.8", "1.25.11", true],
  ["go1.25", "1.25.11", false],
  ["development", "3.229.0", false],
])("%s is at least %s: %s", (version, oldest, answer) => {
  expect(atLeast(version, oldest)).toBe(answer);
});

const goMod = readFileSync(new URL("../../../tools/pulumi-cli/go.mod", import.meta.url), "utf8");

test("the CLI that is built is the one that is named", () => {
  expect(goMod).toContain(`github.com/pulumi/pulumi/pkg/v3 v${PULUMI_VERSION}`);
});

test("the Go that is asked for is the one the modules need", () => {
  expect(goMod).toContain(`\ngo ${OLDEST_GO_VERSION}\n`);
});
