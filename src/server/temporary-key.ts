import type { Chance } from "../base/chance.ts";
import type { AccessKey, AccessKeys } from "./access-keys.ts";
import { makeAccessKey } from "./key-file.ts";

/** A key that works only together with its token, and only for a time; as the cloud's token service (STS) gives them. */
export interface TemporaryKey extends AccessKey {
  readonly token: string;
  /** Milliseconds since 1970, by the store's clock. */
  readonly expiresAt: number;
}

export interface TemporaryKeyOptions {
  readonly seconds: number;
  /** The only instance it opens; absent: every one. It never administers the server. */
  readonly instance?: string | undefined;
}

/** Makes one and lets it in; it is kept nowhere. */
export function issueTemporaryKey(keys: AccessKeys, chance: Chance, now: number, { seconds, instance }: TemporaryKeyOptions): TemporaryKey {
  keys.removeExpired(now);
  const { id, secret } = makeAccessKey(chance, instance);
  const token = Buffer.from(chance.bytes(48)).toString("base64");
  const key = { id: id.replace(/^LTAI/, "STS."), secret, instance, token, expiresAt: now + seconds * 1000 };
  keys.add(key);
  return key;
}
