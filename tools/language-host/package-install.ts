import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { upward } from "./program-packages.ts";
import type { RuntimeOptions } from "./runtime-options.ts";

const LOCK_FILES: ReadonlyArray<readonly [file: string, tool: string]> = [
  ["package-lock.json", "npm"],
  ["pnpm-lock.yaml", "pnpm"],
  ["yarn.lock", "yarn"],
  ["bun.lock", "bun"],
  ["bun.lockb", "bun"],
];

/** The package manager the options name, else the one whose lock file is nearest, else npm. */
export function packageTool(folder: string, options: RuntimeOptions): string {
  if (options.packageManager !== "auto") return options.packageManager;
  for (const place of upward(folder)) {
    const found = LOCK_FILES.find(([file]) => existsSync(join(place, file)));
    if (found !== undefined) return found[1];
  }
  return "npm";
}

/**
 * `pulumi install` for a Node program.
 *
 * @throws Error when the package manager cannot be started or fails; its own words have gone to `write`.
 */
export async function installPackages(
  folder: string,
  options: RuntimeOptions,
  write: (text: Buffer, error: boolean) => void,
): Promise<void> {
  const tool = packageTool(folder, options);
  const args = ["install", ...(options.production ? [tool === "npm" ? "--omit=dev" : "--production"] : [])];
  const child = spawn(tool, args, { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
  child.stdout.on("data", (text: Buffer) => write(text, false));
  child.stderr.on("data", (text: Buffer) => write(text, true));
  const [code] = (await once(child, "close")) as [number | null];
  if (code !== 0) throw new Error(`"${tool} ${args.join(" ")}" in ${folder} exited with code ${String(code)}`);
}
