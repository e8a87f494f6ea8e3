import { createColors } from "picocolors";
import { describe, expect, test } from "vitest";
import { rejectLines, rejectTitle } from "../../../src/cli/render/reject-text.ts";
import { stateText, statusLines } from "../../../src/cli/render/status.ts";
import type { Reject } from "../../../src/pipeline/rejects.ts";
import type { JobOwner, JobStatus } from "../../../src/run/job-status.ts";

const totals = { rowsRead: 25_000, rowsWritten: 24_999, bytesRead: 2_500_000, filtered: 0, rejects: 1, splitsDone: 2, splitsOpen: 1 };
const reject: Reject = {
  split: "s2",
  place: "orders.csv:17",
  cause: "cast",
  text: "amount is no double",
  column: "amount",
  original: { key: [["id", { integer: "17" }]], columns: [["amount", "a\u001bb"]] },
  mappingHash: "0123456789abcdef",
  at: 0,
};
const status: JobStatus = {
  job: "orders",
  state: "table tableferry_state of instance modern",
  stage: "copying",
  totals,
  splits: 4,
  estimatedRows: 42_000,
  rejects: [reject],
  begun: 0,
};
const owner = (condition: JobOwner["condition"]): JobOwner => ({
  title: "process 17 on laptop",
  host: "laptop",
  pid: 17,
  since: 0,
  lastSignOfLife: 0,
  condition,
});

describe("where a job stands", () => {
  test.each([
    [{ ...status, stage: undefined }, "not begun"],
    [{ ...status, owner: owner("alive") }, "copying"],
    [{ ...status, owner: owner("silent") }, "interrupted"],
    [{ ...status, owner: owner("dead") }, "interrupted"],
    [status, "interrupted"],
    [{ ...status, stage: "settled" as const, owner: owner("alive") }, "verifying"],
    [{ ...status, stage: "settled" as const }, "copied, not proved"],
    [{ ...status, stage: "done" as const }, "complete"],
  ])("%#: %s", (given, text) => expect(stateText(given)).toBe(text));

  test("is told with what is done, who holds it, the first rejects and what to do", () => {
    const text = statusLines(
      { ...status, owner: owner("dead") },
      { paint: createColors(false), self: "tableferry", file: "orders.yaml", now: 60_000 },
    ).join("\n");
    expect(text).toContain("25,000 of ~42,000 read, 24,999 written, 2.5 MB");
    expect(text).toContain("2 of 4 done");
    expect(text).toContain("process 17 on laptop, dead: the next run takes over at once, last sign of life 1:00 ago");
    expect(text).toContain("1. orders.csv:17: amount is no double [cast]");
    expect(text).toContain("tableferry migrate orders.yaml");
    expect(text).toContain("tableferry rejects list orders.yaml");
  });
});

describe("a reject", () => {
  test("in one line says where and why", () => {
    expect(rejectTitle(reject)).toBe("orders.csv:17: amount is no double [cast]");
  });

  test("whole shows the row with its types, harmlessly", () => {
    const text = rejectLines(reject, createColors(false)).join("\n");
    expect(text).toMatch(/id +17/);
    expect(text).toContain(String.raw`a\u001bb`);
  });

  test("that the source could not make out is shown as it stood", () => {
    expect(rejectLines({ ...reject, original: "1;2;3", cut: true }, createColors(false)).slice(-2)).toEqual([
      "The row as it was read, cut at 64 KiB:",
      "  1;2;3",
    ]);
  });
});
