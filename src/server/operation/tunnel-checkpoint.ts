import { tunnelCheckpoint } from "../../wire/operation/tunnel-checkpoint.ts";
import { answering } from "../call-context.ts";
import { placeOf } from "../tunnel/token.ts";

export const answerTunnelCheckpoint = answering(
  tunnelCheckpoint,
  async ({ tunnelId, clientId, channelId, checkpoint, sequenceNumber }, { tunnels, instance, clock }) => {
    const tunnel = tunnels.find(instance, tunnelId);
    const channel = tunnel.channels.held(clientId, channelId, clock.monotonic());
    const place = placeOf(channel, tunnel.table.schema, checkpoint);
    tunnel.channels.checkpoint(channel, checkpoint, place.kind === "finished" ? undefined : place, sequenceNumber);
    await tunnels.save(tunnel);
    return {};
  },
);
