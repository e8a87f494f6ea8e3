import { expect, test } from "vitest";
import { jobHash } from "../../../src/job/job-hash.ts";
import { parseJob } from "../../../src/job/parse-job.ts";

const table = { type: "table-store", endpoint: "http://127.0.0.1:1", instance: "a", table: "t" };
const input = { name: "job", source: table, target: { ...table, instance: "b" } };
const hash = (change: object = {}, mapping = "m") => jobHash(parseJob({ ...input, ...change }), mapping);

test.each([
  ["limits", { limits: { workers: 9 } }],
  ["policies", { rejects: { allowed: 5 }, onTargetNotEmpty: "merge", verify: { coverage: "none" }, leaseSeconds: 30 }],
  ["credentials", { source: { ...table, credentials: { env: "OTHER" } } }],
  ["the address of a server", { target: { ...table, instance: "b", endpoint: "http://127.0.0.1:2" } }],
  ["the name", { name: "renamed" }],
  ["the engine that is asked", { kind: "verification" }],
])("%s may change and it stays the same job", (_, change) => {
  expect(hash(change)).toBe(hash());
});

test.each([
  ["the source", { source: { ...table, table: "u" } }],
  ["the target", { target: { ...table, instance: "c" } }],
  ["the target's key", { target: { ...table, instance: "b", create: { primaryKey: [{ name: "k", type: "string" }] } } }],
  ["the range", { range: { from: [1] } }],
  ["the filter", { filter: [{ column: "c", is: "exists" }] }],
  ["the versions", { versions: "keep" }],
])("%s makes another job of it", (_, change) => {
  expect(hash(change)).not.toBe(hash());
});

test("the mapping makes another job of it", () => {
  expect(hash({}, "other")).not.toBe(hash());
});
