/**
 * `tableferry/provider`: what the one line of text in every stack's state loads, one export a kind of resource. The names stand in the
 * state, so they stay; each version must serve resources that older ones made.
 *
 * An `up` with nothing to do should cost little more than any dynamic resource does, so nothing is imported here: the compile cache comes
 * first (it halves the time to load the library), the resources with the first call, the library with the first that needs it.
 */
import { enableCompileCache } from "node:module";
import type { DynamicProvider } from "./dynamic-provider.ts";
import type { resources } from "./resources.ts";

enableCompileCache();

function lazily(kind: keyof typeof resources): DynamicProvider {
  const load = async () => (await import("./resources.ts")).resources[kind];
  return {
    check: async (...given) => (await load()).check(...given),
    diff: async (...given) => (await load()).diff(...given),
    create: async (...given) => (await load()).create(...given),
    update: async (...given) => (await load()).update(...given),
    read: async (...given) => (await load()).read(...given),
    delete: async (...given) => (await load()).delete(...given),
  };
}

export const embeddedStore = lazily("embeddedStore");
export const instance = lazily("instance");
export const table = lazily("table");
export const migration = lazily("migration");
export const verification = lazily("verification");
export const syncJob = lazily("syncJob");
export const tunnel = lazily("tunnel");
export const cutover = lazily("cutover");
