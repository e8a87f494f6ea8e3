/**
 * Pulumi's language host for Node, in place of the official `pulumi-language-nodejs`, which cannot be built from Go
 * modules. The engine starts it with its own address as the last argument and reads the port from the first line.
 */
import { readFileSync } from "node:fs";
import { promisify } from "node:util";
import { onEngineGone } from "./engine-watch.ts";
import { ProgramRunner } from "./program.ts";
import { loadSdk, type PulumiSdk } from "./pulumi-sdk.ts";
import { languageService } from "./service.ts";

/** As the engine's own gRPC servers and clients. */
const MAX_MESSAGE_BYTES = 400 * 1024 * 1024;

/** The engine kills this process group 5 s after it asked it to leave. */
const LEAVE_GRACE_MS = 4_000;

/** Without its engine a program can achieve nothing more: it gets the time to write down where it stands. */
const ORPHAN_GRACE_MS = 2_000;

/** What the installer wrote beside this file; nothing of it is needed in a checkout. */
interface Installed {
  readonly checkout?: string;
  readonly cliVersion?: string;
}

function readInstalled(): Installed {
  try {
    return JSON.parse(readFileSync(new URL("installed.json", import.meta.url), "utf8")) as Installed;
  } catch {
    return {};
  }
}

async function serve(sdk: PulumiSdk, runner: ProgramRunner, version: string): Promise<void> {
  const server = new sdk.grpc.Server({
    "grpc.max_receive_message_length": MAX_MESSAGE_BYTES,
    "grpc.max_send_message_length": MAX_MESSAGE_BYTES,
  });
  server.addService(sdk.service.LanguageRuntimeService, languageService(sdk, runner, version));
  const bind = promisify(server.bindAsync.bind(server));
  const port = await bind("127.0.0.1:0", sdk.grpc.ServerCredentials.createInsecure());
  process.stdout.write(`${String(port)}\n`);
}

const installed = readInstalled();
const version = installed.cliVersion ?? "";
const words = process.argv.slice(2);
if (words.includes("-version") || words.includes("--version")) {
  console.log(version);
  process.exit(0);
}

const runner = new ProgramRunner(words.at(-1) ?? "");
let leaving = false;
const leave = (graceMs: number) => {
  if (leaving) return;
  leaving = true;
  void runner.stop(graceMs).finally(() => process.exit(0));
};
process.on("SIGINT", () => leave(LEAVE_GRACE_MS));
process.on("SIGTERM", () => leave(LEAVE_GRACE_MS));
onEngineGone(() => leave(ORPHAN_GRACE_MS));
// The engine's end of these pipes may close first; that must not end us before the program has been stopped.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => leave(ORPHAN_GRACE_MS));

try {
  await serve(loadSdk([process.cwd(), ...(installed.checkout === undefined ? [] : [installed.checkout])]), runner, version);
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exit(1);
}
