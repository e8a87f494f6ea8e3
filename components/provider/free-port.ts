import { createHash } from "node:crypto";
import { createServer } from "node:net";

const FIRST = 20_000;
const PORTS = 20_000;
const TRIES = 50;

/**
 * A free port for the data folder. The search begins at a number made from the folder's name, so that preview and update find the
 * same one, and a store that was destroyed and is made again mostly gets its old address back.
 * @param accept asked about a port that is taken: whether it is this store that has it
 */
export async function freePort(folder: string, accept: (port: number) => Promise<boolean>): Promise<number | undefined> {
  const start = createHash("sha256").update(folder).digest().readUInt32BE(0) % PORTS;
  for (let i = 0; i < TRIES; i++) {
    const port = FIRST + ((start + i) % PORTS);
    if ((await isFree(port)) || (await accept(port))) return port;
  }
  return undefined;
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once("error", () => resolve(false));
    probe.listen(port, "127.0.0.1", () => probe.close(() => resolve(true)));
  });
}
