import { expect, test } from "vitest";
import { MemoryStateStore } from "../../../../src/pipeline/memory-state-store.ts";
import { stateKeys } from "../../../../src/pipeline/state-keys.ts";
import { parkReject } from "../../../../src/sync/apply/park-reject.ts";
import { parkedId, readParked, unparkedValue } from "../../../../src/sync/apply/parked.ts";
import type { Reject } from "../../../../src/pipeline/rejects.ts";

const key = [["pk", "a"]] as const;
const place = stateKeys.parked("job", parkedId([{ name: "pk", value: "a" }]));
const reject: Reject = { split: "0", place: "a", cause: "cast", text: "no number", original: { key, columns: [] }, mappingHash: "", at: 1 };

async function replayed(state: MemoryStateStore): Promise<void> {
  const stored = await state.get(place);
  const value = unparkedValue(readParked(state, place, stored)!);
  await state.compareAndSet(place, stored, { token: "replay", seq: stored!.seq + 1, value });
}

test("a worker that finds the copy complete late does not park again what was replayed meanwhile", async () => {
  const state = new MemoryStateStore();
  await parkReject(state, "job", "first", "copy 1", reject);
  expect(readParked(state, place, await state.get(place))).toMatchObject({ cause: "cast", copy: "copy 1" });
  await replayed(state);
  await parkReject(state, "job", "late", "copy 1", reject);
  expect(readParked(state, place, await state.get(place))).toBeUndefined();
});

test("a copy that is made once more parks what an earlier one had parked and what was replayed", async () => {
  const state = new MemoryStateStore();
  await parkReject(state, "job", "first", "copy 1", reject);
  await replayed(state);
  await parkReject(state, "job", "again", "copy 2", reject);
  expect(readParked(state, place, await state.get(place))).toMatchObject({ copy: "copy 2" });
});
