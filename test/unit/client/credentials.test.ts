import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { resolveCredentials, type CredentialReference } from "../../../src/client/credentials.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "tableferry-keys-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const keyOf = async (reference: CredentialReference, env: Record<string, string> = {}) =>
  (await resolveCredentials(reference, folder, env))();
const messageOf = async (reference: CredentialReference, env: Record<string, string> = {}): Promise<string> => {
  try {
    await keyOf(reference, env);
    return "accepted";
  } catch (error) {
    return String(error);
  }
};

describe("keys from the environment", () => {
  test("are the two variables of the prefix", async () => {
    const env = { SOURCE_ACCESS_KEY_ID: "ak", SOURCE_ACCESS_KEY_SECRET: "sk" };
    expect(await keyOf({ env: "SOURCE" }, env)).toEqual({ id: "ak", secret: "sk" });
  });
  test("may be temporary", async () => {
    const env = { S_ACCESS_KEY_ID: "ak", S_ACCESS_KEY_SECRET: "sk", S_SECURITY_TOKEN: "sts" };
    expect(await keyOf({ env: "S" }, env)).toEqual({ id: "ak", secret: "sk", token: "sts" });
  });
  test("that are missing are named, without what stands in the others", async () => {
    const message = await messageOf({ env: "S" }, { S_ACCESS_KEY_SECRET: "hush" });
    expect(message).toContain("TF_CREDENTIALS_MISSING: the environment lacks S_ACCESS_KEY_ID");
    expect(message).not.toContain("hush");
  });
});

describe("keys from a file", () => {
  test("are read from the folder of the specification", async () => {
    await writeFile(join(folder, "keys.json"), JSON.stringify({ accessKeyId: "ak", accessKeySecret: "sk" }));
    expect(await keyOf({ file: "keys.json" })).toEqual({ id: "ak", secret: "sk" });
  });
  test("may be temporary", async () => {
    await writeFile(join(folder, "keys.json"), JSON.stringify({ accessKeyId: "ak", accessKeySecret: "sk", securityToken: "sts" }));
    expect(await keyOf({ file: "keys.json" })).toEqual({ id: "ak", secret: "sk", token: "sts" });
  });
  test("that is not there is named", async () => {
    expect(await messageOf({ file: "none.json" })).toContain(join(folder, "none.json"));
  });
  test.each([["not JSON hush"], ['{"accessKeySecret":"hush"}'], ['"hush"'], ["null"]])(
    "that reads %s is refused without quoting it",
    async (text) => {
      await writeFile(join(folder, "keys.json"), text);
      const message = await messageOf({ file: "keys.json" });
      expect(message).toContain("TF_CREDENTIALS_MISSING");
      expect(message).not.toContain("hush");
    },
  );
});
