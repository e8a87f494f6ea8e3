import { tunnelDescribe } from "../../wire/operation/tunnel-describe.ts";
import { answering } from "../call-context.ts";

export const answerTunnelDescribe = answering(tunnelDescribe, async ({ tableName, tunnelName, tunnelId }, { tunnels, instance, clock }) => {
  const tunnel = tunnels.named(instance, tableName, tunnelName, tunnelId);
  await tunnels.examine(tunnel);
  tunnel.channels.expire(clock.monotonic());
  const described = { tunnel: tunnel.described(), channels: tunnel.describedChannels(), tunnelRpo: tunnel.consumedUpTo() };
  await tunnels.save(tunnel);
  return described;
});
