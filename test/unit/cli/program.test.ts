import { describe, expect, test } from "vitest";
import { commandTable } from "../../../src/cli/command-table.ts";
import { capture } from "./captured-terminal.ts";

describe("the command line", () => {
  test("without a command shows the help and counts as wrong", async () => {
    const { exit, out } = await capture([]);
    expect(exit).toBe(2);
    expect(out).toContain("Begin here");
  });

  test("shows help and version on demand", async () => {
    expect((await capture(["--help"])).exit).toBe(0);
    expect((await capture(["--version"])).out).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  test.each(commandTable.map(({ path }) => path))("teaches %s by examples", async (path) => {
    const { exit, out } = await capture([...path.split(" "), "--help"]);
    expect(exit).toBe(0);
    expect(out).toContain("Examples:\n  $ tableferry ");
    expect(Math.max(...out.split("\n").map((line) => line.length))).toBeLessThanOrEqual(100);
  });

  test("shows examples as they must be typed in a checkout", async () => {
    expect((await capture(["plan", "--help"], { env: { npm_lifecycle_event: "tableferry" } })).out).toContain(
      "$ npm run tableferry -- plan job.yaml",
    );
  });

  test.each([
    [["migrat", "job.yaml"], "unknown command 'migrat'", "Did you mean `migrate`?"],
    [["table", "scna", "orders"], "unknown command 'scna'", "See `tableferry table --help`"],
    [["serve", "--prot", "1"], "unknown option '--prot'", "See `tableferry serve --help`"],
    [["serve", "--port", "70000"], "Expected a whole number from 0 to 65535", "See `tableferry serve --help`"],
    [["migrate"], "missing required argument 'job'", "See `tableferry migrate --help`"],
    [["table", "scan", "x", "--format", "xml"], "Allowed choices are table, json, jsonl", "See `tableferry table scan --help`"],
    [["plan", "a", "b"], "too many arguments", "See `tableferry plan --help`"],
  ])("%j is refused with the nearest word and exit code 2", async (argv, message, wayOut) => {
    const { exit, out, err } = await capture(argv);
    expect(exit).toBe(2);
    expect(out).toBe("");
    expect(err.replaceAll(/\s+/g, " ")).toContain(`TF_USAGE: `);
    expect(err.replaceAll(/\s+/g, " ")).toContain(message);
    expect(err.replaceAll(/\s+/g, " ")).toContain(wayOut);
  });

  test("never repeats what stood behind a wrong option", async () => {
    const { err } = await capture(["serve", "--acess-key-secret", "hunter2hunter2"]);
    expect(err).not.toContain("hunter2");
  });

  test("answers machines in JSON, errors too", async () => {
    const { err } = await capture(["migrat", "--json"]);
    expect(JSON.parse(err)).toMatchObject({ error: { code: "TF_USAGE", exit: 2 } });
  });

  test("shows no stack trace unless asked for one", async () => {
    expect((await capture(["migrate", "nowhere.yaml"])).err).not.toContain("    at ");
    expect((await capture(["migrate", "nowhere.yaml"], { env: { TABLEFERRY_DEBUG: "1" } })).err).toContain("    at ");
  });
});

describe("tableferry errors", () => {
  test("explains a code, in any case of letters", async () => {
    const { exit, out } = await capture(["errors", "tf_spec_invalid"]);
    expect(exit).toBe(0);
    expect(out).toContain("Correct the field named.");
    expect(out).toContain("exit code  2");
  });

  test("knows the service's codes", async () => {
    expect((await capture(["errors", "OTSAuthFailed"])).out).toContain("the Table Store service");
  });

  test("names the nearest code", async () => {
    expect((await capture(["errors", "TF_SPEC_INVALD"])).err).toContain("Did you mean `TF_SPEC_INVALID`?");
  });

  test("lists them all for machines", async () => {
    const codes: { code: string }[] = JSON.parse((await capture(["errors", "--json"])).out);
    expect(codes.map(({ code }) => code)).toContain("TF_INTERNAL");
  });
});
