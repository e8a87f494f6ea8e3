import { createPublicKey, sign, verify } from "node:crypto";
import { canonicalJson } from "../base/canonical-json.ts";
import type { VerificationResult } from "../job/result.ts";
import { replaceFile } from "./replace-file.ts";
import { fingerprintOf, publicKeyOf, type SigningKey } from "./signing-key.ts";

/** What a verification of two sides came to, as signed. JSON-clean; holds no row, no value, no credentials. */
export interface CertificateBody {
  readonly format: "tableferry-certificate";
  readonly version: 1;
  readonly job: string;
  readonly verdict: "equal" | "different" | "unsettled";
  /**
   * `quiescent`: the sides were said to rest and nothing contradicted it. `live`: the source was being written and its stream
   * applied. `fuzzy`: the source may have been written without a stream, so what is equal now may never have been so at one moment.
   */
  readonly consistency: "quiescent" | "live" | "fuzzy";
  readonly coverage: VerificationResult["coverage"];
  readonly versions: "latest" | "keep";
  readonly source: CertifiedSide;
  readonly target: CertifiedSide;
  /** `CompiledMapping.hash`; null where rows are compared as they are. */
  readonly mapping: string | null;
  readonly counts: {
    readonly rejected: number;
    readonly filtered: number;
    readonly differences: number;
    readonly unsettled: number;
  };
  /** How both digests were made: see docs/verification.md. */
  readonly digest: "tableferry-digest-1";
  /** Positions in the source's stream that had been applied, by channel; empty without a stream. */
  readonly positions: Readonly<Record<string, string>>;
  /** ISO times between which every row was read; `resumed` where an interrupted verification was gone on with. */
  readonly time: { readonly begun: string; readonly ended: string; readonly resumed: boolean };
  readonly tool: { readonly name: "tableferry"; readonly version: string };
  readonly signer: {
    readonly algorithm: "ed25519";
    readonly publicKey: string;
    readonly fingerprint: string;
    readonly origin: "self-made" | "provided";
  };
}

export interface CertifiedSide {
  readonly title: string;
  readonly incarnation: string;
  readonly rows: number;
  /** Hex SHA-256 over the leaves. */
  readonly digest: string;
}

export interface CheckedCertificate {
  readonly valid: boolean;
  /** Why it is not valid; empty when it is. */
  readonly reasons: readonly string[];
  /** What it says, where that can be read at all; to be believed only when `valid`. */
  readonly certificate: CertificateBody | undefined;
}

/** Keeps a signature from meaning anything else that might one day be signed by the same key. */
const context = "tableferry-certificate/1\n";

/** The certificate as text: canonical JSON in one line, `{"certificate": …, "signature": base64}`, and a line feed. */
export function signCertificate(body: Omit<CertificateBody, "signer">, key: SigningKey): string {
  const { publicKey, fingerprint, origin } = key;
  const certificate: CertificateBody = { ...body, signer: { algorithm: "ed25519", publicKey, fingerprint, origin } };
  const signature = sign(null, signedBytes(certificate), key.privateKey).toString("base64");
  return `${canonicalJson({ certificate, signature })}\n`;
}

/** Writes a certificate whole, or leaves the earlier one. Folders are made. */
export function writeCertificate(path: string, text: string, unique: string): Promise<void> {
  return replaceFile(path, text, 0o644, unique);
}

/**
 * Whether a certificate is as it was signed, byte for byte.
 * @param given the file's bytes (a text can hide bytes that are no UTF-8)
 * @param expected the key that must have signed it: PEM, base64 DER or fingerprint. Without it only integrity is checked: whoever
 * alters a certificate can also sign it with a key of their own.
 * @throws TF_SIGNING_KEY when `expected` is no key
 */
export function checkCertificate(
  given: string | Uint8Array,
  expected: { readonly publicKey?: string | undefined } = {},
): CheckedCertificate {
  const text = typeof given === "string" ? given : strictText(given);
  const parsed = text === undefined ? undefined : parse(text);
  if (parsed === undefined) return { valid: false, reasons: ["this is no tableferry certificate"], certificate: undefined };
  const { certificate, signature } = parsed;
  const reasons: string[] = [];
  // Base64 has spare bits at its end, which decoding passes over.
  const exact = { certificate, signature: Buffer.from(signature, "base64").toString("base64") };
  if (`${canonicalJson(exact)}\n` !== text) reasons.push("the text is not in canonical form: it was changed after it was written");
  if (!signatureHolds(certificate, signature))
    reasons.push("the signature does not fit: the content was changed, or another key signed it");
  const { publicKey, fingerprint } = certificate.signer;
  if (fingerprintOf(publicKey) !== fingerprint) reasons.push("the fingerprint is not that of the public key");
  const wanted = expected.publicKey;
  if (wanted !== undefined) {
    const wantedPrint = wanted.startsWith("SHA256:") ? wanted.trim() : fingerprintOf(publicKeyOf(wanted));
    if (wantedPrint !== fingerprintOf(publicKey)) reasons.push(`signed by ${fingerprint}, not by the key asked for, ${wantedPrint}`);
  }
  return { valid: reasons.length === 0, reasons, certificate };
}

/**
 * Compares a fresh verification of the same sides with a certificate: why it does not repeat it, or nothing. Only a quiescent
 * certificate can be repeated.
 */
export function recheckCertificate(certificate: CertificateBody, fresh: VerificationResult, mapping: string | null): readonly string[] {
  const reasons: string[] = [];
  const compare = (what: string, then: string | number | null, now: string | number | null) => {
    if (then !== now) reasons.push(`${what} was ${then}, is ${now}`);
  };
  if (certificate.consistency !== "quiescent")
    reasons.push(`it was made while the source may have been written (${certificate.consistency}), so its digests cannot be made again`);
  compare("coverage", certificate.coverage.text, fresh.coverage.text);
  compare("mapping", certificate.mapping, mapping);
  compare("rows of the source", certificate.source.rows, fresh.sourceRows);
  compare("rows of the target", certificate.target.rows, fresh.targetRows);
  compare("digest of the source", certificate.source.digest, fresh.sourceDigest);
  compare("digest of the target", certificate.target.digest, fresh.targetDigest);
  return reasons;
}

function signedBytes(certificate: CertificateBody): Buffer {
  return Buffer.from(context + canonicalJson(certificate));
}

function signatureHolds(certificate: CertificateBody, signature: string): boolean {
  try {
    const key = createPublicKey({ key: Buffer.from(certificate.signer.publicKey, "base64"), format: "der", type: "spki" });
    return key.asymmetricKeyType === "ed25519" && verify(null, signedBytes(certificate), key, Buffer.from(signature, "base64"));
  } catch {
    // A public key that is none: the certificate does not hold, whatever the reason.
    return false;
  }
}

/** Undefined where bytes are no UTF-8; a lenient reading would make several files into one text. */
function strictText(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

interface Signed {
  readonly certificate: CertificateBody;
  readonly signature: string;
}

function parse(text: string): Signed | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    return isSigned(parsed) ? parsed : undefined;
  } catch {
    // No JSON, hence no certificate.
    return undefined;
  }
}

/** Enough of the shape to check and show it; the rest is vouched for by the signature. */
function isSigned(value: unknown): value is Signed {
  if (!isRecord(value) || typeof value["signature"] !== "string" || !isRecord(value["certificate"])) return false;
  const body = value["certificate"];
  if (body["format"] !== "tableferry-certificate" || body["version"] !== 1) return false;
  const signer = body["signer"];
  return isRecord(signer) && typeof signer["publicKey"] === "string" && typeof signer["fingerprint"] === "string";
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
