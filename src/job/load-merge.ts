import { isAbsolute, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { TableferryError, toError } from "../base/error.ts";
import type { Merge } from "./merge.ts";

/**
 * Loads a module of merge functions.
 * @param folder absolute, from which its path resolves
 * @throws TF_TWO_WAY when it is missing, throws while loading or exports anything else
 */
export async function loadMerge(path: string, folder: string): Promise<ReadonlyMap<string, Merge>> {
  let loaded: unknown;
  try {
    loaded = await import(/* @vite-ignore */ pathToFileURL(isAbsolute(path) ? path : resolve(folder, path)).href);
  } catch (cause) {
    throw broken(path, `cannot be loaded: ${toError(cause).message.split("\n")[0]}`, cause);
  }
  const functions = typeof loaded === "object" && loaded !== null && "default" in loaded ? loaded.default : undefined;
  if (typeof functions !== "object" || functions === null) throw broken(path, "has no merge functions as its default export");
  return new Map(
    Object.entries(functions).map(([column, merge]) => {
      if (typeof merge !== "function") throw broken(path, `says of column ${column} what is no function`);
      return [column, merge as Merge];
    }),
  );
}

function broken(place: string, what: string, cause?: unknown): TableferryError {
  return new TableferryError("TF_TWO_WAY", {
    message: `the merge module ${what}`,
    place,
    wayOut: "Write `export default defineMerge({ column: ({ source, target }) => … })`; its path is relative to the job file.",
    cause,
  });
}
