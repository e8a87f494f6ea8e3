import { resolveCredentials, type CredentialReference } from "../client/credentials.ts";
import { openHttpTransport, type HttpTransport, type HttpTransportOptions } from "../client/http-transport.ts";
import { TableStoreClient } from "../client/table-store-client.ts";
import type { JobContext } from "../job/context.ts";
import type { Closing } from "./closing.ts";

export interface InstancePlace {
  readonly endpoint: string;
  readonly instance: string;
  readonly credentials: CredentialReference;
}

/** Connections a client may open: every worker reads while every write is under way, and some more for the rest. */
const spareConnections = 4;

/** Replies carry 4 MB of rows, one row over the line and framing. */
export const responseBytesMax = 16 * 1024 * 1024;

/** How to reach an endpoint: through sockets, or, in a simulation, without. */
export type OpenTransport = (options: HttpTransportOptions) => HttpTransport;

export interface ClientOrder {
  readonly place: InstancePlace;
  readonly context: Pick<JobContext, "clock" | "chance" | "folder" | "env"> & { readonly openTransport?: OpenTransport | undefined };
  /** Requests under way at once. */
  readonly concurrency: number;
  /** Called synchronously before each try of each write goes to the network, also when it had to wait for a connection (R2); throwing sends nothing. */
  readonly beforeWrite?: (() => void) | undefined;
}

/**
 * A client of the instance that an endpoint names; its connections are closed with `opened`. Credentials are resolved here, at run
 * time, from their reference.
 * @throws TF_CREDENTIALS_MISSING, TF_SPEC_INVALID
 */
export async function openClient({ place, context, concurrency, beforeWrite }: ClientOrder, opened: Closing): Promise<TableStoreClient> {
  const { clock, chance, folder, env, openTransport = openHttpTransport } = context;
  const credentials = await resolveCredentials(place.credentials, folder, env);
  const { transport, guarded } = opened.add(
    openTransport({
      endpoint: place.endpoint,
      connections: concurrency + spareConnections,
      responseBytesMax,
    }),
  );
  return new TableStoreClient({
    instance: place.instance,
    credentials,
    clock,
    chance,
    transport,
    guarded,
    beforeWrite,
  });
}
