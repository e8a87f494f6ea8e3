import type { TunnelChannel } from "../../wire/operation/tunnel-channel.ts";
import { tunnelConnect } from "../../wire/operation/tunnel-connect.ts";
import { tunnelGetCheckpoint } from "../../wire/operation/tunnel-get-checkpoint.ts";
import { tunnelHeartbeat } from "../../wire/operation/tunnel-heartbeat.ts";
import { tunnelShutdown } from "../../wire/operation/tunnel-shutdown.ts";
import { repeat } from "../../pipeline/repeat.ts";
import type { TunnelAdminContext } from "./ensure-stream.ts";
import { describeTunnel, type TunnelName } from "./tunnel-admin.ts";
import { codedError } from "./tunnel-errors.ts";

/** Where a channel is to be read from. */
export interface FirstCheckpoint {
  readonly channelId: string;
  /** A token, or `FINISHED`. */
  readonly token: string;
}

export interface NamedTunnel extends TunnelName {
  readonly tunnelId: string;
}

/** For so long it is waited for a further channel; what has not come by then (a split's child, say) cannot be had. */
const QUIET_MS = 3000;
const HEARTBEAT_MS = 250;
/** Of the client, which goes after this at the latest. */
const TIMEOUT_SECONDS = 30;

/**
 * The checkpoints of all channels that can be had, before anybody reads them (R3 step 3): connects as a client of its own, is handed the channels, looks and
 * signs off. Channels that another client holds, or that wait for their parents, are not among them.
 * @throws TF_CHANGES_EXPIRED, TF_TUNNEL_MISSING, what the service answers, the signal's reason
 */
export async function firstCheckpoints(context: TunnelAdminContext, tunnel: NamedTunnel): Promise<readonly FirstCheckpoint[]> {
  const { client, signal } = context;
  const { tunnelId } = tunnel;
  const asking = <T>(call: () => Promise<T>) => repeat(call, context, signal);
  try {
    const request = { tunnelId, client: { timeoutSeconds: TIMEOUT_SECONDS, tag: "tableferry: first checkpoints" } };
    const { clientId } = await asking(() => client.call(tunnelConnect, request, { signal }));
    try {
      return await collect(context, tunnel, clientId);
    } finally {
      await client.call(tunnelShutdown, { tunnelId, clientId }, { signal }).catch(() => undefined);
    }
  } catch (error) {
    throw codedError(error, tunnelId);
  }
}

async function collect(context: TunnelAdminContext, tunnel: NamedTunnel, clientId: string): Promise<readonly FirstCheckpoint[]> {
  const { client, clock, signal } = context;
  const { tunnelId } = tunnel;
  const asking = <T>(call: () => Promise<T>) => repeat(call, context, signal);
  const found = new Map<string, string>();
  let held: readonly TunnelChannel[] = [];
  for (let quietSince = clock.monotonic(); ;) {
    held = (await asking(() => client.call(tunnelHeartbeat, { tunnelId, clientId, channels: held }, { signal }))).channels;
    for (const { channelId, status } of held) {
      if (status !== "open" || found.has(channelId)) continue;
      const { checkpoint } = await asking(() => client.call(tunnelGetCheckpoint, { tunnelId, clientId, channelId }, { signal }));
      found.set(channelId, checkpoint);
      quietSince = clock.monotonic();
    }
    const { channels } = await describeTunnel(context, tunnel);
    // None at all: they have yet to be made.
    const missing =
      channels.length === 0 || channels.some(({ channelId, channelStatus }) => channelStatus !== "TERMINATED" && !found.has(channelId));
    if (!missing || clock.monotonic() - quietSince >= QUIET_MS) break;
    await clock.sleep(HEARTBEAT_MS, signal);
  }
  return Array.from(found, ([channelId, token]) => ({ channelId, token }));
}
