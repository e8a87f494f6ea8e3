import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { TableStoreClient } from "../../src/client/table-store-client.ts";
import { clientOf, countRows, loadOrders, mappingModule, migrationJob } from "./support/orders-table.ts";
import { Workplace, type Ended, type RunningServer } from "./support/processes.ts";

/** `tableferry migrate` and the server killed with SIGKILL, run again: equal, verified, no reject lost (R8, and "running it again is the whole recovery story"). */
const ROWS = 30_000;
let place: Workplace;
let server: RunningServer;
let modern: TableStoreClient;
let rejected = 0;

beforeAll(async () => {
  place = new Workplace();
  server = await place.serve();
  place.write("mapping.ts", mappingModule);
  const legacy = clientOf(place, server, "legacy");
  rejected = await loadOrders(legacy, ROWS);
  await legacy.close();
  modern = clientOf(place, server, "modern");
}, 120_000);
afterAll(async () => {
  await modern.close();
  await place[Symbol.asyncDispose]();
});

function resultOf(ended: Ended): Record<string, unknown> {
  expect(ended.stderr).toBe("");
  expect(ended.code).toBe(0);
  return ended.lines.at(-1)!;
}

/** The run after the kill must end equal, with every reject; returns how many rows it may have written a second time. */
async function finish(name: string): Promise<number> {
  const result = resultOf(await place.run(["migrate", `${name}.json`, "--json"]).ended);
  expect(result).toMatchObject({
    type: "result",
    rejects: rejected,
    verification: { equal: true, rejectedRows: rejected, targetRows: ROWS - rejected },
  });
  const listed = await place.run(["rejects", "list", `${name}.json`, "--json"]).ended;
  expect(listed.code).toBe(0);
  const after = await countRows(modern, name.replaceAll("-", "_"));
  expect(after).toBe(ROWS - rejected);
  return Number(result["rewrittenAtMost"]);
}

describe("migrate killed", () => {
  const points = [
    "plan:1",
    "scan:1",
    "scan:3",
    "acknowledged:1",
    "acknowledged:2",
    "acknowledged:4",
    "checkpoint:1",
    "checkpoint:2",
    "checkpoint:4",
    "verify:1",
    "verify:2",
    "certificate:1",
  ];
  test.each(points)("at %s goes on where it was and ends equal", async (point) => {
    const name = `kill-${point.replace(":", "-")}`;
    place.write(`${name}.json`, migrationJob(server, name));
    const killed = await place.run(["migrate", `${name}.json`, "--json"], { TABLEFERRY_FAULT: point }).ended;
    expect(killed.signal).toBe("SIGKILL");
    expect(killed.lines.some((line) => line["type"] === "result")).toBe(false);
    const there = await countRows(modern, name.replaceAll("-", "_"));
    const rewritten = await finish(name);
    console.log(`killed at ${point}: ${there} rows there, ${rewritten} written a second time at most`);
    expect(rewritten).toBeLessThanOrEqual(8_388_608 / 200);
  });
});

describe("the server killed", () => {
  test.each([0.1, 0.3, 0.5, 0.8])("when %f of the rows are written loses nothing it acknowledged", async (part) => {
    const name = `server-${String(part).replace(".", "-")}`;
    place.write(
      `${name}.json`,
      migrationJob(server, name, { limits: { inFlightBytes: 8_388_608, workers: 2, writesInFlight: 4, rowsPerSecond: 40_000 } }),
    );
    const run = place.run(["migrate", `${name}.json`, "--json"]);
    await run.until((line) => Number(line["rowsWritten"] ?? 0) >= ROWS * part);
    await server.kill();
    server = await place.serve(server.port);
    const first = await run.ended;
    // Either its retries carried it over the restart, or it stopped with a coded error; both end with another run.
    expect(first.code === 0 || /"code":"(TF_CONNECTION|TF_TIMEOUT)"/.test(first.stderr), first.stderr).toBe(true);
    const result = resultOf(await place.run(["migrate", `${name}.json`, "--json"]).ended);
    expect(result).toMatchObject({ rejects: rejected });
    expect(await countRows(modern, name.replaceAll("-", "_"))).toBe(ROWS - rejected);
    const proof = resultOf(await place.run(["verify", `${name}.json`, "--json"]).ended);
    expect(proof).toMatchObject({ equal: true });
  });
});
