import { connect } from "node:net";
import type { JobSpec, SyncSpec } from "../../src/index.ts";

const PATIENCE_MS = 2_000;

/**
 * Whether somebody listens at an endpoint. Asked before a preview plans anything: clients repeat what failed for ten seconds, and a
 * preview that comes before the store is started should not wait for it.
 */
export function reachable(endpoint: string): Promise<boolean> {
  const { hostname, port, protocol } = new URL(endpoint);
  return new Promise((resolve) => {
    const socket = connect({
      host: hostname.replace(/^\[|\]$/g, ""),
      port: Number(port) || (protocol === "https:" ? 443 : 80),
      timeout: PATIENCE_MS,
    });
    const answer = (open: boolean) => {
      socket.destroy();
      resolve(open);
    };
    socket
      .once("connect", () => answer(true))
      .once("error", () => answer(false))
      .once("timeout", () => answer(false));
  });
}

/** Titles of the sides whose address nobody answers, such as a store that the same `up` is going to start. */
export async function unreachable({ source, target }: Pick<JobSpec | SyncSpec, "source" | "target">): Promise<string[]> {
  const tables = [source, target].filter((side) => side.type === "table-store");
  const answers = await Promise.all(tables.map(({ endpoint }) => reachable(endpoint)));
  return tables.filter((_, i) => answers[i] === false).map(({ instance, table }) => `table ${table} of instance ${instance}`);
}
