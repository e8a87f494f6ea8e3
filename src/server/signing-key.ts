import { signingKeyV4 } from "../wire/sign.ts";
import type { AccessKey } from "./access-keys.ts";

/** More days and regions than clients of one server have at once; then the derived keys are made anew. */
const DERIVED_MAX = 256;

/** What a request claims to be signed with, and its reply is. */
export interface SigningKey {
  readonly id: string;
  /** The secret, or the text that version 4 derives from it; a reply is signed with HMAC-SHA1 either way (reference 1.5). */
  readonly secret: string;
  readonly version: 1 | 4;
}

/** Finds signing keys; those of version 4 take four HMACs and are kept. */
export class SigningKeys {
  readonly #derived = new Map<string, string>();

  for(key: AccessKey, headers: Readonly<Record<string, string>>): SigningKey {
    const { id, secret } = key;
    if (headers["x-ots-signaturev4"] === undefined) return { id, secret, version: 1 };
    return { id, secret: this.#derive(key, headers["x-ots-signdate"] ?? "", headers["x-ots-signregion"] ?? ""), version: 4 };
  }

  #derive({ id, secret }: AccessKey, date: string, region: string): string {
    const name = `${id}\n${date}\n${region}`;
    let text = this.#derived.get(name);
    if (text === undefined) {
      text = signingKeyV4(secret, date, region);
      if (this.#derived.size >= DERIVED_MAX) this.#derived.clear();
      this.#derived.set(name, text);
    }
    return text;
  }
}
