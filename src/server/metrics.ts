import type { Clock } from "../base/clock.ts";
import { isOperationName } from "../wire/operation/operations.ts";
import { isControlCall } from "./control-plane/control-path.ts";
import type { RequestEvent } from "./server.ts";

/** Upper bounds in seconds: from a read out of memory to a flush of a slow disk under load. */
const BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5] as const;

interface Timing {
  readonly buckets: number[];
  seconds: number;
  requests: number;
}

/**
 * Counts of a server in the text form of Prometheus. What clients send names no series: an operation that is not known counts as `other`, so the page stays
 * short whoever asks for what.
 */
export class Metrics {
  readonly #clock: Clock;
  readonly #started: number;
  /** By operation and outcome. */
  readonly #requests = new Map<string, number>();
  readonly #timings = new Map<string, Timing>();
  #bytesIn = 0;
  #bytesOut = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#started = clock.monotonic();
  }

  observe({ operation, status, code, milliseconds, bytesIn, bytesOut }: RequestEvent): void {
    const name = isOperationName(operation) || operation === "tableferry/admin" || isControlCall(operation) ? operation : "other";
    const outcome = code ?? (status === 0 ? "cut" : "OK");
    const series = `{operation="${name}",code="${outcome}"}`;
    this.#requests.set(series, (this.#requests.get(series) ?? 0) + 1);
    this.#bytesIn += bytesIn;
    this.#bytesOut += bytesOut;
    const timing = this.#timings.get(name) ?? { buckets: BUCKETS.map(() => 0), seconds: 0, requests: 0 };
    this.#timings.set(name, timing);
    timing.seconds += milliseconds / 1000;
    timing.requests++;
    const bucket = BUCKETS.findIndex((bound) => milliseconds / 1000 <= bound);
    if (bucket >= 0) timing.buckets[bucket]!++;
  }

  /** @param connections open ones */
  text(connections: number): string {
    const { rss, heapUsed, external } = process.memoryUsage();
    const lines = [
      ...family("tableferry_requests_total", "counter", "Requests answered, by operation and the service's code.", [...this.#requests]),
      ...family("tableferry_request_bytes_total", "counter", "Bytes of request bodies as sent.", [["", this.#bytesIn]]),
      ...family("tableferry_response_bytes_total", "counter", "Bytes of reply bodies as sent.", [["", this.#bytesOut]]),
      "# HELP tableferry_request_seconds Time from a request's last byte to its answer.",
      "# TYPE tableferry_request_seconds histogram",
      ...[...this.#timings].flatMap(([operation, timing]) => histogram(operation, timing)),
      ...family("tableferry_connections", "gauge", "Open connections.", [["", connections]]),
      ...family("tableferry_uptime_seconds", "gauge", "Seconds since the server was started.", [
        ["", (this.#clock.monotonic() - this.#started) / 1000],
      ]),
      ...family("tableferry_memory_bytes", "gauge", "Memory of the process.", [
        ['{kind="resident"}', rss],
        ['{kind="heap"}', heapUsed],
        ['{kind="external"}', external],
      ]),
    ];
    return `${lines.join("\n")}\n`;
  }
}

function family(
  name: string,
  type: "counter" | "gauge",
  help: string,
  series: readonly (readonly [labels: string, value: number])[],
): string[] {
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...series.map(([labels, value]) => `${name}${labels} ${value}`)];
}

function histogram(operation: string, { buckets, seconds, requests }: Timing): string[] {
  const name = "tableferry_request_seconds";
  let sum = 0;
  return [
    ...BUCKETS.map((bound, i) => `${name}_bucket{operation="${operation}",le="${bound}"} ${(sum += buckets[i]!)}`),
    `${name}_bucket{operation="${operation}",le="+Inf"} ${requests}`,
    `${name}_sum{operation="${operation}"} ${seconds}`,
    `${name}_count{operation="${operation}"} ${requests}`,
  ];
}
