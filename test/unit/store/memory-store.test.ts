import { expect, it } from "vitest";
import { MemoryStore } from "../../../src/store/memory-store.ts";
import { orderedStoreContract } from "./ordered-store-contract.ts";

orderedStoreContract("memory store", async () => new MemoryStore());

it("a load in key order fills its leaves", async () => {
  const store = new MemoryStore();
  for (let i = 0; i < 2000; i++) {
    await store.write([{ type: "put", key: Buffer.from(String(i).padStart(6, "0")), value: Buffer.from("v") }]);
  }
  expect(await store.approximateSize(Buffer.from("0"), Buffer.from("9"))).toBeGreaterThan(1800 * 7);
});
