import { tunnelHeartbeat } from "../../wire/operation/tunnel-heartbeat.ts";
import { answering } from "../call-context.ts";

export const answerTunnelHeartbeat = answering(tunnelHeartbeat, async ({ tunnelId, clientId, channels }, { tunnels, instance, clock }) => {
  const tunnel = tunnels.find(instance, tunnelId);
  tunnels.follow(tunnel);
  await tunnels.refuseExpired(tunnel);
  const held = tunnel.channels.heartbeat(clientId, channels, clock.monotonic());
  const listed = Array.from(held, (channel) => channel.listed());
  await tunnels.save(tunnel);
  return { channels: listed };
});
