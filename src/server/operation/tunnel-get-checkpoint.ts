import { tunnelGetCheckpoint } from "../../wire/operation/tunnel-get-checkpoint.ts";
import { answering } from "../call-context.ts";

export const answerTunnelGetCheckpoint = answering(
  tunnelGetCheckpoint,
  async ({ tunnelId, clientId, channelId }, { tunnels, instance, clock }) => {
    const tunnel = tunnels.find(instance, tunnelId);
    const { checkpoint, sequence } = tunnel.channels.held(clientId, channelId, clock.monotonic());
    await tunnels.save(tunnel);
    return { checkpoint, sequenceNumber: BigInt(sequence) };
  },
);
