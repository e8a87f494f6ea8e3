import { tunnelDelete } from "../../wire/operation/tunnel-delete.ts";
import { answering } from "../call-context.ts";

/** Its clients learn of it by the answer to their next call: the tunnel does not exist. */
export const answerTunnelDelete = answering(tunnelDelete, async ({ tableName, tunnelName, tunnelId }, { tunnels, instance }) => {
  await tunnels.remove(tunnels.named(instance, tableName, tunnelName, tunnelId));
  return {};
});
