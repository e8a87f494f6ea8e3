import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Chance } from "../base/chance.ts";
import { TableferryError } from "../base/error.ts";
import { readIfPresent, writeDurably } from "./durable-file.ts";
import { storeFormat } from "./key-space.ts";
import { LevelStore } from "./level-store.ts";
import { refuseHalfRestored } from "./snapshot-file.ts";
import { storageError } from "./storage-error.ts";

const FORMAT_FILE = "store.json";
const LEVEL_FOLDER = "level";

/** A folder with everything of one embedded store, locked by this process until the store is closed. */
export interface StoreFolder {
  readonly store: LevelStore;
  /** 32 hex digits, made once; tells this folder from every other, wherever it is moved. */
  readonly storeId: string;
  /** The text of a small file beside the store, or undefined when there is none. */
  read(name: string): Promise<string | undefined>;
  /** Replaces a small file beside the store, whole or not at all. */
  write(name: string, text: string, mode: number): Promise<void>;
}

/**
 * Opens a data folder, making it when it is missing: `level/` holds the entries, `store.json` says the format and the store's id.
 * @throws TF_STORE_NEWER before anything is touched; TF_STORE_LOCKED, TF_STORE_UNWRITABLE, TF_STORE_FULL, TF_STORE_CORRUPT.
 */
export async function openStoreFolder(folder: string, chance: Chance): Promise<StoreFolder> {
  const coded = async <Result>(run: () => Promise<Result>): Promise<Result> => {
    try {
      return await run();
    } catch (thrown) {
      throw storageError(thrown, folder);
    }
  };
  const open = async () => {
    await mkdir(folder, { recursive: true });
    await readFormat(folder);
    const store = await LevelStore.open(join(folder, LEVEL_FOLDER));
    try {
      refuseHalfRestored(store, folder);
      // Read again under the lock: two first starts at once must agree on one id.
      const known = await readFormat(folder);
      // What an older version wrote is read as it is; from here on it must not write beside what it does not know.
      const storeId = known?.format === storeFormat ? known.storeId : await writeFormat(folder, known?.storeId ?? chance.id());
      return { store, storeId };
    } catch (thrown) {
      await store.close();
      throw thrown;
    }
  };
  return {
    ...(await coded(open)),
    read: (name) => coded(() => readIfPresent(join(folder, name))),
    write: (name, text, mode) => coded(() => writeDurably(join(folder, name), text, mode)),
  };
}

interface Format {
  readonly format: number;
  readonly storeId: string;
}

/** Undefined in a folder without a store. @throws TF_STORE_NEWER, TF_STORE_CORRUPT */
async function readFormat(folder: string): Promise<Format | undefined> {
  const place = join(folder, FORMAT_FILE);
  const text = await readIfPresent(place);
  if (text === undefined) return undefined;
  const content = parseFormat(text);
  if (content === undefined) throw new TableferryError("TF_STORE_CORRUPT", { message: "the format file cannot be read", place });
  if (content.format > storeFormat) {
    const message = `the data folder has format ${content.format}, this version knows formats up to ${storeFormat}`;
    throw new TableferryError("TF_STORE_NEWER", { message, place });
  }
  return content;
}

async function writeFormat(folder: string, storeId: string): Promise<string> {
  await writeDurably(join(folder, FORMAT_FILE), `${JSON.stringify({ format: storeFormat, storeId })}\n`);
  return storeId;
}

function parseFormat(text: string): Format | undefined {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof content !== "object" || content === null || !("format" in content) || !("storeId" in content)) return undefined;
  const { format, storeId } = content;
  return typeof format === "number" && typeof storeId === "string" ? { format, storeId } : undefined;
}
