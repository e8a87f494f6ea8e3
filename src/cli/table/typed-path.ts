import { relative } from "node:path";

/** A path as the user would type it from where he stands. */
export function typedPath(path: string, folder: string): string {
  const short = relative(folder, path);
  return short.startsWith("..") ? path : short || ".";
}
