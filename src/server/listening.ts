import type { Server } from "node:net";
import { systemClock } from "../base/clock.ts";
import { TableferryError } from "../base/error.ts";

/** What is under way when a server stops may take this long; then connections are cut. */
const GRACE_MS = 5_000;

/** Where to listen. */
export interface Address {
  readonly host: string;
  /** 0 takes one that is free. */
  readonly port: number;
}

/** Resolves to the port. @throws TF_ADDRESS_IN_USE when the address cannot be listened on */
export async function listening(server: Server, { host, port }: Address): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause) => reject(cannotListen({ host, port }, cause)));
    server.listen(port, host, resolve);
  });
  // A connection that cannot be taken for want of file handles ends none that is there.
  server.on("error", () => undefined);
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : port;
}

/** Takes no new connections and resolves when the last one is closed; `cut` closes those that are there still after 5 s, by the system's clock as sockets do. */
export function closed(server: Server, cut: () => void): Promise<void> {
  return new Promise((resolve) => {
    const cancel = systemClock.after(GRACE_MS, cut);
    server.close(() => {
      cancel();
      resolve();
    });
  });
}

export function endpointOf(host: string, port: number): string {
  return `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
}

function cannotListen({ host, port }: Address, cause: Error): TableferryError {
  return new TableferryError("TF_ADDRESS_IN_USE", { message: `cannot listen: ${cause.message}`, place: `${host}:${port}`, cause });
}
