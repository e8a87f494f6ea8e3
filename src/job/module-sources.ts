import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { dirname, relative, resolve, sep } from "node:path";

/** A module and the files it imports relatively, with one hash over all of them. */
export interface ModuleSources {
  /** SHA-256 over names (relative to the module's folder) and contents, so that it is the same on every machine. */
  readonly hash: string;
  readonly files: readonly SourceText[];
}

export interface SourceText {
  /** Absolute path. */
  readonly path: string;
  readonly text: string;
}

/** What follows `from`, `import` or `require(` in quotes, when it begins with a dot. */
const relativeImport = /(?:\bfrom|\bimport|\brequire)\s*\(?\s*(["'])(\.\.?\/[^"'\n]*)\1/g;
const moduleFilesMax = 500;

/**
 * Collects a module and, transitively, its relative imports. The scan is textual: it may take in a file that is only named in a
 * comment, never leave one out that a literal import names. Files that do not exist are left to the import itself to report.
 */
export function moduleSources(entry: string): ModuleSources {
  const found = new Map<string, string>();
  const open = [entry];
  for (let path = open.pop(); path !== undefined && found.size < moduleFilesMax; path = open.pop()) {
    if (found.has(path)) continue;
    const text = path === entry ? readFileSync(path, "utf8") : readIfThere(path);
    if (text === undefined) continue;
    found.set(path, text);
    for (const match of text.matchAll(relativeImport)) open.push(...candidates(resolve(dirname(path), match[2]!)));
  }
  const files = [...found].map(([path, text]) => ({ path, text, name: relative(dirname(entry), path).split(sep).join("/") }));
  files.sort((a, b) => (a.name < b.name ? -1 : 1));
  const hash = createHash("sha256");
  for (const { name, text } of files) hash.update(`${name}\0${text.length}\0${text}\0`);
  return { hash: hash.digest("hex"), files };
}

/** Where `import "./x"` may point: the very file, or what CommonJS makes of it. */
function candidates(path: string): string[] {
  const base = path.replace(/[?#].*$/, "");
  return [
    base,
    `${base}.ts`,
    `${base}.js`,
    `${base}.mjs`,
    `${base}.cjs`,
    `${base}.json`,
    resolve(base, "index.ts"),
    resolve(base, "index.js"),
  ];
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
