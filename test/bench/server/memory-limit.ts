import { existsSync, mkdirSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const version1 = { parent: "/sys/fs/cgroup/memory", limit: "memory.limit_in_bytes" };
const version2 = { parent: "/sys/fs/cgroup", limit: "memory.max" };

/**
 * A control group whose processes have so much memory together, pages of files that the kernel keeps for them included. Undefined where the kernel has none, or lets
 * only others make one.
 */
export class MemoryLimit {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static make(bytes: number): MemoryLimit | undefined {
    for (const { parent, limit } of [version1, version2]) {
      const folder = join(parent, `tableferry-bench-${process.pid}`);
      try {
        mkdirSync(folder);
        // A folder of an ordinary file system takes any file.
        if (existsSync(join(folder, limit))) {
          writeFileSync(join(folder, limit), String(bytes));
          return new MemoryLimit(folder);
        }
      } catch {
        // No right to, or no such controller.
      }
      tryToRemove(folder);
    }
    return undefined;
  }

  add(pid: number): void {
    writeFileSync(join(this.#folder, "cgroup.procs"), String(pid));
  }

  /** When its processes have ended. */
  remove(): void {
    tryToRemove(this.#folder);
  }
}

function tryToRemove(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // It was not made, or the kernel removes it with the machine.
  }
}
