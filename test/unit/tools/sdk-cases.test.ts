import { createWriteStream, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { parseCaseLine, type Question } from "../../../tools/sdks/case-line.ts";
import { runCases } from "../../../tools/sdks/run-cases.ts";
import { newTally, succeeded, totals, type Tally } from "../../../tools/sdks/tally.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tableferry-sdk-cases-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Runs a program of one line of JavaScript as if it drove an SDK. */
async function runProgram(source: string, answer: (question: Question) => Promise<object> = async () => ({}), timeoutMs = 10_000) {
  const lines: string[] = [];
  const log = createWriteStream(join(folder, "log"));
  const program = { sdk: "any", command: process.execPath, args: ["-e", source], env: process.env, folder };
  const tally = await runCases(program, { say: (line) => lines.push(line), log, answer, timeoutMs });
  log.end();
  await once(log, "close");
  const { passed, failed, notYet } = tally;
  return { counts: { passed, failed, notYet }, lines, log: readFileSync(join(folder, "log"), "utf8") };
}

const saying = (...said: object[]) => said.map((one) => `console.log(${JSON.stringify(JSON.stringify(one))});`).join("");

describe("the program of an SDK", () => {
  test("is counted case by case", async () => {
    const { counts, lines } = await runProgram(
      saying({ case: "a", ms: 3 }, { case: "b", ms: 2500, failed: "why\nnot" }, { notYet: "C" }, { notYet: "D", failed: "accepted" }),
    );
    expect(counts).toEqual({ passed: 1, failed: 2, notYet: 1 });
    expect(lines).toEqual([
      "any: a … ok (3 ms)",
      "any: b … FAILED\n    why\n    not",
      "any: not yet: C … refused, as it should be",
      "any: not yet: D … FAILED\n    accepted",
    ]);
  });

  test("has its questions answered, or is told why not", async () => {
    const source = `process.stdin.once('data', (reply) => { console.log(JSON.stringify({ case: String(reply).trim(), ms: 1 })); process.exit(0); });
      ${saying({ ask: "splitPartition", table: "t" })}`;
    const answered = await runProgram(source, async (question) => ({ of: question.ask }));
    expect(answered.lines).toEqual(['any: {"of":"splitPartition"} … ok (1 ms)']);
    const refused = await runProgram(source, () => Promise.reject(new Error("no")));
    expect(refused.lines).toEqual(['any: {"error":"no"} … ok (1 ms)']);
  });

  test("has failed when it dies on the way, whatever it said before", async () => {
    const { counts, lines } = await runProgram(`${saying({ case: "a", ms: 1 })} process.exit(3);`);
    expect(counts).toEqual({ passed: 1, failed: 1, notYet: 0 });
    expect(lines.at(-1)).toBe("any: all cases … FAILED\n    the program ended early, with 3");
  });

  test("has failed when it does not end in time", async () => {
    const { counts, lines } = await runProgram("setInterval(() => {}, 1000);", undefined, 200);
    expect([counts.failed, lines.at(-1)]).toEqual([1, "any: all cases … FAILED\n    the program ended early, with SIGKILL"]);
  });

  test("has failed when it cannot be started", async () => {
    const log = createWriteStream(join(folder, "log"));
    const lines: string[] = [];
    const program = { sdk: "any", command: join(folder, "nothing"), args: [], env: {}, folder };
    const tally = await runCases(program, { say: (line) => lines.push(line), log, answer: async () => ({}), timeoutMs: 1_000 });
    log.end();
    await once(log, "close");
    expect([tally.failed, lines[0]]).toEqual([1, expect.stringContaining("could not be started")]);
  });

  test("may talk besides, into the log", async () => {
    const { counts, log } = await runProgram(`console.log('{"some": "json"}'); console.log("words"); console.error("trouble");`);
    expect(counts).toEqual({ passed: 0, failed: 0, notYet: 0 });
    expect(log).toMatch(/\{"some": "json"\}\nwords\n/);
    expect(log).toContain("trouble\n");
  });
});

test.each(["", "words", "{", '{"case": "a"}', '{"case": 1, "ms": 1}', "[]"])("%j is no line of a case", (line) => {
  expect(parseCaseLine(line)).toBeUndefined();
});

describe("the totals", () => {
  const tally = (sdk: string, counts: Partial<Tally>): Tally => ({ ...newTally(sdk), ...counts });

  test("are a table by SDK and a closing line", () => {
    const all = [tally("java", { passed: 60, notYet: 19, seconds: 52.4 }), tally("python", { passed: 5, failed: 2, seconds: 3 })];
    expect(totals(all).split("\n")).toEqual([
      "SDK     passed  failed  not yet  seconds",
      "java        60       0       19       52",
      "python       5       2        0        3",
      "",
      "65 passed, 2 failed",
    ]);
  });

  test("count what was skipped apart", () => {
    expect(totals([tally("go", { skipped: "no go" }), tally("java", { passed: 1 })])).toMatch(
      /go .*skipped\n[^]*\n1 passed, 0 failed, 1 skipped$/,
    );
  });

  test("are a success when nothing failed and something was run, or nothing could be", () => {
    expect(succeeded([tally("java", { passed: 1 }), tally("go", { skipped: "no go" })])).toBe(true);
    expect(succeeded([tally("java", { passed: 1, failed: 1 })])).toBe(false);
    expect(succeeded([tally("java", {})])).toBe(false);
  });
});
