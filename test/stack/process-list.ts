import { readdirSync, readFileSync, readlinkSync } from "node:fs";

export type ProcessRole = "engine" | "host" | "program" | "provider" | "other";

export interface ProcessEntry {
  readonly pid: number;
  readonly parent: number;
  readonly role: ProcessRole;
  readonly command: string;
}

/**
 * The living processes that belong to a test folder: started with the mark in their environment, standing in the folder,
 * or naming it on their command line. So those are found too whose parent is dead, and those that dropped the mark.
 * Reads /proc, hence Linux only.
 */
export function processesOf(mark: string, folder: string): ProcessEntry[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((name) => {
      const place = `/proc/${name}`;
      const command = quietly(() => readFileSync(`${place}/cmdline`, "utf8"))
        .replaceAll("\0", " ")
        .trim();
      if (command === "") return []; // gone, a zombie, or the kernel's
      const belongs =
        quietly(() => readFileSync(`${place}/environ`, "utf8")).includes(mark) ||
        isWithin(
          quietly(() => readlinkSync(`${place}/cwd`)),
          folder,
        ) ||
        command.includes(folder);
      if (!belongs) return [];
      // The name in parentheses may hold blanks and parentheses itself: the state comes after the last one.
      const [state, parent] =
        quietly(() => readFileSync(`${place}/stat`, "utf8"))
          .split(") ")
          .at(-1)
          ?.split(" ") ?? [];
      if (state === "Z" || parent === undefined) return [];
      return [{ pid: Number(name), parent: Number(parent), role: roleOf(command), command }];
    });
}

function roleOf(command: string): ProcessRole {
  if (command.includes("/cmd/run/")) return "program";
  if (command.includes("/cmd/dynamic-provider/") || command.includes("pulumi-resource-pulumi-nodejs")) return "provider";
  if (command.includes("language-host") || command.includes("pulumi-language-nodejs")) return "host";
  return /(^|\/)pulumi( |$)/.test(command) ? "engine" : "other";
}

function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}

/** A process may end between being listed and being read. */
function quietly(read: () => string): string {
  try {
    return read();
  } catch {
    return "";
  }
}
