import { expect, test } from "vitest";
import { VirtualClock } from "../../../src/base/virtual-clock.ts";
import { Metrics } from "../../../src/server/metrics.ts";
import type { RequestEvent } from "../../../src/server/server.ts";

const event = (more: Partial<RequestEvent>): RequestEvent => ({
  operation: "PutRow",
  instance: "one",
  requestId: "1",
  status: 200,
  milliseconds: 3,
  bytesIn: 100,
  bytesOut: 20,
  ...more,
});
const linesOf = (metrics: Metrics) => metrics.text(2).split("\n");

test("metrics count requests by operation and outcome, bytes, times and connections", async () => {
  const clock = new VirtualClock();
  const metrics = new Metrics(clock);
  await clock.advance(1500);
  for (const milliseconds of [0.1, 3, 3000]) metrics.observe(event({ milliseconds }));
  metrics.observe(event({ status: 403, code: "OTSAuthFailed" }));
  metrics.observe(event({ operation: "GetRow", status: 0 }));
  const lines = linesOf(metrics);
  for (const line of [
    'tableferry_requests_total{operation="PutRow",code="OK"} 3',
    'tableferry_requests_total{operation="PutRow",code="OTSAuthFailed"} 1',
    'tableferry_requests_total{operation="GetRow",code="cut"} 1',
    "tableferry_request_bytes_total 500",
    "tableferry_response_bytes_total 100",
    'tableferry_request_seconds_bucket{operation="PutRow",le="0.0005"} 1',
    'tableferry_request_seconds_bucket{operation="PutRow",le="0.005"} 3',
    'tableferry_request_seconds_bucket{operation="PutRow",le="2.5"} 3',
    'tableferry_request_seconds_bucket{operation="PutRow",le="+Inf"} 4',
    'tableferry_request_seconds_count{operation="PutRow"} 4',
    "tableferry_connections 2",
    "tableferry_uptime_seconds 1.5",
  ]) {
    expect(lines).toContain(line);
  }
});

test("what clients send names no series", () => {
  const metrics = new Metrics(new VirtualClock());
  for (const operation of ['x"} 1\n', "constructor", "Nonsense"])
    metrics.observe(event({ operation, status: 400, code: "OTSParameterInvalid" }));
  expect(linesOf(metrics).filter((line) => line.startsWith("tableferry_requests_total"))).toEqual([
    'tableferry_requests_total{operation="other",code="OTSParameterInvalid"} 3',
  ]);
});

test("every line is a comment or a sample of Prometheus' text form", () => {
  const metrics = new Metrics(new VirtualClock());
  metrics.observe(event({ operation: "tunnel/readrecords" }));
  const sample = /^[a-z_]+(\{[a-z]+="[^"\\\n]*"(,[a-z]+="[^"\\\n]*")*\})? [0-9.e+-]+$/;
  for (const line of linesOf(metrics).slice(0, -1)) expect(line.startsWith("# ") || sample.test(line) ? "" : line).toBe("");
});
