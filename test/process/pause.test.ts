import { expect, test } from "vitest";
import { encodeChange } from "../../src/wire/plainbuffer/encode.ts";
import { clientOf, countRows, loadOrders, mappingModule, migrationJob } from "./support/orders-table.ts";
import { Workplace } from "./support/processes.ts";

/** R2: a worker that was stopped through a take-over must not write over newer data when it wakes. */
test("a run stopped by SIGSTOP and overtaken leaves the target alone when it wakes, and says that it was overtaken", async () => {
  await using place = new Workplace();
  const server = await place.serve();
  place.write("mapping.ts", mappingModule);
  const legacy = clientOf(place, server, "legacy");
  await loadOrders(legacy, 40_000);
  await legacy.close();
  place.write(
    "job.json",
    migrationJob(server, "paused", { limits: { inFlightBytes: 8_388_608, workers: 2, writesInFlight: 4, rowsPerSecond: 8_000 } }),
  );

  const first = place.run(["migrate", "job.json", "--json"]);
  await first.until((line) => Number(line["rowsWritten"] ?? 0) > 5_000);
  first.process.kill("SIGSTOP");

  // The same job without the brake: what a rate limit says is not what a job is.
  place.write("job.json", migrationJob(server, "paused"));
  const second = await place.run(["migrate", "job.json", "--json"]).ended;
  expect(second.stderr).toBe("");
  expect(second.code).toBe(0);

  const modern = clientOf(place, server, "modern");
  const rows = await countRows(modern, "paused");
  const change = (order: bigint) =>
    encodeChange({
      type: "put",
      key: [
        { name: "order_id", value: order },
        { name: "customer_id", value: `customer-${String(order / 10n).padStart(8, "0")}` },
      ],
      cells: [{ name: "edited", value: "by hand" }],
    });
  const edited = Array.from({ length: 200 }, (_, i) => BigInt(i) * 199n + 1n);
  await modern.batchWriteRow({
    tables: [
      { tableName: "paused", rows: edited.map((order) => ({ type: "put", change: change(order), condition: { existence: "ignore" } })) },
    ],
  });

  first.process.kill("SIGCONT");
  const woken = await first.ended;
  expect(woken.code).toBe(6);
  expect(woken.stderr).toContain('"code":"TF_FENCED"');
  expect(await countRows(modern, "paused")).toBe(rows);
  const verified = await place.run(["verify", "job.json", "--json"]).ended;
  expect(verified.code).toBe(3);
  expect(verified.lines.at(-1)).toMatchObject({ equal: false, differenceCount: 200 });
  await modern.close();
});
