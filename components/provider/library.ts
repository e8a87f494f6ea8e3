import type * as Library from "../../src/index.ts";

let loading: Promise<typeof Library> | undefined;

/** The library, loaded when a provider first needs it: listing what has not changed does not. */
export function library(): Promise<typeof Library> {
  loading ??= import("../../src/index.ts");
  return loading;
}
