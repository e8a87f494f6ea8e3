import { readFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { hasCode, TableferryError } from "../../base/error.ts";
import { resolveCredentials, type CredentialReference, type CredentialSource } from "../../client/credentials.ts";
import { StoreAdmin } from "../../client/store-admin.ts";
import { TableStoreClient } from "../../client/table-store-client.ts";
import { ServiceError } from "../../wire/service-error.ts";
import type { Invocation } from "../invocation.ts";
import { PlacedError } from "../placed-error.ts";
import { serverFile, type ServerNote } from "./server-note.ts";

/** Somebody waits at the keyboard: better an answer soon than ten seconds of trying. */
const patience = { totalMs: 2000, firstMs: 50, mostMs: 500 };

/**
 * A client of the instance that the options name. What is left out comes from variables, then from the server that
 * `tableferry serve` runs in this folder or one above it. The client is closed when `use` has settled.
 * @throws TF_USAGE when endpoint or instance are not known; TF_CREDENTIALS_MISSING
 */
export async function withStore<Result>(invocation: Invocation, use: (client: TableStoreClient) => Promise<Result>): Promise<Result> {
  const { folder, env, clock } = invocation.surroundings;
  const found = await localServer(folder);
  const endpoint = invocation.text("endpoint") ?? found?.endpoint;
  const local = endpoint === found?.endpoint ? found : undefined;
  if (endpoint === undefined) {
    throw new TableferryError("TF_USAGE", {
      message: "no endpoint is named, and no server was started in this folder",
      place: "--endpoint",
      wayOut: "Name one: --endpoint http://127.0.0.1:8087 (or $TABLESTORE_ENDPOINT), or start a server here: `tableferry serve`.",
    });
  }
  const source = credentials(invocation.text("keys"), local, folder, env);
  let client: TableStoreClient | undefined;
  try {
    const instance = invocation.text("instance") ?? (await onlyInstance(local, source));
    client = new TableStoreClient({ endpoint, instance, credentials: source, clock, retry: patience });
    return await use(client);
  } catch (error) {
    throw placed(error, endpoint, local !== undefined, [invocation.args[0], client?.instance]);
  } finally {
    await client?.close().catch(() => {});
  }
}

/** Says of whom what was asked: the service names only its request. */
function placed(
  error: unknown,
  endpoint: string,
  local: boolean,
  [table, instance]: readonly [string | undefined, string | undefined],
): unknown {
  if (error instanceof ServiceError) {
    return new PlacedError(error, [table && `table ${table}`, instance && `instance ${instance}`, endpoint].filter(Boolean).join(", "));
  }
  if (!local || !hasCode(error, "TF_CONNECTION")) return error;
  const wayOut =
    "The server that was started here does not run any more; `tableferry serve` starts it again, `pulumi up` does where a stack made it.";
  return new TableferryError("TF_CONNECTION", { message: error.sentence, place: endpoint, wayOut, cause: error });
}

/** The instance of a local server that has just one. Asked of the server itself: instances come and go while it runs. */
async function onlyInstance(local: ServerNote | undefined, source: CredentialSource): Promise<string> {
  const instances = local === undefined ? [] : await instancesOf(local, source);
  const [only, ...others] = instances;
  if (only !== undefined && others.length === 0) return only;
  const known = instances.length === 0 ? "" : ` The local server has ${instances.join(", ")}.`;
  throw new TableferryError("TF_USAGE", {
    message: "no instance is named",
    place: "--instance",
    wayOut: `Name one: --instance NAME (or $TABLESTORE_INSTANCE).${known}`,
  });
}

async function instancesOf({ endpoint, instances }: ServerNote, source: CredentialSource): Promise<readonly string[]> {
  const admin = new StoreAdmin(endpoint, source);
  try {
    return (await admin.ping()).instances;
  } catch (error) {
    // A key that opens one instance only may not ask; what the server wrote down when it started must do.
    if (error instanceof ServiceError) return instances;
    throw error;
  } finally {
    await admin.close().catch(() => {});
  }
}

/** Looked for when first needed, so that a wrong endpoint is complained of first. */
function credentials(
  keys: string | undefined,
  local: ServerNote | undefined,
  folder: string,
  env: Readonly<Record<string, string | undefined>>,
): CredentialSource {
  let source: Promise<CredentialSource> | undefined;
  return async () => (await (source ??= resolveCredentials(reference(keys, local, env), folder, env)))();
}

function reference(
  keys: string | undefined,
  local: ServerNote | undefined,
  env: Readonly<Record<string, string | undefined>>,
): CredentialReference {
  if (keys !== undefined) return { file: keys };
  const set = ["TABLESTORE_ACCESS_KEY_ID", "TABLESTORE_ACCESS_KEY_SECRET"].filter((name) => (env[name] ?? "") !== "");
  if (set.length === 0 && typeof local?.keysFile === "string") return { file: local.keysFile };
  if (set.length === 2) return { env: "TABLESTORE" };
  throw new TableferryError("TF_CREDENTIALS_MISSING", {
    message: set.length === 0 ? "no access key is named" : `${set[0]!} is set, its other half is not`,
    place: "--keys",
    wayOut: "Set TABLESTORE_ACCESS_KEY_ID and TABLESTORE_ACCESS_KEY_SECRET, or name the file that holds the key: --keys FILE.",
  });
}

/** What the server of this folder, or of the nearest one above, wrote down about itself. */
async function localServer(folder: string): Promise<ServerNote | undefined> {
  for (let at = folder; ; at = dirname(at)) {
    const text = await readFile(join(at, serverFile), "utf8").catch(() => undefined);
    if (text !== undefined) return parseNote(text, at);
    if (dirname(at) === at) return undefined;
  }
}

function parseNote(text: string, folder: string): ServerNote | undefined {
  try {
    const { endpoint, instances, keysFile } = JSON.parse(text) as Partial<ServerNote>;
    if (typeof endpoint !== "string" || !Array.isArray(instances)) return undefined;
    return { endpoint, instances, keysFile: typeof keysFile === "string" ? resolve(folder, keysFile) : undefined };
  } catch {
    return undefined;
  }
}
