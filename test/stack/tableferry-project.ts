import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { eventually, type ExportedResource, type ExportedStack, type StackProject } from "./harness.ts";

const CHECKOUT = join(import.meta.dirname, "..", "..");

/** The text of a file of this checkout. */
export function fileOf(path: string): string {
  return readFileSync(join(CHECKOUT, path), "utf8");
}

/** A resource by its name in the program; of a component, its child `<name>-…` is another one. */
export function resourceOf(stack: ExportedStack, name: string): ExportedResource {
  const found = stack.deployment.resources?.find(({ urn, type }) => urn.endsWith(`::${name}`) && type.startsWith("pulumi-nodejs:dynamic/"));
  if (found === undefined) throw new Error(`the stack has no resource ${name}`);
  return found;
}

export function outputsOf(stack: ExportedStack, name: string): Readonly<Record<string, unknown>> {
  return resourceOf(stack, name).outputs ?? {};
}

/** The `tableferry` command in the project's folder. */
export function tableferry(
  project: StackProject,
  ...args: string[]
): Promise<{ readonly stdout: string; readonly stderr: string; readonly exitCode: number }> {
  const command = join(CHECKOUT, "src/cli/main.ts");
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      ["--conditions=tableferry-source", command, ...args],
      { cwd: project.folder, env: project.env, encoding: "utf8", maxBuffer: 256 * 1024 * 1024 },
      (error, stdout, stderr) => {
        resolve({ stdout, stderr, exitCode: error === null ? 0 : Number(error.code ?? 1) });
      },
    );
  });
}

/** The embedded servers that run for the project. */
export function serversOf(project: StackProject): number[] {
  return project.processes().flatMap(({ pid, command }) => (command.includes(" serve --data-dir ") ? [pid] : []));
}

/** As after a reboot: the server's process is gone, and told nobody. */
export async function killServer(project: StackProject): Promise<void> {
  const servers = serversOf(project);
  for (const pid of servers) process.kill(pid, "SIGKILL");
  await eventually("the server is dead", () => serversOf(project).length === 0 || undefined);
}

/** A CSV of so many rows: id, name, amount. */
export function csvOf(rows: number): string {
  const lines = Array.from({ length: rows }, (_, i) => `${String(i).padStart(6, "0")},name ${String(i)},${String(i * 3)}`);
  return ["id,name,amount", ...lines, ""].join("\n");
}
