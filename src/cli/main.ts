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
const { growHeapForCopies } = await import("./heap-growth.ts");
growHeapForCopies();
const { runCommandLine } = await import("./run-command-line.ts");
await runCommandLine(process);

export {};
