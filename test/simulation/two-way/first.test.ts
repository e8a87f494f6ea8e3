import { expect, test } from "vitest";
import { TwoSites } from "./two-sites.ts";

test("basic", async () => {
  const world = await TwoSites.open(1, { a: 0, b: 0 });
  await world.a.put("k1", { a: 1n, b: "x" });
  const worker = world.start(world.spec());
  const t0 = performance.now();
  await world.until(async () => worker.isOver || (await world.b.rows()).length > 0).catch(() => undefined);
  console.log(worker.isOver ? await worker.over : "", await world.b.rows(), worker.notes, world.clock.monotonic() - 1_700_000_000_000, performance.now() - t0);
  await world.b.update("k1", { c: 5n });
  await world.b.put("k2", { c: 5n });
  await world.pass(3000);
  console.log(await world.a.rows(), await world.b.rows(), world.writes);
  await world.a.remove("k1");
  await world.a.writeBack("k2", "d", 1n);
  await world.pass(3000);
  console.log(await world.a.rows(), await world.b.rows(), world.writes);
  await world.quiet(5000);
  console.log(await world.a.rows(), await world.b.rows(), world.writes, performance.now() - t0);
  expect(await world.a.rows()).toEqual(await world.b.rows());
  await world.close();
});
