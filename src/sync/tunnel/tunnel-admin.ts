import { hasCode, TableferryError } from "../../base/error.ts";
import { repeat } from "../../pipeline/repeat.ts";
import { isTransient } from "../../pipeline/transient.ts";
import { tunnelCreate, type StreamTunnelConfig, type TunnelType } from "../../wire/operation/tunnel-create.ts";
import { tunnelDelete } from "../../wire/operation/tunnel-delete.ts";
import { tunnelDescribe, type TunnelDescribeResponse } from "../../wire/operation/tunnel-describe.ts";
import type { TunnelState } from "../../wire/operation/tunnel-list.ts";
import { ServiceError } from "../../wire/service-error.ts";
import type { TunnelAdminContext } from "./ensure-stream.ts";
import { meaningOf, missingTunnel } from "./tunnel-errors.ts";

export type TunnelChannelState = TunnelDescribeResponse["channels"][number];

/** A tunnel's name, within its table. */
export interface TunnelName {
  readonly tableName: string;
  readonly tunnelName: string;
}

export interface WantedTunnel extends TunnelName {
  readonly type: TunnelType;
  /** Where a new one begins; one that is there began where it did. */
  readonly config?: StreamTunnelConfig | undefined;
}

export interface EnsuredTunnel extends TunnelState {
  /** False: it was there already. */
  readonly made: boolean;
}

/** Looks at whether the tunnel is there and processes, with pauses of a second at most. */
const LOOKS_MAX = 120;
const FIRST_PAUSE_MS = 50;
const MOST_PAUSE_MS = 1000;

/**
 * Makes a tunnel, or finds the one of this name, and waits until it processes (R3 step 3).
 * @throws TF_TUNNEL_THERE for one of another type, TF_TIMEOUT for one that does not begin, what the service answers, the signal's reason
 */
export async function ensureTunnel(context: TunnelAdminContext, wanted: WantedTunnel): Promise<EnsuredTunnel> {
  const { client, clock, chance, signal } = context;
  const { tableName, tunnelName, type, config } = wanted;
  let made = false;
  for (let looks = 0; looks < LOOKS_MAX; looks++) {
    const found = await findTunnel(context, wanted);
    if (found !== undefined && found.tunnel.tunnelType !== type) throw otherType(wanted, found.tunnel);
    if (found !== undefined && found.tunnel.stage !== "InitBaseDataAndStreamShard") return { ...found.tunnel, made };
    if (found === undefined) {
      try {
        await client.call(tunnelCreate, { tableName, tunnelName, tunnelType: type, streamConfig: config }, { signal });
        made = true;
        continue;
      } catch (error) {
        // Another was faster, or the answer was lost: the next look tells. A tunnel made by a lost request counts as found.
        if (!isTransient(error) && !(error instanceof ServiceError && error.code === "OTSTunnelExist")) throw error;
      }
    }
    const full = Math.min(MOST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(looks, 16));
    await clock.sleep(full / 2 + (full / 2) * chance.next(), signal);
  }
  throw new TableferryError("TF_TIMEOUT", { message: "the tunnel was made, and has not begun to process", place: placeOf(wanted) });
}

/** Stage, channels and how far they were consumed, the time of its making. @throws TF_TUNNEL_MISSING, what the service answers */
export async function describeTunnel(context: TunnelAdminContext, { tableName, tunnelName }: TunnelName): Promise<TunnelDescribeResponse> {
  const { client, signal } = context;
  try {
    return await repeat(() => client.call(tunnelDescribe, { tableName, tunnelName }, { signal }), context, signal);
  } catch (error) {
    throw meaningOf(error) === "missing" ? missingTunnel(placeOf({ tableName, tunnelName }), error) : error;
  }
}

/** As `describeTunnel`; undefined: there is none. */
export async function findTunnel(context: TunnelAdminContext, name: TunnelName): Promise<TunnelDescribeResponse | undefined> {
  try {
    return await describeTunnel(context, name);
  } catch (error) {
    if (hasCode(error, "TF_TUNNEL_MISSING")) return undefined;
    throw error;
  }
}

/** Ids of the channels that are not over. @throws as `describeTunnel` */
export async function openChannelIds(context: TunnelAdminContext, name: TunnelName): Promise<readonly string[]> {
  const { channels } = await describeTunnel(context, name);
  return channels.flatMap(({ channelId, channelStatus }) => (channelStatus === "TERMINATED" ? [] : [channelId]));
}

/** False: there was none, or it was deleted by a request whose answer was lost. Its clients hear of it with their next call. */
export async function deleteTunnel(context: TunnelAdminContext, { tableName, tunnelName }: TunnelName): Promise<boolean> {
  const { client, signal } = context;
  try {
    await repeat(() => client.call(tunnelDelete, { tableName, tunnelName }, { signal }), context, signal);
    return true;
  } catch (error) {
    if (meaningOf(error) === "missing") return false;
    throw error;
  }
}

function otherType(wanted: WantedTunnel, { tunnelType }: TunnelState): TableferryError {
  return new TableferryError("TF_TUNNEL_THERE", {
    message: `the tunnel is of type ${tunnelType}, and ${wanted.type} is needed`,
    place: placeOf(wanted),
  });
}

function placeOf({ tableName, tunnelName }: TunnelName): string {
  return `${tunnelName} of table ${tableName}`;
}
