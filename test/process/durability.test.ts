import { describe, expect, test } from "vitest";
import { runCampaign } from "./support/durability-campaign.ts";

/** The long form is `npm run durability -- kills=50`. */
describe("a power cut", () => {
  test("loses nothing that was acknowledged, and leaves no half batch", async () => {
    const report = await runCampaign({ kills: 4, seed: 1, mode: "durable" });
    expect(report).toMatchObject({ lost: 0, torn: 0 });
    expect(report.acknowledged).toBeGreaterThan(4);
  });

  test("is survived by luck only where writes are acknowledged before they are flushed: this test would tell", async () => {
    const report = await runCampaign({ kills: 4, seed: 1, mode: "unsynced" });
    expect(report.lost).toBeGreaterThan(0);
    expect(report.cutBytes).toBeGreaterThan(0);
  });
});
