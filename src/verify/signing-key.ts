import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { Chance } from "../base/chance.ts";
import { hasSystemCode, TableferryError, toError } from "../base/error.ts";
import { createFile } from "./replace-file.ts";

/** What signs certificates. */
export interface SigningKey {
  readonly privateKey: KeyObject;
  /** The public part as base64 of its DER form (SubjectPublicKeyInfo). */
  readonly publicKey: string;
  readonly fingerprint: string;
  /** A key that tableferry made beside the job proves that nobody altered the certificate later, not who made it. */
  readonly origin: "self-made" | "provided";
}

/** Stands before the key's PEM block, where PEM allows text; a key without it was provided by somebody. */
const selfMadeMark = "Made by tableferry: proves that certificates are unaltered, not who made them.\n";

/**
 * Reads an Ed25519 private key (PEM, PKCS 8), or makes one, readable by its owner only, where there is none.
 * @throws TF_SIGNING_KEY when the file is no such key, TF_IO when it can be neither read nor made
 */
export async function openSigningKey(path: string, chance: Chance, note: (line: string) => void): Promise<SigningKey> {
  const stored = await readKey(path);
  if (stored !== undefined) return parseKey(stored, path);
  const { privateKey } = generateKeyPairSync("ed25519");
  const text = selfMadeMark + privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  const made = await createFile(path, text, 0o600, chance.id()).catch((error: unknown) => {
    throw new TableferryError("TF_IO", { message: `the signing key cannot be made: ${toError(error).message}`, place: path, cause: error });
  });
  if (made) note(`made a signing key, ${path}: a self-made key proves that a certificate is unaltered, not who made it`);
  return parseKey(made ? text : ((await readKey(path)) ?? ""), path);
}

/** `SHA256:` and the base64 SHA-256 of the public key's DER form, without padding. */
export function fingerprintOf(publicKey: string): string {
  return `SHA256:${createHash("sha256").update(Buffer.from(publicKey, "base64")).digest("base64").replace(/=+$/, "")}`;
}

/** The base64 DER form of a public key given as that, as PEM, or as the PEM of the private key. @throws TF_SIGNING_KEY */
export function publicKeyOf(text: string): string {
  try {
    const key = text.includes("-----BEGIN")
      ? createPublicKey(text)
      : createPublicKey({ key: Buffer.from(text.trim(), "base64"), format: "der", type: "spki" });
    if (key.asymmetricKeyType !== "ed25519") throw new Error(`it is of type ${key.asymmetricKeyType}`);
    return exported(key);
  } catch (cause) {
    throw new TableferryError("TF_SIGNING_KEY", { message: `this is no Ed25519 public key: ${toError(cause).message}`, cause });
  }
}

function parseKey(text: string, path: string): SigningKey {
  try {
    const privateKey = createPrivateKey(text);
    if (privateKey.asymmetricKeyType !== "ed25519") throw new Error(`it is of type ${privateKey.asymmetricKeyType}`);
    const publicKey = exported(createPublicKey(privateKey));
    return {
      privateKey,
      publicKey,
      fingerprint: fingerprintOf(publicKey),
      origin: text.startsWith(selfMadeMark) ? "self-made" : "provided",
    };
  } catch (cause) {
    throw new TableferryError("TF_SIGNING_KEY", {
      message: `this is no Ed25519 private key: ${toError(cause).message}`,
      place: path,
      cause,
    });
  }
}

function exported(key: KeyObject): string {
  return key.export({ type: "spki", format: "der" }).toString("base64");
}

async function readKey(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (hasSystemCode(error, "ENOENT")) return undefined;
    throw new TableferryError("TF_IO", { message: `the signing key cannot be read: ${toError(error).message}`, place: path, cause: error });
  }
}
