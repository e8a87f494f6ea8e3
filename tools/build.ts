/** Compiles src and components to dist, and bundles what came out, as the packed package carries it. */
import { spawnSync } from "node:child_process";
import { chmodSync, readFileSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { bundle } from "./bundle.ts";

interface Manifest {
  readonly bin: Readonly<Record<string, string>>;
  readonly exports: Readonly<Record<string, string | { readonly default: string }>>;
}

const root = resolve(import.meta.dirname, "..");
const dist = join(root, "dist");
rmSync(dist, { recursive: true, force: true });
const compiled = spawnSync(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-p", join(root, "tsconfig.build.json")], {
  stdio: "inherit",
  cwd: root,
});
if (compiled.status !== 0) process.exit(compiled.status ?? 1);

const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Manifest;
const commands = Object.values(manifest.bin).map((path) => join(root, path));
const modules = Object.values(manifest.exports).flatMap((entry) => (typeof entry === "string" ? [] : [join(root, entry.default)]));
await bundle(dist, [...modules, ...commands]);
for (const command of commands) chmodSync(command, 0o755);
