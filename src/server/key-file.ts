import type { Chance } from "../base/chance.ts";
import { TableferryError } from "../base/error.ts";
import type { DataFolder } from "../store/data-folder.ts";
import type { AccessKey } from "./access-keys.ts";

/** Beside the data, readable by its owner only. */
export const KEY_FILE = "keys.json";

const MODE = 0o600;

/** A key of the shape clients know: `LTAI` and 20 letters and digits, a secret of 30. */
export function makeAccessKey(chance: Chance, instance?: string): AccessKey {
  const id = `LTAI${lettersAndDigits(chance, 20)}`;
  const secret = lettersAndDigits(chance, 30);
  return instance === undefined ? { id, secret } : { id, secret, instance };
}

/** The keys kept in the folder; the first one is made when there are none yet. @throws TF_STORE_CORRUPT when the file cannot be read as keys */
export async function loadKeys(folder: DataFolder, chance: Chance): Promise<readonly [AccessKey, ...AccessKey[]]> {
  const text = await folder.read(KEY_FILE);
  if (text !== undefined) return parseKeys(text);
  const key = makeAccessKey(chance);
  await saveKeys(folder, [key]);
  return [key];
}

export function saveKeys(folder: DataFolder, keys: readonly AccessKey[]): Promise<void> {
  return folder.write(KEY_FILE, `${JSON.stringify({ version: 1, keys }, null, 2)}\n`, MODE);
}

/** @throws TF_STORE_CORRUPT */
export function parseKeys(text: string): readonly [AccessKey, ...AccessKey[]] {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    content = undefined;
  }
  const keys = typeof content === "object" && content !== null && "keys" in content && Array.isArray(content.keys) ? content.keys : [];
  const [first, ...rest] = keys.filter(isAccessKey);
  if (first === undefined || 1 + rest.length !== keys.length) {
    throw new TableferryError("TF_STORE_CORRUPT", {
      message: "the key file holds no access keys, or broken ones",
      place: KEY_FILE,
      wayOut: "Delete the file to have new keys made, or restore it.",
    });
  }
  return [first, ...rest];
}

function isAccessKey(value: unknown): value is AccessKey {
  if (typeof value !== "object" || value === null || !("id" in value) || !("secret" in value)) return false;
  const instanceFits = !("instance" in value) || typeof value.instance === "string";
  return typeof value.id === "string" && value.id !== "" && typeof value.secret === "string" && value.secret !== "" && instanceFits;
}

function lettersAndDigits(chance: Chance, length: number): string {
  const alphabet = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789";
  let text = "";
  while (text.length < length) {
    for (const byte of chance.bytes(length)) {
      // Bytes beyond the last whole multiple are dropped, or some characters would be likelier than others.
      if (byte < alphabet.length * 4 && text.length < length) text += alphabet[byte % alphabet.length];
    }
  }
  return text;
}
