import { tunnelSchedule } from "../../wire/operation/tunnel-schedule.ts";
import { answering } from "../call-context.ts";
import { refusal } from "../tunnel/refusal.ts";

/** Suspends, resumes and stops channels, all of them or none (reference 5.8). Versions are the server's business here. */
export const answerTunnelSchedule = answering(tunnelSchedule, async ({ tunnelId, channels }, { tunnels, instance, clock }) => {
  const tunnel = tunnels.find(instance, tunnelId);
  tunnels.follow(tunnel);
  tunnel.channels.expire(clock.monotonic());
  const orders = channels.map(({ channelId, status }) => {
    const channel = tunnel.channels.get(channelId);
    if (channel === undefined) throw refusal.parameter(`channel not exist: ${channelId}.`);
    if (status === "close") throw refusal.parameter("A channel cannot be scheduled to CLOSE.");
    return { channel, status };
  });
  for (const { channel, status } of orders) tunnel.channels.schedule(channel, status);
  await tunnels.save(tunnel);
  return {};
});
