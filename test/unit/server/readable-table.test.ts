import { expect, it } from "vitest";
import { readableTable } from "../../../src/server/readable-table.ts";
import { apply, LastingStore, openWorld, putOf, until } from "../store/stream-world.ts";

it("a local index is not read while it is being filled, a global one is", async () => {
  const world = await openWorld(new LastingStore(), { definedColumns: [{ name: "v", type: "integer" }] });
  await apply(world, [putOf("a", 1n)]);
  const release = world.ordered.holdReads();
  for (const type of ["local", "global"] as const) {
    const index = { name: type, keyColumns: type === "local" ? ["pk", "v"] : ["v"], definedColumns: [], type };
    await world.store.createIndex(world.table, index, { includeBase: true });
  }
  expect(() => readableTable(world.store, "one", "local")).toThrow("Disallow read local index");
  expect(readableTable(world.store, "one", "global").name).toBe("global");
  release();
  await until(() => world.table.indexes!.every(({ fillFrom }) => fillFrom === undefined));
  expect(readableTable(world.store, "one", "local").name).toBe("local");
});
