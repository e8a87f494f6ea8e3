import { createHmac } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { hmacSha1 } from "../../../src/wire/hmac-sha1.ts";

const byOpenSsl = (secret: string, text: string) => createHmac("sha1", secret).update(text).digest("base64");

test("is the one of RFC 2202, case 2", () => {
  expect(Buffer.from(hmacSha1("Jefe", "what do ya want for nothing?"), "base64").toString("hex")).toBe(
    "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79",
  );
});

test("is OpenSSL's for any key and text", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 80 }), fc.string({ unit: "binary", maxLength: 300 }), (secret, text) => {
      expect(hmacSha1(secret, text)).toBe(byOpenSsl(secret, text));
    }),
  );
});

test.each([0, 63, 64, 65, 2730, 2731, 8192, 20_000])("is OpenSSL's for a text of %i characters, short ones or long", (length) => {
  for (const letter of ["x", "\u20ac"]) expect(hmacSha1("secret", letter.repeat(length))).toBe(byOpenSsl("secret", letter.repeat(length)));
});

test.each([0, 63, 64, 65, 200])("is OpenSSL's for a key of %i bytes", (length) => {
  expect(hmacSha1("k".repeat(length), "text")).toBe(byOpenSsl("k".repeat(length), "text"));
});

test("stays the same after more keys than are kept", () => {
  for (let i = 0; i < 600; i++) expect(hmacSha1(`key ${i % 300}`, "text")).toBe(byOpenSsl(`key ${i % 300}`, "text"));
});
