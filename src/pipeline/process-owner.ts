import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";
import { hasSystemCode } from "../base/error.ts";

/** Which process holds something, precise enough to know for sure that it is gone. */
export interface ProcessOwner {
  readonly host: string;
  /** Changes with every start of the machine; empty where the system does not tell. */
  readonly boot: string;
  /** The process-id namespace: two containers on one machine count their processes apart. */
  readonly pidSpace: string;
  readonly pid: number;
  /** Start time of the process in clock ticks since boot, so that a reused pid is not taken for it. */
  readonly started: string;
}

export function thisProcess(): ProcessOwner {
  return {
    host: hostname(),
    boot: firstLine("/proc/sys/kernel/random/boot_id"),
    pidSpace: link("/proc/self/ns/pid"),
    pid: process.pid,
    started: startTicks(process.pid) ?? "",
  };
}

/**
 * True only when the process surely runs no more: same machine, same start of it, same pid namespace, and no such process (or
 * another one under its pid, or a zombie). Everything doubtful is false.
 */
export function provablyDead(owner: ProcessOwner, here: ProcessOwner = thisProcess()): boolean {
  const comparable =
    owner.host === here.host && owner.boot !== "" && owner.boot === here.boot && owner.pidSpace === here.pidSpace && owner.pidSpace !== "";
  if (!comparable) return false;
  const started = startTicks(owner.pid);
  return started === undefined || (owner.started !== "" && started !== owner.started);
}

/** A process of this machine as it is now; undefined when none lives under this pid. */
export function ownerOf(pid: number): ProcessOwner | undefined {
  const started = startTicks(pid);
  return started === undefined ? undefined : { ...thisProcess(), pid, started };
}

/**
 * True only when this very process runs where it can be signalled from here: same start of the machine, same pid namespace, same start of the process.
 * A system that tells neither is believed by host and pid.
 */
export function livesHere(owner: ProcessOwner, here: ProcessOwner = thisProcess()): boolean {
  const sameMachine = owner.boot === here.boot && (here.boot !== "" || owner.host === here.host);
  return sameMachine && owner.pidSpace === here.pidSpace && startTicks(owner.pid) === owner.started;
}

export function ownerText(owner: ProcessOwner): string {
  return `process ${owner.pid} on ${owner.host}`;
}

/** Undefined when no living process has this pid. */
function startTicks(pid: number): string | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch {
    return isAlive(pid) ? "" : undefined;
  }
  // The command's name stands in brackets and may hold anything, brackets and spaces too.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields[0] === "Z" || fields[0] === "X" ? undefined : (fields[19] ?? "");
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return hasSystemCode(error, "EPERM");
  }
}

function firstLine(path: string): string {
  try {
    return readFileSync(path, "utf8").split("\n")[0] ?? "";
  } catch {
    return "";
  }
}

function link(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}
