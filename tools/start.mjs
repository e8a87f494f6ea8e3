// The door of a fresh clone: plain JavaScript for the system's Node (20 or newer), which installs what is missing once and
// hands over to the Node of node_modules. `node tools/start.mjs quickstart|test|sdks|bench|pulumi [arguments]`
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const [command = "", ...args] = process.argv.slice(2);
if (!/^[a-z-]+$/.test(command) || !existsSync(join(root, "tools", `${command}.ts`))) {
  console.error(`usage: node tools/start.mjs quickstart|test|sdks|bench|pulumi [arguments]; there is no ${command || "command"}`);
  process.exit(2);
}
if (Number(process.versions.node.split(".")[0]) < 20) {
  console.error(`tableferry needs Node 20 or newer to start, this is ${process.version}. Install a newer Node, then run this again.`);
  process.exit(1);
}

const lock = createHash("sha256")
  .update(readFileSync(join(root, "package-lock.json")))
  .digest("hex");
const stamp = join(root, "node_modules", ".tableferry-installed");
const node = join(root, "node_modules", ".bin", "node");
if (!existsSync(stamp) || readFileSync(stamp, "utf8") !== lock || !existsSync(node)) {
  console.error("Installing the packages of package-lock.json (once, about a minute) …");
  // Not `npm ci`: it refuses a lockfile made where the registry lacks other platforms' optional packages. `--no-save` keeps the clone clean.
  const installed = spawnSync("npm", ["install", "--no-save", "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: root,
    stdio: ["ignore", 2, 2],
  });
  if (installed.status !== 0) {
    console.error("npm install failed (see above). Check that npm reaches its registry, then run this again.");
    process.exit(1);
  }
  writeFileSync(stamp, lock);
}

// Not spawnSync: an interrupt would end this process at once and leave the command running behind the shell's prompt.
const child = spawn(node, ["--conditions=tableferry-source", join(root, "tools", `${command}.ts`), ...args], {
  stdio: "inherit",
  env: { ...process.env, PATH: `${join(root, "node_modules", ".bin")}:${process.env.PATH ?? ""}` },
});
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  // On a terminal Ctrl-C has reached the command already.
  process.on(signal, () => (signal === "SIGINT" && process.stdin.isTTY ? undefined : child.kill(signal)));
}
child.on("exit", (code, signal) => {
  if (signal === null) process.exit(code ?? 1);
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
});
