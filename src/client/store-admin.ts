import { errorCodes, type ErrorCode } from "../base/error-code.ts";
import { TableferryError } from "../base/error.ts";
import type { Operation } from "../wire/operation/operation.ts";
import type { CredentialSource } from "./credentials.ts";
import { TableStoreClient } from "./table-store-client.ts";

/** Who answers at an address. */
export interface StorePing {
  /** Made with the store; tells it from every other, whatever its address. */
  readonly storeId: string;
  readonly version: string;
  readonly pid: number;
  /** As the server was given it; null for a store in memory. */
  readonly dataDir: string | null;
  readonly instances: readonly string[];
}

/** Of a snapshot: all entries of a store, and the size of its file. */
export interface SnapshotSize {
  readonly entries: number;
  readonly bytes: number;
}

/** Reading and writing all of a store takes as long as it takes. */
const SNAPSHOT_TIMEOUT_MS = 60 * 60 * 1000;

type AdminRequest =
  | { readonly op: "ping" | "shutdown" }
  | { readonly op: "createInstance"; readonly name: string }
  | { readonly op: "dropInstance"; readonly name: string; readonly force: boolean }
  | { readonly op: "setPolicy"; readonly instance: string; readonly policy: object | null; readonly expected?: object | null | undefined }
  | { readonly op: "getPolicy"; readonly instance: string }
  | { readonly op: "snapshot" | "restore"; readonly path: string }
  | { readonly op: "splitPartition"; readonly instance: string; readonly table: string; readonly key?: string | undefined };

/** Administration of an embedded store, which the real service does elsewhere. Calls are signed with the store's root key. */
export class StoreAdmin {
  readonly #client: TableStoreClient;

  /** @param patienceMs how long a server that does not answer is asked again */
  constructor(endpoint: string, credentials: CredentialSource, patienceMs = 0) {
    this.#client = new TableStoreClient({
      endpoint,
      // Administration belongs to no instance, but every request names one.
      instance: "tableferry",
      credentials,
      connections: 1,
      timeoutMs: 10_000,
      retry: { totalMs: patienceMs, firstMs: 10, mostMs: 100 },
    });
  }

  /** @throws TF_CONNECTION when nobody answers; OTSAuthFailed or TF_RESPONSE_UNTRUSTED when somebody else does */
  async ping(): Promise<StorePing> {
    const { storeId, version, pid, dataDir, instances } = await this.#client.call(asking, { op: "ping" });
    if (storeId === undefined || pid === undefined)
      throw new TableferryError("TF_WIRE_CORRUPT", { message: "the reply to a ping names no store" });
    return { storeId, version: version ?? "", pid, dataDir: dataDir ?? null, instances: instances ?? [] };
  }

  /** False: it was there already. @throws TF_INSTANCE_INVALID */
  async createInstance(name: string): Promise<boolean> {
    return (await this.#client.call(asking, { op: "createInstance", name })).created === true;
  }

  /** False: there was none. @throws TF_INSTANCE_NOT_EMPTY unless forced, which deletes its tables with all rows */
  async dropInstance(name: string, { force }: { readonly force: boolean }): Promise<boolean> {
    return (await this.#client.call(asking, { op: "dropInstance", name, force })).dropped === true;
  }

  /**
   * Splits a partition before a partition key (binary in base64, integers in decimal digits), or the largest in its middle; how many there are then.
   * Asked once: a split that was done is not done again.
   */
  async splitPartition(instance: string, table: string, key?: string): Promise<number> {
    const { partitions } = await this.#client.call(telling, { op: "splitPartition", instance, table, key });
    if (partitions === undefined) throw new TableferryError("TF_WIRE_CORRUPT", { message: "the reply to a split counts no partitions" });
    return partitions;
  }

  /** The access policy of an instance, null where it has none. */
  async policy(instance: string): Promise<object | null> {
    return (await this.#client.call(asking, { op: "getPolicy", instance })).policy ?? null;
  }

  /**
   * Puts a policy in the place of the instance's, null: none. When it resolves, every request that begins later is held against it.
   * @param expected only in the place of this one, as `policy` answered it
   * @returns false: another one stands there by now, perhaps the one that was to be put there
   * @throws TF_POLICY_INVALID
   */
  async setPolicy(instance: string, policy: object | null, expected?: object | null): Promise<boolean> {
    return (await this.#client.call(asking, { op: "setPolicy", instance, policy, expected })).changed !== false;
  }

  /**
   * Writes everything to a file of the server's machine, named by its absolute path; of a server with test controls.
   * @throws TF_CONTROLS_OFF, TF_IO
   */
  snapshot(path: string): Promise<SnapshotSize> {
    return this.#snapshot("snapshot", path);
  }

  /**
   * Puts what such a file holds in the place of everything there is, all of it or nothing; of a server with test controls. Asked once: repeated, it would undo
   * what was written since.
   * @throws TF_CONTROLS_OFF, TF_IO, TF_SNAPSHOT_CORRUPT, TF_SNAPSHOT_NEWER
   */
  restore(path: string): Promise<SnapshotSize> {
    return this.#snapshot("restore", path);
  }

  async #snapshot(op: "snapshot" | "restore", path: string): Promise<SnapshotSize> {
    const { entries, bytes } = await this.#client.call(telling, { op, path }, { timeoutMs: SNAPSHOT_TIMEOUT_MS });
    if (entries !== undefined && bytes !== undefined) return { entries, bytes };
    throw new TableferryError("TF_WIRE_CORRUPT", { message: `the reply to a ${op} counts no entries` });
  }

  /** The server answers, then finishes what is under way and stops. */
  async shutdown(): Promise<void> {
    await this.#client.call(telling, { op: "shutdown" });
  }

  close(): Promise<void> {
    return this.#client.close();
  }
}

interface Reply extends Partial<StorePing>, Partial<SnapshotSize> {
  readonly created?: boolean;
  readonly dropped?: boolean;
  readonly partitions?: number;
  readonly policy?: object | null;
  readonly changed?: boolean;
  readonly error?: unknown;
}

const json = {
  name: "tableferry/admin",
  encodeRequest: (request: AdminRequest) => Buffer.from(JSON.stringify(request)),
  decodeRequest: (body: Uint8Array) => parse(body) as AdminRequest,
  encodeResponse: (reply: Reply) => Buffer.from(JSON.stringify(reply)),
  decodeResponse,
};

/** May be repeated: each of these calls has the same effect twice as once. */
const asking: Operation<AdminRequest, Reply> = { ...json, kind: "read" };
const telling: Operation<AdminRequest, Reply> = { ...json, kind: "write" };

function decodeResponse(body: Uint8Array): Reply {
  const reply = parse(body) as Reply;
  const { error } = reply;
  if (typeof error !== "object" || error === null) return reply;
  const { code, message, wayOut } = error as Partial<Record<"code" | "message" | "wayOut", string>>;
  // A newer server may know codes that are not in our list.
  const known = code !== undefined && Object.hasOwn(errorCodes, code) ? (code as ErrorCode) : "TF_ADMIN_INVALID";
  throw new TableferryError(known, { message: message ?? "the server refused", wayOut });
}

function parse(body: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(body).toString());
  } catch {
    throw new TableferryError("TF_WIRE_CORRUPT", { message: "the reply to an administration call is not JSON" });
  }
}
