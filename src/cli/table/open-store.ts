import { readFile } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import { TableferryError } from "../../base/error.ts";
import { resolveCredentials, type CredentialSource } from "../../client/credentials.ts";
import { TableStoreClient } from "../../client/table-store-client.ts";
import type { Invocation } from "../invocation.ts";
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
  const local = invocation.text("endpoint") === undefined ? await localServer(folder) : undefined;
  const endpoint = invocation.text("endpoint") ?? local?.endpoint;
  if (endpoint === undefined) {
    throw new TableferryError("TF_USAGE", {
      message: "no endpoint is named, and no server was started in this folder",
      place: "--endpoint",
      wayOut: "Name one: --endpoint http://127.0.0.1:8087 (or $TABLESTORE_ENDPOINT), or start a server here: `tableferry serve`.",
    });
  }
  const client = new TableStoreClient({
    endpoint,
    instance: invocation.text("instance") ?? onlyInstance(local),
    credentials: await credentials(invocation.text("keys"), local, folder, env),
    clock,
    retry: patience,
  });
  try {
    return await use(client);
  } finally {
    await client.close().catch(() => {});
  }
}

function onlyInstance(local: ServerNote | undefined): string {
  const [only, ...others] = local?.instances ?? [];
  if (only !== undefined && others.length === 0) return only;
  const known = local === undefined || local.instances.length === 0 ? "" : ` The local server has ${local.instances.join(", ")}.`;
  throw new TableferryError("TF_USAGE", {
    message: "no instance is named",
    place: "--instance",
    wayOut: `Name one: --instance NAME (or $TABLESTORE_INSTANCE).${known}`,
  });
}

async function credentials(
  keys: string | undefined,
  local: ServerNote | undefined,
  folder: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<CredentialSource> {
  if (keys !== undefined) return await resolveCredentials({ file: keys }, folder, env);
  const variables = (env["TABLESTORE_ACCESS_KEY_ID"] ?? "") !== "" || (env["TABLESTORE_ACCESS_KEY_SECRET"] ?? "") !== "";
  if (local?.keys !== undefined && !variables) return await resolveCredentials({ file: local.keys }, folder, env);
  return await resolveCredentials({ env: "TABLESTORE" }, folder, env);
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
    const { endpoint, instances, keys } = JSON.parse(text) as Partial<ServerNote>;
    if (typeof endpoint !== "string" || !Array.isArray(instances)) return undefined;
    return { endpoint, instances, keys: typeof keys === "string" ? resolve(folder, keys) : undefined };
  } catch {
    return undefined;
  }
}

/** A path as the user would type it from where he stands. */
export function typedPath(path: string, folder: string): string {
  const short = relative(folder, path);
  return short.startsWith("..") ? path : short || ".";
}
