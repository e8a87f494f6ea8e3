import { describe, expect, test } from "vitest";
import { decide, type Wanted } from "../../../src/migrate/decide.ts";
import type { RunRecord, Stage } from "../../../src/migrate/run-record.ts";
import type { VerificationResult } from "../../../src/job/result.ts";

const wanted = (change: Partial<Wanted> = {}): Wanted => ({
  job: "job",
  jobHash: "h",
  source: { title: "source", incarnation: "s1" },
  target: { title: "target", incarnation: "t1" },
  verify: true,
  again: false,
  differencesAreFine: false,
  ...change,
});
const proof = (equal: boolean) => ({ equal }) as VerificationResult;
const record = (stage: Stage, change: Partial<RunRecord> = {}): RunRecord => ({
  format: 1,
  kind: "migration",
  jobHash: "h",
  mappingHash: "m",
  stage,
  generation: "g",
  splitPieces: 1,
  splits: 1,
  source: { title: "source", incarnation: "s1" },
  target: { title: "target", incarnation: stage === "planned" ? "" : "t1" },
  over: false,
  targetWasEmpty: true,
  begun: 0,
  seconds: 0,
  ...change,
});

describe("what to do with what an earlier run left", () => {
  test.each<[string, RunRecord | undefined, Partial<Wanted>, object]>([
    ["nothing", undefined, {}, { kind: "start", over: false }],
    ["nothing, asked to go over what is there", undefined, { again: true }, { kind: "start", over: true }],
    ["another job", record("done", { jobHash: "x" }), {}, { kind: "start", over: false }],
    ["another job, half done", record("copying", { jobHash: "x" }), { again: true }, { kind: "start", over: true }],
    ["a plan", record("planned"), {}, { kind: "resume" }],
    ["a copy half done", record("copying"), {}, { kind: "resume" }],
    ["a copy half done, asked to copy again", record("copying"), { again: true }, { kind: "resume" }],
    ["a copy without its proof", record("copied"), {}, { kind: "verify" }],
    ["a copy whose proof failed", record("settled", { verification: proof(false) }), {}, { kind: "verify" }],
    ["the same, asked to copy again", record("settled", { verification: proof(false) }), { again: true }, { kind: "start", over: true }],
    ["a copy proved", record("done", { verification: proof(true) }), {}, { kind: "nothing-to-do" }],
    ["a copy proved, asked to copy again", record("done", { verification: proof(true) }), { again: true }, { kind: "start", over: true }],
    ["a copy that was not to be proved, and is not", record("done"), { verify: false }, { kind: "nothing-to-do" }],
    ["a copy that was not to be proved, and now is", record("done"), {}, { kind: "verify" }],
    [
      "a copy with differences that were fine",
      record("done", { verification: proof(false) }),
      { differencesAreFine: true },
      { kind: "nothing-to-do" },
    ],
    ["a copy with differences that are fine no more", record("done", { verification: proof(false) }), {}, { kind: "verify" }],
  ])("%s", (_, left, change, decision) => {
    expect(decide(left, wanted(change))).toEqual(decision);
  });
});

describe("a side that is not the one the earlier run knew", () => {
  const stages: readonly Stage[] = ["planned", "copying", "copied", "settled", "done"];
  test.each(stages)("stops it: the source at stage %s", (stage) => {
    expect(() => decide(record(stage), wanted({ source: { title: "source", incarnation: "s2" } }))).toThrow(
      expect.objectContaining({ code: "TF_INCARNATION", place: "source" }),
    );
  });

  test.each(stages.filter((stage) => stage !== "planned"))("stops it: the target at stage %s", (stage) => {
    expect(() => decide(record(stage), wanted({ target: { title: "target", incarnation: "" } }))).toThrow(
      expect.objectContaining({ code: "TF_INCARNATION", place: "target" }),
    );
  });

  test("does not before the target was made ready", () => {
    expect(decide(record("planned"), wanted({ target: { title: "target", incarnation: "t9" } }))).toEqual({ kind: "resume" });
  });

  test("is a new beginning where that was asked for", () => {
    expect(decide(record("done"), wanted({ again: true, target: { title: "target", incarnation: "t9" } }))).toEqual({
      kind: "start",
      over: true,
    });
  });
});
