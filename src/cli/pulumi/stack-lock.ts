import { readdir, readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import { TableferryError } from "../../base/error.ts";
import { upwards } from "./pulumi-command.ts";

/** Who holds a stack, as the engine wrote it into the lock file of a file backend. */
export interface StackLock {
  readonly file: string;
  readonly pid: number;
  readonly host: string;
  readonly user: string;
  /** Milliseconds since 1970. */
  readonly since: number;
}

/**
 * The locks of a stack in a file backend; none when nobody holds it.
 * @param backend as `pulumi whoami` prints it
 * @throws TF_STACK_LOCKED for a backend that does not say who holds a stack
 */
export async function stackLocks(backend: string, project: string, stack: string): Promise<readonly StackLock[]> {
  if (!backend.startsWith("file://")) {
    throw new TableferryError("TF_STACK_LOCKED", {
      message: "only a file backend tells which process holds a stack",
      place: backend.replace(/\/\/[^/@]*@/, "//"),
      wayOut:
        "Make sure yourself that no `pulumi` works on this stack any more, then: `pulumi cancel` and `pulumi refresh --clear-pending-creates`.",
    });
  }
  const locks = join(backendFolder(backend), ".pulumi", "locks");
  // Since projects have stacks of their own the lock lies under the project; older backends have it under the stack alone.
  const folders = [join(locks, "organization", project, stack), join(locks, stack)];
  const files = await Promise.all(
    folders.map(async (folder) =>
      (await readdir(folder).catch(() => [])).filter((name) => name.endsWith(".json")).map((name) => join(folder, name)),
    ),
  );
  const found = await Promise.all(files.flat().map(readLock));
  return found.filter((lock) => lock !== undefined);
}

/** The project's name, from the Pulumi.yaml that `pulumi` would find. @throws TF_USAGE when there is none */
export async function projectName(folder: string): Promise<string> {
  const file = upwards(folder, "Pulumi.yaml") ?? upwards(folder, "Pulumi.yml");
  const content: unknown = file === undefined ? undefined : parse(await readFile(file, "utf8"));
  if (typeof content === "object" && content !== null && "name" in content && typeof content.name === "string") return content.name;
  throw new TableferryError("TF_USAGE", {
    message: file === undefined ? "there is no Pulumi.yaml here or above" : `${basename(file)} names no project`,
    place: file ?? folder,
    wayOut: "Run it in the folder of the project's Pulumi.yaml.",
  });
}

function backendFolder(backend: string): string {
  const rest = backend.slice("file://".length);
  if (rest === "~" || rest.startsWith("~/")) return join(homedir(), rest.slice(1));
  return rest.startsWith("/") ? fileURLToPath(backend) : rest;
}

/** Undefined for a lock that was released while we looked, or that is no lock. */
async function readLock(file: string): Promise<StackLock | undefined> {
  const text = await readFile(file, "utf8").catch(() => "null");
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof content !== "object" || content === null) return undefined;
  const { pid, hostname, username, timestamp } = content as Record<string, unknown>;
  return { file, pid: Number(pid), host: String(hostname), user: String(username), since: Date.parse(String(timestamp)) };
}
