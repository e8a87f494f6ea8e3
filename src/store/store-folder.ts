import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Chance } from "../base/chance.ts";
import { TableferryError } from "../base/error.ts";
import { ApartStore } from "./apart-store.ts";
import { readIfPresent, syncFolder, writeDurably } from "./durable-file.ts";
import { storeFormat } from "./key-space.ts";
import { refuseHalfRestored } from "./snapshot-file.ts";
import { storageError } from "./storage-error.ts";

const FORMAT_FILE = "store.json";
/** Of the entries, as long as no snapshot was restored in their place; then a number follows. */
const LEVEL_FOLDER = "level";
const levelFolderPattern = /^level(?:-(\d{1,9}))?$/;

/** A folder with everything of one embedded store, locked by this process until the store is closed. */
export interface StoreFolder {
  readonly store: ApartStore;
  /** 32 hex digits, made once; tells this folder from every other, wherever it is moved. */
  readonly storeId: string;
  /** The text of a small file beside the store, or undefined when there is none. */
  read(name: string): Promise<string | undefined>;
  /** Replaces a small file beside the store, whole or not at all. */
  write(name: string, text: string, mode: number): Promise<void>;
  /** An empty store in the same folder, to be filled and put in the other's place. One at a time. */
  beside(): Promise<StoreBeside>;
}

/** A store that may take another's place; until it has, it is removed when the folder is opened the next time. */
export interface StoreBeside {
  readonly store: ApartStore;
  /**
   * Makes it the folder's, whole or not at all, also through a power cut; what is in it must be durable. The other is open still.
   * @returns removes the other, once it is closed
   */
  adopt(): Promise<() => Promise<void>>;
  /** Removes it, once it is closed. */
  discard(): Promise<void>;
}

/**
 * Opens a data folder, making it when it is missing: `level/` or `level-N/` holds the entries, `store.json` says which, the format and the store's id.
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
  const { store, known } = await coded(() => openLevel(folder, chance));
  let { level } = known;
  let last = numberOf(level);
  return {
    store,
    storeId: known.storeId,
    read: (name) => coded(async () => (await readIfPresent(join(folder, name)))?.toString()),
    write: (name, text, mode) => coded(() => writeDurably(join(folder, name), text, mode)),
    beside: () =>
      coded(async () => {
        const name = `${LEVEL_FOLDER}-${++last}`;
        const path = join(folder, name);
        return {
          store: await ApartStore.open(path),
          adopt: () =>
            coded(async () => {
              // What is named must be there when the name is.
              await syncFolder(folder);
              await writeFormat(folder, { ...known, level: name });
              const old = join(folder, level);
              level = name;
              return () => coded(() => rm(old, { recursive: true, force: true }));
            }),
          discard: () => coded(() => rm(path, { recursive: true, force: true })),
        };
      }),
  };
}

interface Format {
  readonly format: number;
  readonly storeId: string;
  /** Name of the folder with the entries. */
  readonly level: string;
}

/** Opens the entries that `store.json` names, and removes all others: what a restore that a crash ended had begun, or had put another in the place of. */
async function openLevel(folder: string, chance: Chance): Promise<{ readonly store: ApartStore; readonly known: Format }> {
  await mkdir(folder, { recursive: true });
  for (;;) {
    const before = await readFormat(folder);
    if (before === undefined) await refuseNameless(folder);
    const seen = before?.level ?? LEVEL_FOLDER;
    const store = await ApartStore.open(join(folder, seen));
    try {
      refuseHalfRestored(store, folder);
      // Read again under the lock: two first starts at once must agree on one id, and a server that was just closed may have put another store in the place of this one.
      const now = await readFormat(folder);
      if ((now?.level ?? LEVEL_FOLDER) !== seen) {
        await store.close();
        continue;
      }
      const known = { format: storeFormat, storeId: now?.storeId ?? chance.id(), level: seen };
      // What an older version wrote is read as it is; from here on it must not write beside what it does not know.
      if (now?.format !== storeFormat) await writeFormat(folder, known);
      for (const name of await readdir(folder)) {
        if (levelFolderPattern.test(name) && name !== seen) await rm(join(folder, name), { recursive: true, force: true });
      }
      return { store, known };
    } catch (thrown) {
      await store.close();
      throw thrown;
    }
  }
}

/** Refuses a folder with restored entries that nothing names: they would be taken for leftovers. @throws TF_STORE_CORRUPT */
async function refuseNameless(folder: string): Promise<void> {
  const found = (await readdir(folder)).find((name) => name !== LEVEL_FOLDER && levelFolderPattern.test(name));
  if (found === undefined) return;
  throw new TableferryError("TF_STORE_CORRUPT", { message: `there is ${found}, but no format file that names it`, place: folder });
}

/** Undefined in a folder without a store. @throws TF_STORE_NEWER, TF_STORE_CORRUPT */
async function readFormat(folder: string): Promise<Format | undefined> {
  const place = join(folder, FORMAT_FILE);
  const text = (await readIfPresent(place))?.toString();
  if (text === undefined) return undefined;
  const content = parseFormat(text);
  if (content === undefined) throw new TableferryError("TF_STORE_CORRUPT", { message: "the format file cannot be read", place });
  if (content.format > storeFormat) {
    const message = `the data folder has format ${content.format}, this version knows formats up to ${storeFormat}`;
    throw new TableferryError("TF_STORE_NEWER", { message, place });
  }
  return content;
}

async function writeFormat(folder: string, { format, storeId, level }: Format): Promise<void> {
  const content = { format, storeId, ...(level === LEVEL_FOLDER ? {} : { level }) };
  await writeDurably(join(folder, FORMAT_FILE), `${JSON.stringify(content)}\n`);
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
  const level = "level" in content ? content.level : LEVEL_FOLDER;
  // A name, not a path: what it names is removed one day.
  return typeof format === "number" && typeof storeId === "string" && typeof level === "string" && levelFolderPattern.test(level)
    ? { format, storeId, level }
    : undefined;
}

function numberOf(level: string): number {
  return Number(levelFolderPattern.exec(level)?.[1] ?? 1);
}
