import { readFileSync } from "node:fs";

/** What one measured piece of work cost its process; printed as one JSON line for the bench that started it. */
export interface Measured {
  readonly rows: number;
  readonly seconds: number;
  /** User + system CPU of the whole process. */
  readonly cpuSeconds: number;
  /** VmHWM: the highest resident memory of the process's life. */
  readonly peakMegabytes: number;
}

export function peakMegabytes(pid: number | "self" = "self"): number {
  const line = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
  return Math.round(Number(line?.[1] ?? 0) / 1024);
}

export async function measure(work: () => Promise<number>): Promise<Measured> {
  const cpu = process.cpuUsage();
  const start = performance.now();
  const rows = await work();
  const used = process.cpuUsage(cpu);
  return { rows, seconds: (performance.now() - start) / 1000, cpuSeconds: (used.user + used.system) / 1e6, peakMegabytes: peakMegabytes() };
}

export async function reportMeasured(work: () => Promise<number>): Promise<void> {
  process.stdout.write(`${JSON.stringify(await measure(work))}\n`);
}

/** Arguments `name=value` of a bench process. */
export function argument(name: string): string {
  const found = process.argv.find((arg) => arg.startsWith(`${name}=`));
  if (found === undefined) throw new Error(`missing argument ${name}=…`);
  return found.slice(name.length + 1);
}
