import { describe, expect, test } from "vitest";
import { decideSync, type WantedSync } from "../../../src/sync/decide-sync.ts";
import type { SyncRecord } from "../../../src/sync/sync-record.ts";

const record: SyncRecord = {
  format: 1,
  kind: "sync",
  jobHash: "job with old",
  mappingHash: "old",
  stage: "streaming",
  again: false,
  tunnel: { name: "t", id: "1" },
  source: { title: "table a", incarnation: "a1" },
  target: { title: "table b", incarnation: "b1" },
  firstCheckpoints: 1,
  begun: 1,
};
const wanted: WantedSync = {
  job: "orders",
  jobHash: "job with old",
  jobHashWith: (mapping) => `job with ${mapping}`,
  mappingHash: "old",
  source: { title: "table a", incarnation: "a1" },
  target: { title: "table b", incarnation: "b1" },
  onMappingChange: "refuse",
  again: false,
};
const changed = { mappingHash: "new", jobHash: "job with new" };

describe("what a worker does with what earlier ones left", () => {
  test.each([
    ["begins where nothing is", undefined, {}, "begin"],
    ["goes on where everything is as it was", record, {}, "go on"],
    ["copies once more when asked", record, { again: true }, "recopy"],
    [
      "copies once more for a changed mapping, where the job says so (R13)",
      record,
      { ...changed, onMappingChange: "recopy" as const },
      "recopy",
    ],
    [
      "applies a changed mapping from now on, where the job says so (R13)",
      record,
      { ...changed, onMappingChange: "fromNow" as const },
      "from now",
    ],
    [
      "does not ask for a target that was not made ready yet",
      { ...record, target: { title: "table b", incarnation: "" } },
      { target: undefined },
      "go on",
    ],
  ])("it %s", (_, stored, change, decision) => {
    expect(decideSync(stored, { ...wanted, ...change })).toBe(decision);
  });

  test.each([
    ["a changed mapping, unless the job says what it means (R13)", changed, "TF_MAPPING_CHANGED"],
    ["the state of other tables", { jobHashWith: () => "another job" }, "TF_SYNC_OTHER"],
    ["a source made anew (R9)", { source: { title: "table a", incarnation: "a2" } }, "TF_INCARNATION"],
    ["a target made anew (R9)", { target: { title: "table b", incarnation: "b2" } }, "TF_INCARNATION"],
    ["a target that is gone (R9)", { target: undefined }, "TF_INCARNATION"],
    [
      "a source made anew, also when asked to copy once more",
      { source: { title: "table a", incarnation: "a2" }, again: true },
      "TF_INCARNATION",
    ],
  ])("it refuses %s", (_, change, code) => {
    expect(() => decideSync(record, { ...wanted, ...change })).toThrow(expect.objectContaining({ code }));
  });
});
