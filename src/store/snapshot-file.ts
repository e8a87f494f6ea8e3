import { open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { TableferryError, toError } from "../base/error.ts";
import { syncFolder } from "./durable-file.ts";
import { HashedInput, HashedOutput } from "./hashed-file.ts";
import { keySpace, storeFormat } from "./key-space.ts";
import type { Entry, OrderedStore, StoreChange } from "./ordered-store.ts";

/**
 * Every entry of a store as a file: `TFSNAP`, the version of this layout and the store's format (16 bits each), then key length, value length (32 bits each), key and
 * value of every entry in order of keys, a key length of all ones, the number of entries (64 bits), and the SHA-256 of everything before it. Numbers are big-endian.
 */
const MAGIC = Buffer.from("TFSNAP");
const VERSION = 1;
const HEADER_BYTES = MAGIC.length + 4;
const LENGTHS_BYTES = 8;
const END = 0xffff_ffff;
const TRAILER_BYTES = 4 + 8 + 32;
const CHUNK_BYTES = 1024 * 1024;
/** Longer is no key or row of ours: lengths are read before anything else can be checked. */
const LENGTH_MAX = 64 * 1024 * 1024;

const everything = { from: Buffer.of(0), to: Buffer.of(0xff) };
const restoring = Buffer.of(keySpace.restoring);

export interface SnapshotSize {
  readonly entries: number;
  /** Of the file. */
  readonly bytes: number;
}

/**
 * Writes the store as it is now, whatever is written meanwhile; the file is there whole or not at all. Clients of tunnels stay with the store they are connected to.
 * @throws TF_IO
 */
export async function writeSnapshot(store: OrderedStore, path: string): Promise<SnapshotSize> {
  const fresh = `${path}.new`;
  const cursor = store.entries(everything);
  try {
    const file = await open(fresh, "w", 0o600);
    let size: SnapshotSize;
    try {
      const out = new HashedOutput(file);
      await out.write(header());
      let entries = 0;
      for (let page = await cursor.next(1000); page.length > 0; page = await cursor.next(1000)) {
        for (const { key, value } of page) {
          if (key[0] === keySpace.tunnelClient) continue;
          await out.write(numbers(key.length, value.length), key, value);
          entries++;
        }
      }
      await out.write(ending(entries));
      await out.writeDigest();
      await file.sync();
      size = { entries, bytes: out.bytes };
    } finally {
      await file.close();
    }
    await rename(fresh, path);
    await syncFolder(dirname(path));
    return size;
  } catch (thrown) {
    await rm(fresh, { force: true }).catch(() => undefined);
    throw fileError("written", path, thrown);
  } finally {
    await cursor.close();
  }
}

/**
 * Fills an empty store from a snapshot. The file is read to its end and checked before anything is written. A durable store whose filling is interrupted is refused
 * when it is opened.
 * @param signal ends it with its reason
 * @throws TF_SNAPSHOT_CORRUPT, TF_SNAPSHOT_NEWER, TF_STORE_NOT_EMPTY, TF_IO, and what the store throws
 */
export async function restoreSnapshot(store: OrderedStore, path: string, signal?: AbortSignal): Promise<SnapshotSize> {
  await refuseFilled(store, path);
  let entries = 0;
  let bytes = 0;
  for await (const page of readSnapshot(path)) {
    signal?.throwIfAborted();
    entries += page.length;
  }
  await store.write([{ type: "put", key: restoring, value: Buffer.alloc(0) }], { sync: true });
  for await (const page of readSnapshot(path)) {
    signal?.throwIfAborted();
    const changes = page.map(({ key, value }): StoreChange => ({ type: "put", key, value }));
    for (const { key, value } of page) bytes += LENGTHS_BYTES + key.length + value.length;
    await store.write(changes, { sync: false });
  }
  await store.write([{ type: "del", key: restoring }], { sync: true });
  return { entries, bytes: bytes + HEADER_BYTES + TRAILER_BYTES };
}

/** Refuses a store that was only half restored. @throws TF_STORE_CORRUPT */
export function refuseHalfRestored(store: OrderedStore, place: string): void {
  if (store.get(restoring) === undefined) return;
  throw new TableferryError("TF_STORE_CORRUPT", {
    message: "restoring a snapshot into this folder was interrupted",
    place,
    wayOut: "Delete the folder and restore the snapshot again.",
  });
}

async function refuseFilled(store: OrderedStore, path: string): Promise<void> {
  const cursor = store.entries(everything);
  try {
    if ((await cursor.next(1)).length === 0) return;
  } finally {
    await cursor.close();
  }
  throw new TableferryError("TF_STORE_NOT_EMPTY", {
    message: "the store holds something already, so the snapshot was not restored",
    place: path,
  });
}

/** The entries in pages of about a megabyte; whoever reads to the end knows that all of them were right. */
async function* readSnapshot(path: string): AsyncGenerator<readonly Entry[]> {
  const file = await open(path, "r").catch((thrown: unknown) => {
    throw fileError("read", path, thrown);
  });
  try {
    const input = new HashedInput(file, (what) => damaged(path, what));
    checkHeader(await input.read(HEADER_BYTES), path);
    let page: Entry[] = [];
    let held = 0;
    let entries = 0;
    for (;;) {
      const keyLength = (await input.read(4)).readUInt32BE();
      if (keyLength === END) break;
      const valueLength = (await input.read(4)).readUInt32BE();
      if (keyLength > LENGTH_MAX || valueLength > LENGTH_MAX) throw damaged(path, "an entry has an impossible length");
      page.push({ key: await input.read(keyLength), value: await input.read(valueLength) });
      entries++;
      held += keyLength + valueLength;
      if (held < CHUNK_BYTES) continue;
      yield page;
      page = [];
      held = 0;
    }
    yield page;
    if (Number((await input.read(8)).readBigUInt64BE()) !== entries) throw damaged(path, "entries are missing");
    await input.checkDigest();
  } catch (thrown) {
    throw fileError("read", path, thrown);
  } finally {
    await file.close();
  }
}

function header(): Buffer {
  const bytes = Buffer.alloc(HEADER_BYTES);
  MAGIC.copy(bytes);
  bytes.writeUInt16BE(VERSION, MAGIC.length);
  bytes.writeUInt16BE(storeFormat, MAGIC.length + 2);
  return bytes;
}

function checkHeader(bytes: Buffer, path: string): void {
  if (!bytes.subarray(0, MAGIC.length).equals(MAGIC)) throw damaged(path, "it does not begin as one");
  const [version, format] = [bytes.readUInt16BE(MAGIC.length), bytes.readUInt16BE(MAGIC.length + 2)];
  if (version <= VERSION && format <= storeFormat) return;
  const message = `the snapshot has version ${version} and format ${format}, this version knows them up to ${VERSION} and ${storeFormat}`;
  throw new TableferryError("TF_SNAPSHOT_NEWER", { message, place: path });
}

function numbers(keyLength: number, valueLength: number): Buffer {
  const bytes = Buffer.alloc(LENGTHS_BYTES);
  bytes.writeUInt32BE(keyLength);
  bytes.writeUInt32BE(valueLength, 4);
  return bytes;
}

function ending(entries: number): Buffer {
  const bytes = Buffer.alloc(12);
  bytes.writeUInt32BE(END);
  bytes.writeBigUInt64BE(BigInt(entries), 4);
  return bytes;
}

function damaged(path: string, why: string): TableferryError {
  return new TableferryError("TF_SNAPSHOT_CORRUPT", { message: `the file is no whole snapshot: ${why}`, place: path });
}

function fileError(what: "written" | "read", path: string, thrown: unknown): TableferryError {
  if (thrown instanceof TableferryError) return thrown;
  return new TableferryError("TF_IO", {
    message: `the snapshot cannot be ${what}: ${toError(thrown).message}`,
    place: path,
    cause: thrown,
  });
}
