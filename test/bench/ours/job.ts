/** Runs a job file in this process and reports what it cost: our copy and our verification. */
import { readFileSync } from "node:fs";
import { dirname } from "node:path";
import { parseJob, runJob, systemChance, systemClock } from "../../../src/index.ts";
import { argument, reportMeasured } from "../measure.ts";

const path = argument("job");
const spec = parseJob(readFileSync(path, "utf8"), path);
await reportMeasured(async () => {
  const result = await runJob(spec, {
    clock: systemClock,
    chance: systemChance,
    signal: new AbortController().signal,
    onProgress: () => undefined,
    folder: dirname(path),
    env: process.env,
    note: () => undefined,
  });
  if ("equal" in result) {
    if (!result.equal) throw new Error(`not equal: ${JSON.stringify(result.differences.slice(0, 3))}`);
    return result.sourceRows;
  }
  return result.rowsRead;
});
