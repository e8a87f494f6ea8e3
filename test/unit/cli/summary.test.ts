import { createColors } from "picocolors";
import { describe, expect, test } from "vitest";
import { migrationSummary, verificationSummary, type SummaryOptions } from "../../../src/cli/render/summary.ts";
import type { MigrationResult, VerificationResult } from "../../../src/job/result.ts";

const options: SummaryOptions = { paint: createColors(false), width: 100, self: "tableferry", file: "job.yaml", shownPath: (path) => path };

const verification: VerificationResult = {
  job: "orders",
  equal: true,
  coverage: { kind: "all", text: "all rows" },
  sourceRows: 42_049,
  targetRows: 42_049,
  rejectedRows: 0,
  filteredRows: 0,
  sourceDigest: "a".repeat(64),
  targetDigest: "a".repeat(64),
  differences: [],
  differenceCount: 0,
  unsettled: 0,
  live: false,
  seconds: 0.8,
  certificate: ".tableferry/certificates/orders.json",
};

const migration: MigrationResult = {
  job: "orders",
  outcome: "complete",
  rowsRead: 42_049,
  rowsWritten: 42_049,
  bytesRead: 4_123_456,
  filteredRows: 0,
  rejects: 0,
  seconds: 1.9,
  resumed: false,
  rewrittenAtMost: 0,
  mappingHash: "b".repeat(64),
  verification,
};

describe("the summary of a migration", () => {
  test("says rows, bytes, seconds, rejects, digest, certificate, and what to try next", () => {
    expect(migrationSummary(migration, options)).toEqual([
      "✓ orders: 42,049 rows copied in 1.9 s",
      "  read         42,049 rows, 4.1 MB, 22,131 rows/s",
      "  written      42,049 rows",
      "  rejects      0",
      "  proof        equal, all rows compared",
      `  digest       ${"a".repeat(64)}`,
      "  certificate  .tableferry/certificates/orders.json",
      "",
      "Next:",
      "  tableferry verify job.yaml                                         compare both sides again, any time",
      "  tableferry certificate check .tableferry/certificates/orders.json  anybody can check it again",
    ]);
  });

  test("that had nothing to do says that nothing was changed", () => {
    const [title, ...rest] = migrationSummary({ ...migration, outcome: "nothing-to-do" }, options);
    expect(title).toBe("✓ orders: complete already, nothing was changed");
    expect(rest.join("\n")).not.toContain("written");
  });

  test("that was resumed says what may have been written twice", () => {
    const text = migrationSummary({ ...migration, resumed: true, rewrittenAtMost: 1600 }, options).join("\n");
    expect(text).toContain("going on from an earlier run");
    expect(text).toContain("at most 1,600 rows written a second time");
  });

  test("with rejects leads to them", () => {
    expect(migrationSummary({ ...migration, rejects: 3 }, options).join("\n")).toContain("tableferry rejects list job.yaml");
  });

  test("without verification does not claim a proof", () => {
    const text = migrationSummary({ ...migration, verification: undefined }, options).join("\n");
    expect(text).toContain("not verified");
    expect(text).not.toContain("equal");
  });
});

describe("the summary of a verification", () => {
  const different: VerificationResult = {
    ...verification,
    equal: false,
    targetRows: 42_048,
    targetDigest: "c".repeat(64),
    differences: [
      { kind: "missing", key: "customer=alice,order=17", columns: [] },
      { kind: "different", key: 'customer="b\u001b[2J"', columns: [{ name: "amount", source: "1", target: '"1"', why: "type" }] },
    ],
    differenceCount: 15,
  };

  test("names rows and columns that differ, and how many more there are", () => {
    const text = verificationSummary(different, options).join("\n");
    expect(text).toContain("✗ orders: not equal, 15 differences");
    expect(text).toContain("missing     customer=alice,order=17");
    expect(text).toContain('amount: 1 → "1" (type)');
    expect(text).toContain("… and 13 more");
  });

  test("leads to both sides of the first difference", () => {
    expect(verificationSummary(different, options).join("\n")).toContain("tableferry explain job.yaml customer=alice,order=17");
  });

  test("lets no row's content reach the terminal as it is", () => {
    expect(verificationSummary(different, options).join("\n").includes("\u001b")).toBe(false);
  });

  test("says that both digests differ", () => {
    const text = verificationSummary(different, options).join("\n");
    expect(text).toContain(`digest source  ${"a".repeat(64)}`);
    expect(text).toContain(`digest target  ${"c".repeat(64)}`);
  });
});
