import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import { hasSystemCode } from "../../base/error.ts";
import type { StackLock } from "./stack-lock.ts";

export type OwnerState = "dead" | "alive" | "elsewhere";

export interface ProcessTable {
  readonly host: string;
  /** Whether a process with this id lives; also true when it may not be asked. */
  lives(pid: number): boolean;
  /** Milliseconds since 1970 at which it started; undefined where that cannot be known. */
  startedAt(pid: number, now: number): number | undefined;
}

/** Clocks and ticks are not exact: a process that seems to have started this much later than its lock may be its owner still. */
const toleranceMs = 10_000;

/** Whether the process that took a lock still lives. An id that now belongs to a younger process is a dead owner's. */
export function ownerState(lock: StackLock, table: ProcessTable, now: number): OwnerState {
  if (lock.host !== table.host) return "elsewhere";
  // Ids of 0 and below name groups; such a lock says nothing of its owner.
  if (!Number.isSafeInteger(lock.pid) || lock.pid <= 0) return "elsewhere";
  if (!table.lives(lock.pid)) return "dead";
  const started = table.startedAt(lock.pid, now);
  return started !== undefined && started > lock.since + toleranceMs ? "dead" : "alive";
}

export const thisMachine: ProcessTable = {
  host: hostname(),
  lives: (pid) => {
    // A zombie answers to its id and does nothing any more.
    if (statOf(pid)?.[0] === "Z") return false;
    try {
      process.kill(pid, 0);
      return true;
    } catch (error) {
      return hasSystemCode(error, "EPERM");
    }
  },
  startedAt: (pid, now) => {
    const ticks = Number(statOf(pid)?.[19]);
    const uptimeSeconds = Number(textOf("/proc/uptime")?.split(" ")[0]);
    const started = now - (uptimeSeconds - ticks / ticksPerSecond) * 1000;
    return Number.isFinite(started) ? started : undefined;
  },
};

/** Linux's USER_HZ, the same on every architecture that Node runs on. */
const ticksPerSecond = 100;

/** Fields of a process from its state on; the name before it, in parentheses, may hold anything. Linux only. */
function statOf(pid: number): string[] | undefined {
  return textOf(`/proc/${pid}/stat`)?.split(") ").at(-1)?.split(" ");
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
