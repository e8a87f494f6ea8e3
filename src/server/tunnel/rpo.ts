import type { RpoRequest, RpoResponse } from "../../wire/operation/tunnel-rpo.ts";
import type { CallContext } from "../call-context.ts";
import type { Tunnel } from "./tunnel.ts";

/** Tunnels told of in one reply where none is named. */
const TUNNELS_MAX = 100;

/** The names the Go client decodes (reference 5.1). Times are nanoseconds since 1970, which is unverified. */
interface Rpo {
  readonly ChannelTyp?: string | undefined;
  readonly Status: string;
  readonly TotalCount: number;
  /** When this was asked: what the service means is unknown. */
  readonly AccessTime: number;
  readonly RpoTime: number;
}

/**
 * How far tunnels were consumed: one by its id, else those of the instance. That the JSON is keyed by tunnel and channel ids is unverified.
 * @throws OTSParameterInvalid `tunnel not exist`
 */
export async function rpoOf(
  { tunnelId, limit = TUNNELS_MAX }: RpoRequest,
  { tunnels, instance, clock }: CallContext,
): Promise<RpoResponse> {
  const named = tunnelId === undefined || tunnelId === "" ? undefined : tunnels.find(instance, tunnelId);
  const told = named === undefined ? tunnels.list(instance).slice(0, Math.min(Math.max(0, limit), TUNNELS_MAX)) : [named];
  const now = clock.nowMicros() * 1000;
  const rpos = told.map((tunnel) => {
    tunnels.follow(tunnel);
    tunnel.channels.expire(clock.monotonic());
    return { id: tunnel.record.id, channels: channelRpos(tunnel, now), tunnel: tunnelRpo(tunnel, now) };
  });
  await tunnels.settled();
  return {
    rpoInfos: jsonOf(Object.fromEntries(rpos.map(({ id, channels }) => [id, channels]))),
    tunnelRpoInfos: jsonOf(Object.fromEntries(rpos.map(({ id, tunnel }) => [id, tunnel]))),
    tunnelId,
  };
}

function channelRpos(tunnel: Tunnel, now: number): Readonly<Record<string, Rpo>> {
  const channels = tunnel.describedChannels().map(({ channelId, channelType, channelStatus = "", channelCount, channelRpo }) => {
    const rpo = { Status: channelStatus, TotalCount: Number(channelCount), AccessTime: now, RpoTime: Number(channelRpo) };
    return [channelId, { ChannelTyp: channelType, ...rpo }] as const;
  });
  return Object.fromEntries(channels);
}

function tunnelRpo(tunnel: Tunnel, now: number): Rpo {
  const count = tunnel.describedChannels().reduce((sum, { channelCount = 0n }) => sum + channelCount, 0n);
  return { Status: tunnel.stage, TotalCount: Number(count), AccessTime: now, RpoTime: Number(tunnel.consumedUpTo()) };
}

function jsonOf(value: object): Uint8Array {
  return Buffer.from(JSON.stringify(value));
}
