import { tunnelList } from "../../wire/operation/tunnel-list.ts";
import { answering } from "../call-context.ts";

export const answerTunnelList = answering(tunnelList, async ({ tableName }, { tunnels, instance }) => {
  const listed = tunnels.list(instance, tableName);
  for (const tunnel of listed) tunnels.follow(tunnel);
  const states = listed.map((tunnel) => tunnel.described());
  await tunnels.settled();
  return { tunnels: states };
});
