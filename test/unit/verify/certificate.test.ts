import { generateKeyPairSync } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { systemChance } from "../../../src/base/chance.ts";
import { checkCertificate, recheckCertificate, signCertificate, type CertificateBody } from "../../../src/verify/certificate.ts";
import { openSigningKey } from "../../../src/verify/signing-key.ts";
import { runVerification } from "../../../src/verify/verification.ts";
import { compare, inputOf, row, rows, temporaryFolder } from "./support/compare.ts";
import { MemorySide } from "./support/memory-side.ts";

let folder: string;
beforeEach(() => {
  folder = temporaryFolder();
});

const certificatePath = () => join(folder, ".tableferry/certificates/test.json");
const keyPath = () => join(folder, ".tableferry/signing-key.pem");

/** Runs a verification that writes its certificate into the test's folder. */
async function certified(source: MemorySide, target: MemorySide, verify = {}) {
  const { input, around } = inputOf(source, target, { verify: { certificate: undefined, ...verify } });
  const result = await runVerification({ ...input, context: { ...input.context, folder } });
  return { result, ...around };
}

describe("a certificate", () => {
  test("says what was compared and what came out, and holds", async () => {
    const { result, notes } = await certified(
      new MemorySide(rows(20), { title: "table a" }),
      new MemorySide(rows(20), { title: "table b" }),
    );
    expect(result.certificate).toBe(".tableferry/certificates/test.json");
    const { valid, reasons, certificate } = checkCertificate(readFileSync(certificatePath()));
    expect([valid, reasons]).toEqual([true, []]);
    expect(certificate).toMatchObject({
      job: "test",
      verdict: "equal",
      consistency: "quiescent",
      coverage: { kind: "all" },
      source: { title: "table a", incarnation: "1", rows: 20, digest: result.sourceDigest },
      target: { title: "table b", rows: 20, digest: result.targetDigest },
      mapping: null,
      counts: { rejected: 0, filtered: 0, differences: 0, unsettled: 0 },
      time: { begun: "2023-11-14T22:13:20.000Z", ended: "2023-11-14T22:13:20.000Z", resumed: false },
      tool: { name: "tableferry", version: "0.0.0" },
      signer: { algorithm: "ed25519", origin: "self-made" },
    });
    expect(notes).toEqual([expect.stringContaining("proves that a certificate is unaltered, not who made it")]);
  });

  test("of sides that differ says so, and names no row and no value", async () => {
    await certified(new MemorySide([row(1, { name: "secret-a" })]), new MemorySide([row(1, { name: "secret-b" })]));
    const text = readFileSync(certificatePath(), "utf8");
    expect(checkCertificate(text).certificate).toMatchObject({ verdict: "different", counts: { differences: 1 } });
    expect(text).not.toContain("secret");
  });

  test("with unsettled rows never says equal, unless the job allows that many", async () => {
    const source = () => {
      const side = new MemorySide([row(1, { n: 0n })]);
      side.onLookUp = (count) => void (side.rows = [row(1, { n: BigInt(count + 1) })]);
      return side;
    };
    await certified(source(), new MemorySide([row(1)]));
    expect(checkCertificate(readFileSync(certificatePath())).certificate).toMatchObject({ verdict: "unsettled", consistency: "fuzzy" });
    await certified(source(), new MemorySide([row(1)]), { unsettledAllowed: 1 });
    expect(checkCertificate(readFileSync(certificatePath())).certificate).toMatchObject({ verdict: "equal", counts: { unsettled: 1 } });
  });

  test("altered in any byte no longer holds", async () => {
    await certified(new MemorySide(rows(5)), new MemorySide(rows(5)));
    const sound = readFileSync(certificatePath());
    const held: number[] = [];
    for (let at = 0; at < sound.length; at++) {
      const altered = Buffer.from(sound);
      altered[at]! ^= 1;
      if (checkCertificate(altered).valid) held.push(at);
    }
    expect(held).toEqual([]);
    fc.assert(
      fc.property(fc.nat({ max: sound.length - 1 }), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const altered = Buffer.from(sound);
        altered[at]! ^= change;
        expect(checkCertificate(altered).valid).toBe(false);
      }),
      { numRuns: 1000 },
    );
  });

  test("cut, lengthened or written otherwise no longer holds", async () => {
    await certified(new MemorySide(rows(5)), new MemorySide(rows(5)));
    const sound = readFileSync(certificatePath(), "utf8");
    const spaced = `${JSON.stringify(JSON.parse(sound), undefined, 2)}\n`;
    for (const altered of [sound.slice(0, -1), `${sound} `, `\uFEFF${sound}`, spaced, "", "{}", "null", "[1]"])
      expect(checkCertificate(altered).valid).toBe(false);
    expect(checkCertificate(spaced).reasons).toEqual(["the text is not in canonical form: it was changed after it was written"]);
  });

  test("signed anew with another key holds by itself, and not against the key that is asked for", async () => {
    await certified(new MemorySide(rows(5)), new MemorySide(rows(5)));
    const { certificate } = checkCertificate(readFileSync(certificatePath()));
    const { signer, ...body } = certificate!;
    const forger = await openSigningKey(join(folder, "forger.pem"), systemChance, () => undefined);
    const forged = signCertificate({ ...body, counts: { ...body.counts, rejected: 7 } }, forger);
    expect(checkCertificate(forged).valid).toBe(true);
    const checked = checkCertificate(forged, { publicKey: signer.publicKey });
    expect(checked).toMatchObject({
      valid: false,
      reasons: [`signed by ${forger.fingerprint}, not by the key asked for, ${signer.fingerprint}`],
    });
    expect(checkCertificate(forged, { publicKey: signer.fingerprint }).valid).toBe(false);
    expect(checkCertificate(readFileSync(certificatePath()), { publicKey: signer.fingerprint }).valid).toBe(true);
    expect(checkCertificate(readFileSync(certificatePath()), { publicKey: readFileSync(keyPath(), "utf8") }).valid).toBe(true);
  });

  test("with a fingerprint of another key does not hold", async () => {
    await certified(new MemorySide(rows(5)), new MemorySide(rows(5)));
    const { signer: _signer, ...body } = checkCertificate(readFileSync(certificatePath())).certificate!;
    const key = await openSigningKey(keyPath(), systemChance, () => undefined);
    const forged = signCertificate(body, { ...key, fingerprint: "SHA256:trusted" });
    expect(checkCertificate(forged).reasons).toEqual(["the fingerprint is not that of the public key"]);
  });

  test("is compared by its bytes, so that bytes which are no UTF-8 cannot stand for a character", async () => {
    await certified(new MemorySide(rows(5), { title: "table \uFFFD" }), new MemorySide(rows(5)));
    const sound = readFileSync(certificatePath());
    expect(checkCertificate(sound).valid).toBe(true);
    const at = sound.indexOf("\uFFFD");
    const altered = Buffer.concat([sound.subarray(0, at), Buffer.from([0xff]), sound.subarray(at + 3)]);
    expect(altered.toString("utf8")).toBe(sound.toString("utf8"));
    expect(checkCertificate(altered).valid).toBe(false);
  });

  test("refuses to be checked against what is no key", async () => {
    await certified(new MemorySide(rows(5)), new MemorySide(rows(5)));
    expect(() => checkCertificate(readFileSync(certificatePath()), { publicKey: "abc" })).toThrow(
      expect.objectContaining({ code: "TF_SIGNING_KEY" }),
    );
  });

  test("replaces the earlier one whole, leaving nothing beside it", async () => {
    await certified(new MemorySide(rows(5)), new MemorySide(rows(5)));
    await certified(new MemorySide(rows(6)), new MemorySide(rows(6)));
    expect(checkCertificate(readFileSync(certificatePath())).certificate?.source.rows).toBe(6);
    expect(readdirSync(join(folder, ".tableferry/certificates"))).toEqual(["test.json"]);
    expect(readdirSync(join(folder, ".tableferry")).sort()).toEqual(["certificates", "signing-key.pem"]);
  });

  test("is not written where the job wants none", async () => {
    const { result } = await compare(new MemorySide(rows(2)), new MemorySide(rows(2)));
    expect(result.certificate).toBeUndefined();
  });

  test("is repeated by a fresh verification of the same content, and by no other", async () => {
    const { result } = await certified(new MemorySide(rows(30)), new MemorySide(rows(30)));
    const certificate = checkCertificate(readFileSync(certificatePath())).certificate!;
    expect(recheckCertificate(certificate, result, null)).toEqual([]);
    const { result: changed } = await compare(new MemorySide(rows(30)), new MemorySide([...rows(29), row(29)]));
    expect(recheckCertificate(certificate, changed, null)).toEqual([
      expect.stringMatching(/^digest of the target was [0-9a-f]{64}, is [0-9a-f]{64}$/),
    ]);
    expect(recheckCertificate(certificate, result, "m")).toEqual(["mapping was null, is m"]);
    const live: CertificateBody = { ...certificate, consistency: "live" };
    expect(recheckCertificate(live, result, null)).toEqual([expect.stringContaining("cannot be made again")]);
  });
});

