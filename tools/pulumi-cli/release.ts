import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { PULUMI_VERSION } from "./cli-version.ts";

/** Where Pulumi's own installer, which the Automation API runs, fetches its script from. */
const INSTALL_SCRIPT = "https://get.pulumi.com/install.sh";

/** Offline machines often swallow packets: this is all the time the question "is there internet?" may take. */
const CONNECT_MS = 20_000;

/** The archive has some 100 MB. */
const DOWNLOAD_MS = 10 * 60_000;

/**
 * Fetches the official release of the CLI into `root`, so that `root/bin` holds it with its plugins.
 *
 * @returns undefined when it is there, else why it could not be had. Not an error: there is another way.
 */
export async function fetchRelease(root: string): Promise<string | undefined> {
  try {
    const answer = await fetch(INSTALL_SCRIPT, { method: "HEAD", signal: AbortSignal.timeout(CONNECT_MS) });
    if (!answer.ok) return `get.pulumi.com answered ${String(answer.status)}`;
  } catch (error) {
    return `get.pulumi.com cannot be reached (${reason(error)})`;
  }
  // A process of its own: the installer cannot be aborted, but a process group can be ended.
  const script = fileURLToPath(new URL("release-installer.ts", import.meta.url));
  const child = spawn(process.execPath, [script, root, PULUMI_VERSION], { stdio: ["ignore", "ignore", "pipe"], detached: true });
  const end = () => {
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) process.kill(-child.pid, "SIGKILL");
  };
  const deadline = setTimeout(end, DOWNLOAD_MS);
  process.once("exit", end);
  let complaint = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (complaint = (complaint + text).slice(-1_000)));
  try {
    const [code] = (await once(child, "close")) as [number | null];
    return code === 0 ? undefined : `Pulumi's installer failed: ${complaint.trim() || "it took longer than 10 minutes"}`;
  } finally {
    clearTimeout(deadline);
    process.removeListener("exit", end);
  }
}

function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === "TimeoutError") return `no answer within ${String(CONNECT_MS / 1_000)} s`;
  return error.cause instanceof Error ? error.cause.message : error.message;
}
