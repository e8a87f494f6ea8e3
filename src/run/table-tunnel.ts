import type { JobContext } from "../job/context.ts";
import { ensureStream, type TunnelAdminContext } from "../sync/tunnel/ensure-stream.ts";
import { deleteTunnel, ensureTunnel, findTunnel } from "../sync/tunnel/tunnel-admin.ts";
import { closing } from "./closing.ts";
import { openClient, type InstancePlace } from "./open-client.ts";

/** A tunnel of a table, and how to reach it. */
export interface TunnelPlace extends InstancePlace {
  readonly table: string;
  readonly tunnel: string;
}

/** A tunnel as it is. JSON-clean. */
export interface TableTunnel {
  readonly tunnelId: string;
  readonly type: "BaseData" | "Stream" | "BaseAndStream";
  readonly stage: string;
  /** Hours the table's stream keeps changes; undefined where the service does not say. */
  readonly retentionHours: number | undefined;
}

type TunnelContext = Pick<JobContext, "clock" | "chance" | "folder" | "env" | "signal">;

/**
 * Switches the table's stream on where it is off, makes the tunnel where there is none, and waits until it processes (R3).
 * @param wanted `retentionHours` counts where the stream is switched on
 * @throws TF_TUNNEL_THERE for one of another type, TF_TIMEOUT, TF_CREDENTIALS_MISSING, what the service answers
 */
export function ensureTableTunnel(
  place: TunnelPlace,
  wanted: { readonly type: "Stream" | "BaseAndStream"; readonly retentionHours: number },
  context: TunnelContext,
): Promise<TableTunnel> {
  return withAdmin(place, context, async (admin) => {
    const stream = await ensureStream(admin, place.table, { expirationHours: wanted.retentionHours, originColumns: [] });
    const { tunnelId, tunnelType, stage } = await ensureTunnel(admin, { ...nameOf(place), type: wanted.type });
    return { tunnelId, type: tunnelType, stage, retentionHours: stream.expirationHours };
  });
}

/** Undefined: there is none. @throws TF_CREDENTIALS_MISSING, what the service answers */
export function lookAtTableTunnel(place: TunnelPlace, context: TunnelContext): Promise<TableTunnel | undefined> {
  return withAdmin(place, context, async (admin) => {
    const found = await findTunnel(admin, nameOf(place));
    if (found === undefined) return undefined;
    const { stream } = await admin.client.describeTable(place.table, { signal: context.signal });
    const { tunnelId, tunnelType, stage } = found.tunnel;
    return { tunnelId, type: tunnelType, stage, retentionHours: stream?.expirationHours };
  });
}

/** False: there was none. @throws TF_CREDENTIALS_MISSING, what the service answers */
export function deleteTableTunnel(place: TunnelPlace, context: TunnelContext): Promise<boolean> {
  return withAdmin(place, context, (admin) => deleteTunnel(admin, nameOf(place)));
}

const nameOf = ({ table, tunnel }: TunnelPlace) => ({ tableName: table, tunnelName: tunnel });

function withAdmin<Result>(
  place: TunnelPlace,
  context: TunnelContext,
  use: (admin: TunnelAdminContext) => Promise<Result>,
): Promise<Result> {
  const { clock, chance, signal } = context;
  return closing(async (opened) => use({ client: await openClient({ place, context, concurrency: 1 }, opened), clock, chance, signal }));
}
