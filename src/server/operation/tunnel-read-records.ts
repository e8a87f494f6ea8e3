import { tunnelReadRecords } from "../../wire/operation/tunnel-read-records.ts";
import { answering } from "../call-context.ts";

/** At once, whether there is anything or not: clients wait between reads by themselves (reference 5.4). */
export const answerTunnelReadRecords = answering(
  tunnelReadRecords,
  ({ tunnelId, clientId, channelId, token }, { tunnels, instance, clock }) => {
    const tunnel = tunnels.find(instance, tunnelId);
    return tunnels.reader.read(tunnel, tunnel.channels.held(clientId, channelId, clock.monotonic()), token);
  },
);
