import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { TableferryError } from "../base/error.ts";
import type { AccessKey } from "../wire/headers.ts";

/** Where an access key comes from; the key itself never stands in a specification. */
export type CredentialReference = { readonly env: string } | { readonly file: string } | { readonly chain: true };

/** Asked before each request, so that temporary keys can be renewed. */
export type CredentialSource = () => AccessKey | Promise<AccessKey>;

/**
 * The source a reference names. Errors name the variables or the file, never what stands in them.
 * @param folder where relative file names start
 * @throws TF_CREDENTIALS_MISSING
 */
export async function resolveCredentials(
  reference: CredentialReference,
  folder: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<CredentialSource> {
  if ("env" in reference) return fixed(fromEnvironment(reference.env, env));
  if ("file" in reference) return fixed(await fromFile(resolve(folder, reference.file)));
  return await fromChain();
}

function fixed(key: AccessKey): CredentialSource {
  return () => key;
}

function fromEnvironment(prefix: string, env: Readonly<Record<string, string | undefined>>): AccessKey {
  const names = [`${prefix}_ACCESS_KEY_ID`, `${prefix}_ACCESS_KEY_SECRET`] as const;
  const [id, secret] = [env[names[0]], env[names[1]]];
  if (!id || !secret) {
    const missing = names.filter((name) => !env[name]).join(" and ");
    throw new TableferryError("TF_CREDENTIALS_MISSING", {
      message: `the environment lacks ${missing}`,
      wayOut: `Set ${names.join(" and ")}, or name another source: credentials: { file: … } or { chain: true }.`,
    });
  }
  const token = env[`${prefix}_SECURITY_TOKEN`];
  return token ? { id, secret, token } : { id, secret };
}

async function fromFile(path: string): Promise<AccessKey> {
  const fail = (message: string, cause?: unknown) =>
    new TableferryError("TF_CREDENTIALS_MISSING", {
      message,
      place: path,
      wayOut: 'The file must be JSON with "accessKeyId" and "accessKeySecret", as `tableferry serve` keeps it beside its data.',
      cause,
    });
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (cause) {
    throw fail("the keys file cannot be read", cause);
  }
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    // The parser's message would quote the file, secret included.
    throw fail("the keys file is not JSON");
  }
  const { accessKeyId, accessKeySecret, securityToken } = (content ?? {}) as Record<string, unknown>;
  if (typeof accessKeyId !== "string" || typeof accessKeySecret !== "string")
    throw fail("the keys file lacks accessKeyId or accessKeySecret");
  return typeof securityToken === "string"
    ? { id: accessKeyId, secret: accessKeySecret, token: securityToken }
    : { id: accessKeyId, secret: accessKeySecret };
}

/** Alibaba Cloud's own chain; loaded only when asked for, because it costs 100 ms. */
async function fromChain(): Promise<CredentialSource> {
  const { default: loaded } = await import("@alicloud/credentials");
  // A CommonJS module with a default export of its own: Node's `default` is the whole module.
  const Credential = loaded.default;
  let credential: InstanceType<typeof Credential>;
  try {
    credential = new Credential();
  } catch (cause) {
    throw new TableferryError("TF_CREDENTIALS_MISSING", { message: "Alibaba Cloud's credential chain found nothing", cause });
  }
  return async () => {
    const { accessKeyId, accessKeySecret, securityToken } = await credential.getCredential();
    if (!accessKeyId || !accessKeySecret)
      throw new TableferryError("TF_CREDENTIALS_MISSING", { message: "Alibaba Cloud's credential chain gave no key" });
    return securityToken
      ? { id: accessKeyId, secret: accessKeySecret, token: securityToken }
      : { id: accessKeyId, secret: accessKeySecret };
  };
}
