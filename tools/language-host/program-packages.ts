import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

export interface ProgramPackage {
  readonly name: string;
  readonly version: string;
}

interface Manifest {
  readonly version?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

/**
 * The packages a program stands on, for `pulumi about`: those its package.json names, with the installed version, or
 * with `transitive` everything npm has installed for it.
 */
export function programPackages(programFolder: string, transitive: boolean): ProgramPackage[] {
  const root = upward(programFolder).find((folder) => existsSync(join(folder, "package.json")));
  if (root === undefined) return [];
  const direct = directPackages(root);
  return transitive
    ? [...new Map([...direct, ...lockedPackages(root)].map((one) => [`${one.name}@${one.version}`, one])).values()]
    : direct;
}

function directPackages(root: string): ProgramPackage[] {
  const manifest = readJson<Manifest>(join(root, "package.json"));
  return Object.entries({ ...manifest?.dependencies, ...manifest?.devDependencies }).map(([name, range]) => ({
    name,
    version: installedVersion(root, name) ?? range,
  }));
}

function installedVersion(root: string, name: string): string | undefined {
  for (const folder of upward(root)) {
    const version = readJson<Manifest>(join(folder, "node_modules", name, "package.json"))?.version;
    if (version !== undefined) return version;
  }
  return undefined;
}

/** npm keeps the list of what it put into node_modules there; other package managers leave the direct ones only. */
function lockedPackages(root: string): ProgramPackage[] {
  const lock = readJson<{ packages?: Record<string, Manifest> }>(join(root, "node_modules", ".package-lock.json"));
  return Object.entries(lock?.packages ?? {}).flatMap(([path, { version }]) =>
    version === undefined ? [] : [{ name: path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length), version }],
  );
}

function readJson<T>(path: string): T | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as T;
  } catch {
    return undefined;
  }
}

/** The folder and all its parents, nearest first. */
export function upward(folder: string): string[] {
  const parent = dirname(folder);
  return parent === folder ? [folder] : [folder, ...upward(parent)];
}
