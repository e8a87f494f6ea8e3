import { existsSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { TableferryError } from "../src/base/error.ts";
import { withLock } from "./pulumi-cli/build-lock.ts";
import { OLDEST_GO_VERSION, OLDEST_PULUMI_VERSION, PULUMI_VERSION } from "./pulumi-cli/cli-version.ts";
import { cachedCli, cachedRoot, cliOnPath, type PulumiCli } from "./pulumi-cli/find-cli.ts";
import { buildPulumi, goProblem } from "./pulumi-cli/go-build.ts";
import { installLanguageHost } from "./pulumi-cli/install-host.ts";
import { Progress } from "./pulumi-cli/progress.ts";
import { fetchRelease } from "./pulumi-cli/release.ts";

export type { PulumiCli } from "./pulumi-cli/find-cli.ts";

/**
 * Finds the Pulumi CLI, or gets it: from PATH (3.229.0 or later, with a Node language host), else from
 * `$PULUMI_HOME/versions`, else the official release, else built from Go modules. Progress goes to stderr. Whoever asks
 * while another process is at it waits for that one.
 *
 * @throws TableferryError TF_PULUMI_CLI when there is none and neither internet nor Go to get it with.
 */
export async function ensurePulumi(): Promise<PulumiCli> {
  const unusable: string[] = [];
  const found = await findPulumi((why) => unusable.push(why));
  if (found !== undefined) return found;
  const root = cachedRoot();
  mkdirSync(dirname(root), { recursive: true });
  const progress = new Progress(process.stderr);
  for (const why of unusable) progress.say(`Not used: ${why}.`);
  const stopListening = leaveCleanlyOnSignals();
  const waiting = (owner: number) => progress.phase(`waiting for process ${String(owner)}, which is getting the Pulumi CLI`);
  try {
    return await withLock(`${root}.lock`, waiting, async () => cachedCli(root) ?? (await getPulumi(root, progress)));
  } finally {
    stopListening();
    progress.stop();
  }
}

/** The CLI if this machine has it; never fetches or builds. */
export async function findPulumi(onUnusable: (why: string) => void = () => undefined): Promise<PulumiCli | undefined> {
  const found = (await cliOnPath(process.env, onUnusable)) ?? cachedCli(cachedRoot());
  // A CLI with our language host gets the host of this checkout; one with the official host is left as it is.
  if (found?.ours === true) installLanguageHost(dirname(realpathSync(found.bin)));
  return found;
}

async function getPulumi(root: string, progress: Progress): Promise<PulumiCli> {
  removeLeftovers(root);
  // Everything is made aside and moved into place when whole, so that a failure leaves nothing that looks finished.
  const aside = mkdtempSync(`${root}.making-`);
  const remove = () => rmSync(aside, { recursive: true, force: true });
  process.once("exit", remove);
  try {
    progress.phase(`looking for the official release ${PULUMI_VERSION}`);
    const noRelease = await fetchRelease(aside);
    if (noRelease !== undefined) {
      const noGo = await goProblem();
      if (noGo !== undefined) throw nothingWorks(noRelease, noGo);
      progress.say(`No official release: ${noRelease}.`);
      rmSync(join(aside, "bin"), { recursive: true, force: true });
      mkdirSync(join(aside, "bin"));
      await buildPulumi(join(aside, "bin", "pulumi"), progress);
      installLanguageHost(join(aside, "bin"));
    }
    moveInto(join(aside, "bin"), join(root, "bin"));
  } finally {
    process.removeListener("exit", remove);
    remove();
  }
  const cli = cachedCli(root);
  if (cli === undefined) throw new TableferryError("TF_INTERNAL", { message: "the Pulumi CLI was made but is not complete", place: root });
  progress.say(`The Pulumi CLI ${cli.version} is in ${dirname(cli.bin)} after ${progress.seconds.toFixed(0)} s.`);
  return cli;
}

/** A signal's default ends the process without its exit listeners, which stop `go` and remove what is half made. */
function leaveCleanlyOnSignals(): () => void {
  const leave = (_signal: NodeJS.Signals, number: number) => process.exit(128 + number);
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const signal of signals) process.on(signal, leave);
  return () => {
    for (const signal of signals) process.removeListener(signal, leave);
  };
}

/** `pulumi` itself last: only then does the folder count as an installation. */
function moveInto(from: string, to: string): void {
  mkdirSync(to, { recursive: true });
  const names = readdirSync(from).sort((a, b) => Number(a === "pulumi") - Number(b === "pulumi"));
  for (const name of names) {
    rmSync(join(to, name), { recursive: true, force: true });
    renameSync(join(from, name), join(to, name));
  }
}

/** What a killed process left behind; called only under the lock. */
function removeLeftovers(root: string): void {
  const versions = dirname(root);
  if (!existsSync(versions)) return;
  for (const name of readdirSync(versions)) {
    if (join(versions, name).startsWith(`${root}.making-`)) rmSync(join(versions, name), { recursive: true, force: true });
  }
}

function nothingWorks(noRelease: string, noGo: string): TableferryError {
  return new TableferryError("TF_PULUMI_CLI", {
    message: `there is no Pulumi CLI here and no way to get one: ${noRelease}, and ${noGo}`,
    wayOut:
      `Any of: install Pulumi ${OLDEST_PULUMI_VERSION} or later from https://www.pulumi.com/docs/install and put it on PATH; ` +
      `connect this machine to the internet; install Go ${OLDEST_GO_VERSION} or later and run again.`,
  });
}
