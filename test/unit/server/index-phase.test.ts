import { describe, expect, it } from "vitest";
import { systemChance } from "../../../src/base/chance.ts";
import type { CallContext } from "../../../src/server/call-context.ts";
import { answerDescribeTable } from "../../../src/server/operation/describe-table.ts";
import { readableTable } from "../../../src/server/readable-table.ts";
import { Tunnels } from "../../../src/server/tunnel/tunnels.ts";
import { describeTable } from "../../../src/wire/operation/describe-table.ts";
import { apply, LastingStore, openWorld, putOf, until } from "../store/stream-world.ts";

/** A table with a local and a global index, whose filling waits to be released. */
async function openFilling() {
  const world = await openWorld(new LastingStore(), { definedColumns: [{ name: "v", type: "integer" }] });
  const { store, clock } = world;
  const tunnels = await Tunnels.open({ store, streams: store.streams, clock, chance: systemChance });
  const context: CallContext = { store, tunnels, instance: "one", clock, chance: systemChance };
  await apply(world, [putOf("a", 1n)]);
  const release = world.ordered.holdReads();
  for (const type of ["local", "global"] as const) {
    const index = { name: type, keyColumns: type === "local" ? ["pk", "v"] : ["v"], definedColumns: [], type };
    await store.createIndex(world.table, index, { includeBase: true });
  }
  const fill = async () => {
    release();
    await until(() => world.table.indexes!.every(({ fillFrom }) => fillFrom === undefined));
  };
  return { store, context, fill };
}

describe("an index that is being filled", () => {
  it("is described as full, and then as incremental", async () => {
    const { context, fill } = await openFilling();
    const phases = async () => {
      const reply = await answerDescribeTable(describeTable.encodeRequest({ tableName: "t" }), context);
      return describeTable.decodeResponse(reply).indexes.map(({ syncPhase }) => syncPhase);
    };
    expect(await phases()).toEqual(["full", "full"]);
    await fill();
    expect(await phases()).toEqual(["incremental", "incremental"]);
  });

  it("is not read before it is whole where it is local, and as far as it goes where it is global", async () => {
    const { store, fill } = await openFilling();
    expect(() => readableTable(store, "one", "local")).toThrow("Disallow read local index");
    expect(readableTable(store, "one", "global").name).toBe("global");
    await fill();
    expect(readableTable(store, "one", "local").name).toBe("local");
  });
});
