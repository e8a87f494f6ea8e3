import { tunnelShutdown } from "../../wire/operation/tunnel-shutdown.ts";
import { answering } from "../call-context.ts";

export const answerTunnelShutdown = answering(tunnelShutdown, async ({ tunnelId, clientId }, { tunnels, instance, clock }) => {
  const tunnel = tunnels.find(instance, tunnelId);
  tunnel.channels.shutdown(clientId, clock.monotonic());
  await tunnels.save(tunnel);
  return {};
});
