import type { StateStore } from "../pipeline/state-store.ts";

/** Every key of the state store that begins with a prefix. */
export async function keysOf(state: StateStore, prefix: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const [key] of state.scan(prefix)) keys.push(key);
  return keys;
}
