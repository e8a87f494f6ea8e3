import { createHash } from "node:crypto";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { PULUMI_VERSION } from "./cli-version.ts";

const SOURCE = join(import.meta.dirname, "..", "language-host");
const CHECKOUT = join(import.meta.dirname, "..", "..");
const FOLDER = "tableferry-language-host";
/** The mark beside a CLI that its language host is ours, and of which state. */
const MARK = `${FOLDER}.json`;

const SUPERSEDED_AFTER_MS = 60_000;

/** What the installed host must know of the machine; read by language-host/main.ts. */
interface Installed {
  readonly sources: string;
  readonly cliVersion: string;
  /** Falls back to this checkout's `@pulumi/pulumi` where the program's folder has none (e.g. for `pulumi about`). */
  readonly checkout: string;
  /** A Node that is new enough, for a PATH that has none. */
  readonly node: string;
}

/** Whether the language host in this folder was put there by `installLanguageHost`. */
export function hasOurHost(binFolder: string): boolean {
  return existsSync(join(binFolder, MARK));
}

/**
 * Puts the language host and the dynamic provider's starter beside a CLI, or brings them up to date. Cheap when nothing
 * is to be done. The files move into place one by one and whole, so a `pulumi` that starts meanwhile finds old or new.
 */
export function installLanguageHost(binFolder: string): void {
  const sources = sourceFiles();
  const hash = createHash("sha256")
    .update(sources.map(({ name, text }) => `${name}\0${text}\0`).join(""))
    .digest("hex")
    .slice(0, 16);
  if (isCurrent(binFolder, hash)) return;
  mkdirSync(binFolder, { recursive: true });
  const temporary = mkdtempSync(join(binFolder, ".installing-"));
  try {
    // A folder of its own for each version of the sources: a host that is starting keeps the one it began to load.
    const versioned = `${FOLDER}-${hash}`;
    mkdirSync(join(temporary, versioned));
    for (const { name, text } of sources) writeFileSync(join(temporary, versioned, name), text);
    writeFileSync(join(temporary, versioned, "package.json"), '{ "type": "module" }\n');
    const installed: Installed = { sources: hash, cliVersion: PULUMI_VERSION, checkout: CHECKOUT, node: process.execPath };
    writeFileSync(join(temporary, versioned, "installed.json"), `${JSON.stringify(installed, undefined, 2)}\n`);
    writeFileSync(join(temporary, MARK), `${JSON.stringify(installed, undefined, 2)}\n`);
    writeFileSync(join(temporary, "pulumi-language-nodejs"), launcher(versioned, process.execPath), { mode: 0o755 });
    const provider = join(temporary, "pulumi-resource-pulumi-nodejs");
    copyFileSync(createRequire(import.meta.url).resolve("@pulumi/pulumi/pulumi-resource-pulumi-nodejs"), provider);
    chmodSync(provider, 0o755);
    rmSync(join(binFolder, versioned), { recursive: true, force: true });
    // The launcher after what it starts, the mark that says "current" last.
    for (const name of [versioned, "pulumi-resource-pulumi-nodejs", "pulumi-language-nodejs", MARK]) {
      renameSync(join(temporary, name), join(binFolder, name));
    }
    removeSuperseded(binFolder, versioned);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

/** Sources of earlier versions, once nothing can be starting from them any more. */
function removeSuperseded(binFolder: string, current: string): void {
  for (const name of readdirSync(binFolder)) {
    const folder = join(binFolder, name);
    if (!name.startsWith(`${FOLDER}-`) || name === current) continue;
    if (Date.now() - statSync(folder).mtimeMs > SUPERSEDED_AFTER_MS) rmSync(folder, { recursive: true, force: true });
  }
}

function sourceFiles(): { name: string; text: string }[] {
  return readdirSync(SOURCE)
    .filter((name) => name.endsWith(".ts"))
    .sort()
    .map((name) => ({ name, text: readFileSync(join(SOURCE, name), "utf8") }));
}

function isCurrent(binFolder: string, hash: string): boolean {
  try {
    const installed = JSON.parse(readFileSync(join(binFolder, MARK), "utf8")) as Partial<Installed>;
    // A checkout or a Node that has moved away leaves the fallbacks dead: take over with ours.
    return installed.sources === hash && existsSync(installed.checkout ?? "") && existsSync(installed.node ?? "");
  } catch {
    return false;
  }
}

/** `node` of PATH when it strips types by itself (22.18, 23.6 or later), else the one that installed this. */
function launcher(folder: string, node: string): string {
  return `#!/bin/sh
# Pulumi's language host for Node, installed by tableferry (tools/pulumi-cli/install-host.ts).
node=node
case "$(node --version 2>/dev/null)" in
  v22.1[89].*|v22.[2-9][0-9].*|v23.[6-9].*|v23.1[0-9].*|v2[4-9].*|v[3-9][0-9].*) ;;
  *) node=${shellQuoted(node)} ;;
esac
exec "$node" --disable-warning=ExperimentalWarning "\${0%/*}/${folder}/main.ts" "$@"
`;
}

function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
