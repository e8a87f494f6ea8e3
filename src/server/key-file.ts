import type { Chance } from "../base/chance.ts";
import { TableferryError } from "../base/error.ts";
import type { StoreFolder } from "../store/store-folder.ts";
import type { AccessKey } from "./access-keys.ts";

/** Beside the data, readable by its owner only. */
export const KEY_FILE = "keys.json";

const MODE = 0o600;

/** Keys that were made here and are kept beside the data. */
export interface KeptKeys {
  /** `accessKeyId` and `accessKeySecret` of the file. */
  readonly root?: AccessKey | undefined;
  /** Keys that open one instance only. */
  readonly instanceKeys: readonly AccessKey[];
}

/** A key of the shape clients know: `LTAI` and 20 letters and digits, a secret of 30. */
export function makeAccessKey(chance: Chance, instance?: string): AccessKey {
  const id = `LTAI${lettersAndDigits(chance, 20)}`;
  const secret = lettersAndDigits(chance, 30);
  return instance === undefined ? { id, secret } : { id, secret, instance };
}

/** The keys kept in the folder; none, when none were made yet. @throws TF_STORE_CORRUPT when the file cannot be read as keys */
export async function loadKeys(folder: StoreFolder): Promise<KeptKeys> {
  const text = await folder.read(KEY_FILE);
  return text === undefined ? { instanceKeys: [] } : parseKeys(text);
}

export function saveKeys(folder: StoreFolder, { root, instanceKeys }: KeptKeys): Promise<void> {
  const content = { version: 1, accessKeyId: root?.id, accessKeySecret: root?.secret, instanceKeys };
  return folder.write(KEY_FILE, `${JSON.stringify(content, null, 2)}\n`, MODE);
}

function parseKeys(text: string): KeptKeys {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    content = undefined;
  }
  if (typeof content !== "object" || content === null) return broken();
  const instanceKeys: readonly unknown[] = "instanceKeys" in content && Array.isArray(content.instanceKeys) ? content.instanceKeys : [];
  if (!instanceKeys.every(isInstanceKey)) return broken();
  if (!("accessKeyId" in content) || !("accessKeySecret" in content)) return { instanceKeys };
  const { accessKeyId: id, accessKeySecret: secret } = content;
  return isText(id) && isText(secret) ? { root: { id, secret }, instanceKeys } : broken();
}

function broken(): never {
  throw new TableferryError("TF_STORE_CORRUPT", {
    message: "the key file holds no access keys, or broken ones",
    place: KEY_FILE,
    wayOut: "Delete the file to have new keys made, or restore it.",
  });
}

function isInstanceKey(value: unknown): value is AccessKey {
  if (typeof value !== "object" || value === null || !("id" in value) || !("secret" in value) || !("instance" in value)) return false;
  return isText(value.id) && isText(value.secret) && isText(value.instance);
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
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
