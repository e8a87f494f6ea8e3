import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, isAbsolute, join, relative } from "node:path";
import { rolldown } from "rolldown";

/**
 * Puts a few chunks in the place of a folder's hundreds of modules, because a start is mostly the loading of modules, one by one (figures in
 * docs/architecture.md). Entries stay where they are, declarations too; what several entries share is there once, so that a class is one class for
 * all of them, and what is imported only when needed stays apart. Packages stay imports.
 * @param entries paths of compiled ES modules within `folder`
 * @throws what the bundler refuses, and what it warns of: an import that is lazy in vain, say
 */
export async function bundle(folder: string, entries: readonly string[]): Promise<void> {
  const build = await rolldown({
    // The comment above each module's code, which is how a line of a stack trace leads back to its source, names it from here.
    cwd: folder,
    input: Object.fromEntries(entries.map((path) => [relative(folder, path).replaceAll("\\", "/").replace(/\.js$/, ""), path])),
    platform: "node",
    external: (id) => !id.startsWith(".") && !isAbsolute(id),
    onLog: (level, log) => {
      if (level === "warn") throw new Error(log.message);
    },
  });
  const { output } = await build.generate({
    format: "esm",
    entryFileNames: "[name].js",
    // The hash, so that a worker which outlives an upgrade of the package fails to find a chunk rather than run another version's.
    chunkFileNames: "chunks/[name]-[hash].js",
    minifyInternalExports: false,
    // The declarations carry the documentation; without it the package is a fifth smaller.
    comments: false,
    codeSplitting: {
      groups: [
        // What even `tableferry --version` needs, and no more: an error of the service has an exit code, and chance loads node:crypto.
        { name: "base", test: /[\\/]src[\\/](base[\\/](?!chance\.js)|wire[\\/]service-error\.js)/ },
        // By itself the bundler cuts these two rooms into a chunk for every set of entries that meet there: a store in memory would load 20 files, not 10.
        { name: "wire", test: /[\\/]src[\\/](wire|model)[\\/]/ },
      ],
    },
  });
  await build.close();
  for (const path of readdirSync(folder, { recursive: true, encoding: "utf8" })) if (path.endsWith(".js")) rmSync(join(folder, path));
  for (const file of output) {
    const path = join(folder, file.fileName);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, file.type === "chunk" ? file.code : file.source);
  }
}
