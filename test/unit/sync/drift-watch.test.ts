import { describe, expect, test } from "vitest";
import type { SourceChange } from "../../../src/connector/change.ts";
import type { Described } from "../../../src/connector/connector.ts";
import type { SyncSpec } from "../../../src/job/sync-spec.ts";
import type { Value } from "../../../src/model/value.ts";
import { MemoryStateStore } from "../../../src/pipeline/memory-state-store.ts";
import { DriftWatch } from "../../../src/sync/drift-watch.ts";

const described: Pick<Described, "columns"> = { columns: [{ name: "declared", type: "integer" }] };
const sample = () => Promise.resolve([{ key: [], columns: [{ name: "seen", value: "text" }] }]);
const change = (name: string, value: Value): SourceChange => ({ type: "update", key: [], cells: [{ op: "put", name, value }] });
const stop: SyncSpec["drift"] = { newColumn: "stop", changedType: "stop" };

describe("a sync that stops when the source's rows change their shape (R13)", () => {
  const open = (drift: SyncSpec["drift"], state = new MemoryStateStore()) =>
    DriftWatch.open({ drift, job: "j", state, token: "t" }, described, sample);

  test("lets columns pass that were declared or seen", async () => {
    const watch = await open(stop);
    await watch.check([change("declared", 1n), change("seen", "x"), { type: "delete", key: [], cells: [] }]);
  });

  test("stops at a column never seen before", async () => {
    await expect((await open(stop)).check([change("new", 1n)])).rejects.toThrow(expect.objectContaining({ code: "TF_SCHEMA_DRIFT" }));
  });

  test("stops at a column of another type", async () => {
    await expect((await open(stop)).check([change("seen", 1n)])).rejects.toThrow(/seen was string and is integer now/);
  });

  test("learns new columns where it follows them, and holds their type from then on, in other workers too", async () => {
    const state = new MemoryStateStore();
    const drift = { newColumn: "follow", changedType: "stop" } as const;
    await (await open(drift, state)).check([change("new", 1n)]);
    await expect((await open(drift, state)).check([change("new", "text")])).rejects.toThrow(/new was integer and is string now/);
  });

  test("deleting a column is no change of shape", async () => {
    await (await open(stop)).check([{ type: "update", key: [], cells: [{ op: "deleteAll", name: "anything" }] }]);
  });
});
