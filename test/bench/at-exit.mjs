// Preloaded into a command that is measured: at its end it writes what the whole process cost, start and all.
import { readFileSync, writeFileSync } from "node:fs";

process.on("exit", () => {
  const { user, system } = process.cpuUsage();
  const peak = /VmHWM:\s+(\d+) kB/.exec(readFileSync("/proc/self/status", "utf8"));
  const measured = {
    seconds: performance.now() / 1000,
    cpuSeconds: (user + system) / 1e6,
    peakMegabytes: Math.round(Number(peak?.[1] ?? 0) / 1024),
  };
  writeFileSync(process.env.TABLEFERRY_BENCH_OUT, JSON.stringify(measured));
});
