import { describe, expect, test } from "vitest";
import { retentionWarning } from "../../../src/sync/watch-retention.ts";

const hour = 3_600_000;
const now = 1_700_000_000_000;
const input = { retentionHours: 24, warnHours: 6, oldestUnread: now, movedMs: 0, overMs: 0, now };

describe("the forecast of when unread changes expire (R3)", () => {
  test("says nothing while they are young", () => {
    expect(retentionWarning({ ...input, oldestUnread: now - 10 * hour })).toBeUndefined();
  });

  test("warns when they near the stream's end and reading stands still", () => {
    expect(retentionWarning({ ...input, oldestUnread: now - 20 * hour, movedMs: 0, overMs: 60_000 })).toMatch(/expire in 4\.0 hours/);
  });

  test("says nothing when reading catches up", () => {
    expect(retentionWarning({ ...input, oldestUnread: now - 20 * hour, movedMs: 600_000, overMs: 60_000 })).toBeUndefined();
  });

  test("gives more time where the oldest is read, though more slowly than changes come", () => {
    expect(retentionWarning({ ...input, oldestUnread: now - 20 * hour, movedMs: 30_000, overMs: 60_000 })).toMatch(/in 8\.0 hours/);
  });

  test("stops before what comes next may have holes", () => {
    expect(() => retentionWarning({ ...input, oldestUnread: now - 23.9 * hour })).toThrow(
      expect.objectContaining({ code: "TF_CHANGES_EXPIRED" }),
    );
  });
});
