import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { TableferryError } from "../../src/base/error.ts";
import { atLeast, OLDEST_GO_VERSION, PULUMI_VERSION } from "./cli-version.ts";
import type { Progress } from "./progress.ts";

const PACKAGE = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi";
const TAGS = "osusergo,grpcnotrace";
const VERSION_VARIABLE = "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version";

/** Measured on 2 cores with empty caches: 1 to 2 min of downloads, 5.5 to 6 min of compiling. */
const ESTIMATE = "6 to 8 minutes on 2 idle cores with empty caches, most of it compiling";

/** Undefined when a new enough Go is there, else what is wrong with it. */
export async function goProblem(): Promise<string | undefined> {
  // In the module's folder, so that a Go which may fetch the toolchain named in go.mod does so and answers for it.
  const answer = await run(["env", "GOVERSION"], () => undefined).catch(() => undefined);
  if (answer === undefined) return "there is no usable Go on PATH";
  return atLeast(answer, OLDEST_GO_VERSION) ? undefined : `Go on PATH is ${answer.trim()}, older than ${OLDEST_GO_VERSION}`;
}

/**
 * Builds the CLI from its Go modules into `binary`.
 *
 * @throws TableferryError TF_PULUMI_CLI with Go's last words when a module cannot be had or does not compile.
 */
export async function buildPulumi(binary: string, progress: Progress): Promise<void> {
  progress.say(`Building the Pulumi CLI ${PULUMI_VERSION} from its Go modules, once: ${ESTIMATE}.`);
  let downloads = 0;
  progress.phase("1 of 2: reading the module list");
  const packages = await run(["list", "-deps", "-tags", TAGS, PACKAGE], (line) => {
    if (line.startsWith("go: downloading")) downloads += 1;
    progress.phase(`1 of 2: downloading modules, ${String(downloads)} so far`);
  });
  const total = packages.split("\n").filter((line) => line !== "").length;
  let compiled = 0;
  progress.phase(`2 of 2: compiling ${String(total)} packages (fewer if Go has some cached)`);
  const flags = ["-v", "-trimpath", "-tags", TAGS, "-ldflags", `-s -w -X ${VERSION_VARIABLE}=v${PULUMI_VERSION}`];
  await run(["build", ...flags, "-o", binary, PACKAGE], (line) => {
    if (line !== PACKAGE && !line.startsWith("go: ")) compiled += 1;
    progress.phase(
      line === PACKAGE
        ? "2 of 2: compiling and linking the last package"
        : `2 of 2: ${String(compiled)} of ${String(total)} packages compiled`,
    );
  });
}

/** Runs `go` in this folder, which is the module; what it says on stderr goes to `onLine` as it comes. */
async function run(args: readonly string[], onLine: (line: string) => void): Promise<string> {
  const child = spawn("go", args, {
    cwd: import.meta.dirname,
    env: { ...process.env, CGO_ENABLED: "0", GOFLAGS: "-mod=readonly", GOWORK: "off" },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  // The whole group, or a compiler goes on behind our back; an interrupt, because then Go removes its working folder.
  const stop = () => {
    if (child.pid !== undefined) process.kill(-child.pid, "SIGINT");
  };
  process.once("exit", stop);
  const lastLines: string[] = [];
  createInterface(child.stderr).on("line", (line) => {
    lastLines.push(line);
    if (lastLines.length > 15) lastLines.shift();
    onLine(line);
  });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
  try {
    const [code] = (await once(child, "close")) as [number | null];
    if (code === 0) return output;
  } finally {
    process.removeListener("exit", stop);
  }
  throw new TableferryError("TF_PULUMI_CLI", {
    message: `"go ${args[0] ?? ""}" failed while building the Pulumi CLI:\n${lastLines.join("\n")}`,
    wayOut:
      "See Go's message above: usually the module proxy cannot be reached (GOPROXY) or the disk is full. Run again; what is built stays built.",
  });
}
