import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync, type WriteStream } from "node:fs";
import { delimiter, join } from "node:path";
import { atLeast } from "../pulumi-cli/cli-version.ts";

/** What it takes to run the cases of one SDK. */
export interface Toolchain {
  /** Why it cannot be used here, and the way out; undefined when it can. */
  missing(): string | undefined;
  /**
   * Gets the SDK by its registry's ordinary client and builds the cases into `cache`; what was done before is not done again.
   * @throws Error when the client or the compiler fails, which `log` explains
   */
  prepare(cache: string, log: WriteStream): Promise<{ readonly command: string; readonly args: readonly string[] }>;
}

const cases = join(import.meta.dirname, "../../test/sdks");
const VERSION = /(\d+\.\d+(?:\.\d+)?)/;

/** Compiled and described by Maven, which keeps what it fetches in its own repository. */
const java: Toolchain = {
  missing: () => {
    const said = output("mvn", ["--version"]);
    const version = /Java version: (\d+)/.exec(said ?? "")?.[1];
    if (version !== undefined && Number(version) >= 17) return undefined;
    return `${said === undefined ? "no Maven (mvn) on PATH" : `Maven runs on Java ${version ?? "?"}`}. Install a JDK 17 or newer and Maven 3.8 or newer.`;
  },
  prepare: async (cache, log) => {
    const classpath = join(cache, "classpath");
    const compile = ["-B", "-f", join(cases, "java/pom.xml"), ...goals(cache, classpath)];
    mkdirSync(cache, { recursive: true });
    // Nothing is asked of the registry where everything is there already.
    await run("mvn", ["-o", ...compile], log).catch(() => run("mvn", compile, log));
    const path = [join(cache, "classes"), readFileSync(classpath, "utf8").trim()].join(delimiter);
    return { command: "java", args: ["-cp", path, "tableferry.sdk.Main"] };
  },
};

const goals = (cache: string, classpath: string) => [
  `-Dsdks.target=${cache}`,
  "compile",
  "dependency:build-classpath",
  `-Dmdep.outputFile=${classpath}`,
];

/** A virtual environment in the cache. */
const python: Toolchain = {
  missing: () => {
    const version = VERSION.exec(output("python3", ["--version"]) ?? "")?.[1];
    if (version === undefined || !atLeast(version, "3.8"))
      return `${version === undefined ? "no python3 on PATH" : `python3 is ${version}`}. Install Python 3.8 or newer.`;
    if (output("python3", ["-c", "import venv, ensurepip"]) !== undefined) return undefined;
    return "python3 cannot make virtual environments. Install its venv module (Debian: python3-venv).";
  },
  prepare: async (cache, log) => {
    const requirements = join(cases, "python/requirements.txt");
    const interpreter = join(cache, "bin/python");
    const wanted = `${output("python3", ["--version"])}${readFileSync(requirements, "utf8")}`;
    await onceFor(cache, wanted, async () => {
      await run("python3", ["-m", "venv", cache], log);
      await run(interpreter, ["-m", "pip", "install", "--disable-pip-version-check", "-r", requirements], log);
    });
    return { command: interpreter, args: ["-u", "-B", join(cases, "python/main.py")] };
  },
};

/** Built from modules, which Go keeps in its own cache. */
const go: Toolchain = {
  missing: () => {
    const version = VERSION.exec(output("go", ["version"]) ?? "")?.[1];
    if (version !== undefined && atLeast(version, "1.22")) return undefined;
    return `${version === undefined ? "no go on PATH" : `go is ${version}`}. Install Go 1.22 or newer.`;
  },
  prepare: async (cache, log) => {
    const program = join(cache, "cases");
    mkdirSync(cache, { recursive: true });
    await run("go", ["build", "-C", join(cases, "go"), "-o", program, "."], log);
    return { command: program, args: [] };
  },
};

export const toolchains: Readonly<Record<string, Toolchain>> = { java, python, go };

/** Fills a cache once as it is wanted; one that was left unfinished, or is wanted otherwise, is begun anew. */
async function onceFor(cache: string, wanted: string, make: () => Promise<void>): Promise<void> {
  const stamp = join(cache, "made-for");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return;
  rmSync(cache, { recursive: true, force: true });
  mkdirSync(cache, { recursive: true });
  await make();
  writeFileSync(stamp, wanted);
}

/** What a command prints; undefined when it is not there or fails. */
function output(command: string, args: readonly string[]): string | undefined {
  const done = spawnSync(command, args, { encoding: "utf8" });
  return done.status === 0 ? `${done.stdout}${done.stderr}` : undefined;
}

async function run(command: string, args: readonly string[], log: WriteStream): Promise<void> {
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"] });
  child.stdout.pipe(log, { end: false });
  child.stderr.pipe(log, { end: false });
  const [code] = (await once(child, "close")) as [number | null];
  if (code !== 0) throw new Error(`${command} ${args[0]} failed`);
}