describe("the signing key", () => {
  test("is made once, for its owner only, and used again", async () => {
    const first = await openSigningKey(keyPath(), systemChance, () => undefined);
    expect(statSync(keyPath()).mode & 0o777).toBe(0o600);
    const notes: string[] = [];
    const second = await openSigningKey(keyPath(), systemChance, (line) => notes.push(line));
    expect(second).toMatchObject({ publicKey: first.publicKey, fingerprint: first.fingerprint, origin: "self-made" });
    expect(notes).toEqual([]);
  });

  test("made by two at once is one key", async () => {
    const keys = await Promise.all(Array.from({ length: 8 }, () => openSigningKey(keyPath(), systemChance, () => undefined)));
    expect(new Set(keys.map(({ fingerprint }) => fingerprint)).size).toBe(1);
  });

  test("that somebody provides is called so", async () => {
    const { privateKey } = generateKeyPairSync("ed25519");
    writeFileSync(join(folder, "own.pem"), privateKey.export({ type: "pkcs8", format: "pem" }));
    expect(await openSigningKey(join(folder, "own.pem"), systemChance, () => undefined)).toMatchObject({ origin: "provided" });
  });

  test("of another kind, or none, is refused with its place", async () => {
    const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    writeFileSync(join(folder, "rsa.pem"), privateKey.export({ type: "pkcs8", format: "pem" }));
    writeFileSync(join(folder, "text.pem"), "not a key");
    for (const name of ["rsa.pem", "text.pem"]) {
      await expect(openSigningKey(join(folder, name), systemChance, () => undefined)).rejects.toMatchObject({
        code: "TF_SIGNING_KEY",
        place: join(folder, name),
      });
    }
  });

  test("that cannot be made or read is an error of input and output", async () => {
    mkdirSync(keyPath(), { recursive: true });
    await expect(openSigningKey(keyPath(), systemChance, () => undefined)).rejects.toMatchObject({ code: "TF_IO", place: keyPath() });
    writeFileSync(join(folder, "file"), "");
    await expect(openSigningKey(join(folder, "file/key.pem"), systemChance, () => undefined)).rejects.toMatchObject({ code: "TF_IO" });
  });
});
