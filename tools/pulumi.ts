/** `npm run pulumi -- ARGS`: the Pulumi CLI on this checkout's stacks, with all it needs got and set. */
import { dirname, resolve, sep } from "node:path";
import { TableferryError } from "../src/base/error.ts";
import { runInForeground } from "./foreground.ts";
import { ensurePulumi } from "./pulumi-cli.ts";
import { pulumiEnvironment } from "./pulumi-environment.ts";

const checkout = dirname(import.meta.dirname);

/** npm runs scripts in the package's root, and says in INIT_CWD where the user stands: a stack folder, perhaps. */
function userFolder(): string {
  const from = process.env["npm_lifecycle_event"] === undefined ? undefined : process.env["INIT_CWD"];
  const inside = from !== undefined && `${resolve(from)}${sep}`.startsWith(`${checkout}${sep}`);
  return inside ? resolve(from) : process.cwd();
}

try {
  const cli = await ensurePulumi();
  const cwd = userFolder();
  const env = pulumiEnvironment(checkout, cli, cwd, process.env);
  const { code, signal } = await runInForeground(cli.bin, process.argv.slice(2), { cwd, env });
  if (signal !== null) {
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  }
  process.exitCode = code ?? 1;
} catch (error) {
  if (!(error instanceof TableferryError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
