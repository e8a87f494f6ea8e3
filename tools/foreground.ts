import { spawn } from "node:child_process";
import { once } from "node:events";

/** A signal that comes twice within this time was one signal, delivered by two ways (npm sends on what it gets). */
const SAME_SIGNAL_MS = 500;

export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/**
 * Runs a command in place of this process: same terminal, and every interrupt reaches it exactly once. To `pulumi` a
 * second one means "leave at once and forget what is running", so doubling one is not harmless.
 */
export async function runInForeground(
  command: string,
  args: readonly string[],
  options: { cwd: string; env: NodeJS.ProcessEnv },
): Promise<Ending> {
  // On a terminal Ctrl-C goes to the whole process group, hence to the child too. Elsewhere nobody can tell who got a
  // signal, so the child gets a session of its own and we are the only ones who pass signals on.
  const sharesTerminal = process.stdin.isTTY;
  const child = spawn(command, args, { ...options, stdio: "inherit", detached: !sharesTerminal });
  const forward = onceWithin(SAME_SIGNAL_MS, (signal) => child.kill(signal));
  process.on("SIGINT", () => {
    if (!sharesTerminal) forward("SIGINT");
  });
  process.on("SIGTERM", () => forward("SIGTERM"));
  // The hang-up of a lost connection: `pulumi` knows how to stop for SIGTERM only.
  process.on("SIGHUP", () => forward("SIGTERM"));
  const [code, signal] = (await once(child, "exit")) as [number | null, NodeJS.Signals | null];
  return { code, signal };
}

function onceWithin(withinMs: number, send: (signal: NodeJS.Signals) => void): (signal: NodeJS.Signals) => void {
  const last = new Map<NodeJS.Signals, number>();
  return (signal) => {
    const now = performance.now();
    if (now - (last.get(signal) ?? Number.NEGATIVE_INFINITY) < withinMs) return;
    last.set(signal, now);
    send(signal);
  };
}
