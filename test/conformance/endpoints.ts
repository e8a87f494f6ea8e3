import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe } from "vitest";
import { VirtualClock } from "../../src/base/virtual-clock.ts";
import { openEmbeddedServer, type EmbeddedServer } from "../../src/server/embedded-server.ts";
import type { Transport } from "../../src/wire/transport.ts";
import { Caller } from "./caller.ts";

/** A server of its own for one test. */
export interface Endpoint {
  /** Calls with the root key on the instance `first`; there is a second one, `second`. */
  readonly caller: Caller;
  readonly server: EmbeddedServer;
  readonly clock: VirtualClock;
  readonly transport: Transport;
  /** Of endpoints on disk. */
  readonly dataDir: string | undefined;
  /** The same store served anew after it was closed; of endpoints on disk. */
  reopen(): Promise<Endpoint>;
}

interface Kind {
  readonly name: string;
  readonly disk: boolean;
  readonly http: boolean;
}

export const kinds: readonly Kind[] = [
  { name: "memory, in process", disk: false, http: false },
  { name: "memory, HTTP", disk: false, http: true },
  { name: "disk, in process", disk: true, http: false },
  { name: "disk, HTTP", disk: true, http: true },
];

/** Runs a suite over every kind of endpoint; `open` gives a test its server, which is stopped behind it. */
export function describeEverywhere(name: string, suite: (open: () => Promise<Endpoint>) => void): void {
  for (const kind of kinds) describeOn(kind, name, suite);
}

/** Runs a suite over the endpoints that have something to open again. */
export function describeOnDisk(name: string, suite: (open: () => Promise<Endpoint>) => void): void {
  for (const kind of kinds.filter(({ disk }) => disk)) describeOn(kind, name, suite);
}

function describeOn(kind: Kind, name: string, suite: (open: () => Promise<Endpoint>) => void): void {
  describe(`${name} (${kind.name})`, () => {
    const cleanups: (() => Promise<unknown>)[] = [];
    afterEach(async () => {
      for (const clean of cleanups.splice(0).reverse()) await clean();
    });
    const serve = async (clock: VirtualClock, dataDir: string | undefined): Promise<Endpoint> => {
      const server = await openEmbeddedServer({ dataDir, clock, http: kind.http, instances: ["first", "second"] });
      cleanups.push(() => server.close());
      const transport = kind.http ? fetchTransport(server.endpoint!) : server.handler;
      const reopen = async () => {
        await server.close();
        return serve(clock, dataDir);
      };
      return { server, clock, transport, dataDir, caller: new Caller(transport, clock, server.rootKey, "first"), reopen };
    };
    suite(async () => {
      const dataDir = kind.disk ? await mkdtemp(join(tmpdir(), "tableferry-conformance-")) : undefined;
      if (dataDir !== undefined) cleanups.push(() => rm(dataDir, { recursive: true, force: true }));
      return serve(new VirtualClock(), dataDir);
    });
  });
}

/** The plainest HTTP client there is. */
export function fetchTransport(endpoint: string): Transport {
  return async ({ method = "POST", path, headers, body }) => {
    const sent = method === "GET" ? {} : { body: new Uint8Array(body) };
    const response = await fetch(`${endpoint}${path}`, { method, headers, ...sent });
    return {
      status: response.status,
      headers: Object.fromEntries(response.headers.entries()),
      body: new Uint8Array(await response.arrayBuffer()),
    };
  };
}
