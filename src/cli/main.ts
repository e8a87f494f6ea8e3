#!/usr/bin/env node
// Nothing is imported before the check: on an older Node the imports themselves would fail, with a message that helps nobody.
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < 22 || (major === 22 && minor < 18)) {
  process.stderr.write(
    `TF_NODE_TOO_OLD: tableferry needs Node 22.18 or newer, this is ${process.version}\n  way out  install a newer Node, e.g. \`npm install node@24\` in this folder\n`,
  );
  process.exit(2);
}
// Compiled code is kept between runs where the system allows it: help and short commands start in half the time.
const { enableCompileCache } = await import("node:module");
enableCompileCache?.();
// A small heap beside large buffers makes V8 collect all of it every few pages. This takes an eighth off a copy's CPU for 10 MB of memory.
const { setFlagsFromString } = await import("node:v8");
setFlagsFromString("--heap-growing-percent=60");
const { runCommandLine } = await import("./run-command-line.ts");
// What a copy makes dies young, and room for the young that grows with the work only keeps it longer: 4 M rows took 221 MB, and 134 with this. Some
// growth is of use, a twentieth of a copy's CPU: hence the wait.
const { systemClock } = await import("../base/clock.ts");
systemClock.after(1500, () => setFlagsFromString("--semi-space-growth-factor=1"));
await runCommandLine(process);

export {};
