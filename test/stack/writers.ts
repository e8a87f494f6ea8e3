import { setTimeout as delay } from "node:timers/promises";
import { TableStoreClient } from "../../src/client/table-store-client.ts";
import type { AccessKey } from "../../src/wire/headers.ts";
import type { Operation } from "../../src/wire/operation/operation.ts";
import { encodeChange } from "../../src/wire/plainbuffer/encode.ts";
import { ServiceError } from "../../src/wire/service-error.ts";

/** A key that opens one instance only and is no key of the job's, as the store's administration makes it. */
export async function ownKeyOf(endpoint: string, root: AccessKey, name: string): Promise<AccessKey> {
  const administer: Operation<object, { readonly key: AccessKey }> = {
    name: "tableferry/admin",
    kind: "write",
    encodeRequest: (request) => Buffer.from(JSON.stringify(request)),
    decodeRequest: parse,
    encodeResponse: (reply) => Buffer.from(JSON.stringify(reply)),
    decodeResponse: parse,
  };
  const client = new TableStoreClient({ endpoint, instance: "tableferry", credentials: root });
  try {
    return (await client.call(administer, { op: "createInstance", name, ownKey: true })).key;
  } finally {
    await client.close();
  }
}

function parse(body: Uint8Array) {
  return JSON.parse(Buffer.from(body).toString()) as { readonly key: AccessKey };
}

export interface WriterSides {
  readonly source: TableStoreClient;
  readonly target: TableStoreClient;
}

/** Milliseconds between two writes of one writer, and between two tries of a refused one. */
const PAUSE_MS = 10;
/** Keys that a writer goes over again and again; every other write is a new key. */
const HOT_KEYS = 20;

/**
 * Applications that know nothing of a cut-over: each write goes to the source, to the target where the source refuses it, and again. Each writer has keys
 * of its own, so that the last acknowledged value of every key is known.
 */
export class Writers {
  /** Last acknowledged value by key. */
  readonly acknowledged = new Map<string, string>();
  writes = 0;
  refused = { source: 0, target: 0 };
  /** The longest time that a write was tried before somebody took it. */
  longestMs = 0;
  readonly #sides: WriterSides;
  readonly #end = new AbortController();
  readonly #loops: readonly Promise<void>[];

  constructor(sides: WriterSides, writers: number) {
    this.#sides = sides;
    this.#loops = Array.from({ length: writers }, (_, writer) => this.#run(writer));
  }

  /** Every write that was begun is acknowledged when this resolves. @throws what a writer failed with, other than being refused */
  async stop(): Promise<void> {
    this.#end.abort();
    await Promise.all(this.#loops);
  }

  async #run(writer: number): Promise<void> {
    for (let n = 0; !this.#end.signal.aborted; n++) {
      const key = `w${String(writer)}-${n % 2 === 0 ? String((n / 2) % HOT_KEYS) : `new-${String(n)}`}`;
      await this.#write(key, `value ${String(n)}`);
      await delay(PAUSE_MS);
    }
  }

  async #write(key: string, value: string): Promise<void> {
    const begun = performance.now();
    for (;;) {
      for (const side of ["source", "target"] as const) {
        if (!(await this.#tried(side, key, value))) continue;
        this.acknowledged.set(key, value);
        this.writes++;
        this.longestMs = Math.max(this.longestMs, performance.now() - begun);
        return;
      }
      await delay(PAUSE_MS);
    }
  }

  async #tried(side: keyof WriterSides, key: string, value: string): Promise<boolean> {
    const change = encodeChange({ type: "put", key: [{ name: "id", value: key }], cells: [{ name: "name", value }] });
    try {
      await this.#sides[side].putRow({ tableName: "orders", change, condition: { existence: "ignore" } });
      return true;
    } catch (error) {
      if (!(error instanceof ServiceError) || error.code !== "OTSNoPermissionAccess") throw error;
      this.refused[side]++;
      return false;
    }
  }
}
