import { expect, test } from "vitest";
import { roaSignature } from "../../../src/server/control-plane/roa-signature.ts";

/** Made by tea-roa-utils 1.1.5, the Go module with which tea-roa 1.3.4 signs, for the secret `testsecret`. */
const headers = {
  date: "Tue, 14 Nov 2023 22:13:20 GMT",
  host: "127.0.0.1:8087",
  accept: "application/json",
  "user-agent": "x",
  "x-acs-signature-nonce": "0f1e2d3c",
  "x-acs-signature-method": "HMAC-SHA1",
  "x-acs-signature-version": "1.0",
  "x-acs-version": "2020-12-09",
};

test.each([
  ["a query", "GET", "/v2/openapi/getinstance?RegionId=cn-hangzhou&InstanceName=shop", {}, "2WItYlC1oIiWZCQEhf7vQiwrwqA="],
  [
    "escaped and empty values",
    "GET",
    "/v2/openapi/listinstances?MaxResults=10&NextToken=a+b%2Bc%2F%3D&RegionId=",
    {},
    "fWLPvWtoiP18+DSuoWZzrT8VVmw=",
  ],
  ["a body", "POST", "/v2/openapi/deleteinstance", { "content-type": "application/json; charset=utf-8" }, "LDqbsnpG+CAimV8FYpIK9B4daEE="],
  [
    "a security token",
    "GET",
    "/v2/openapi/listclustertype",
    { "x-acs-accesskey-id": "testak", "x-acs-security-token": "tok/en+" },
    "mhCm1F6mjlYKDQkX4kXQqXvRAhk=",
  ],
])("a call with %s is signed as the provider's client signs it", (_what, method, path, more, signature) => {
  expect(roaSignature({ method, path, headers: { ...headers, ...more }, body: new Uint8Array(0) }, "testsecret")).toBe(signature);
});
