import { simulate } from "./simulation.ts";
const [from, count, verbose] = process.argv.slice(2);
process.on("unhandledRejection", (e) => console.log("UNHANDLED", e));
const began = performance.now();
for (let seed = Number(from); seed < Number(from) + Number(count); seed++) {
  const t = performance.now();
  const o = await simulate(seed, verbose !== undefined);
  if (verbose) console.log(o.trace.join("\n"), o.notes.join("\n"));
  if (o.violation || verbose || Number(count) < 5) console.log(seed, o.title, o.hash, o.requests, o.virtualMs, `${Math.round(performance.now() - t)} ms`, o.violation?.invariant, o.violation?.text);
}
console.log((performance.now() - began) / Number(count), "ms a seed");
