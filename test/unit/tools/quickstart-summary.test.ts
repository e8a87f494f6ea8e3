import { describe, expect, test } from "vitest";
import { parseJob } from "../../../src/job/parse-job.ts";
import { changesIn, jobFile, stackSummary, type ExportedStack } from "../../../tools/quickstart/summary.ts";

const side = (instance: string, table: string) => ({
  type: "table-store",
  endpoint: "http://127.0.0.1:31994",
  instance,
  table,
  credentials: { file: ".tableferry/store/keys.json" },
});
const migration = (name: string, outputs: object) => ({
  urn: `urn:pulumi:local::tableferry::pulumi-nodejs:dynamic/tableferry:Migration::${name}`,
  type: "pulumi-nodejs:dynamic/tableferry:Migration",
  outputs: {
    rows: 42_049,
    bytes: 2_018_388,
    seconds: 1.234,
    rejectedRows: 0,
    digest: "0123456789abcdef0123",
    certificate: `.tableferry/certificates/${name}.json`,
    ...outputs,
  },
});
const stack: ExportedStack = {
  deployment: {
    resources: [migration("load", {}), migration("move", { source: side("legacy", "zipcodes"), target: side("modern", "places") })],
  },
};

describe("the quickstart's last screen", () => {
  test("says rows, bytes, seconds, rejects, digest and where the certificate is", () => {
    const text = stackSummary(stack, { changes: { create: 12 }, seconds: 21.4, jobFile: "job.yaml" });
    expect(text).toContain("Done in 21 s");
    expect(text).toContain("42,049 rows, 2.0 MB, 0 rejected");
    expect(text).toContain("1.2 s, copying and comparing");
    expect(text).toContain("digest 0123456789abcdef…");
    expect(text).toContain(".tableferry/certificates/move.json");
  });

  test("says that nothing has changed when nothing has", () => {
    expect(stackSummary(stack, { changes: { same: 12 }, seconds: 5, jobFile: "job.yaml" })).toContain("Nothing has changed");
  });

  test("the edited row it suggests is one JSON object that a shell passes on whole", () => {
    const text = stackSummary(stack, { changes: {}, seconds: 5, jobFile: "job.yaml" });
    const row = /table put places --instance modern '([^']+)'/.exec(text)?.[1] ?? "";
    expect(JSON.parse(row)).toMatchObject({ state: "NY", zip: "00501", town: "Elsewhere" });
  });
});

test("the last summary of the event log counts, which is the update's and not the preview's", () => {
  const lines = [
    { summaryEvent: { resourceChanges: { create: 3 } } },
    { diagnosticEvent: {} },
    { summaryEvent: { resourceChanges: { same: 3 } } },
  ];
  expect(changesIn(lines.map((line) => JSON.stringify(line)))).toEqual({ same: 3 });
});

test("the job file is the second migration as a valid job, without a key in it", () => {
  const text = jobFile(stack);
  expect(parseJob(text, "move.yaml")).toMatchObject({
    kind: "migration",
    name: "move",
    source: { instance: "legacy", table: "zipcodes", credentials: { file: "store/keys.json" } },
    target: { instance: "modern", table: "places" },
    mapping: "../stacks/local/mappings/zipcodes.ts",
  });
});
