import { connect } from "node:net";

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
