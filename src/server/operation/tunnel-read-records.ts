import { tunnelReadRecords } from "../../wire/operation/tunnel-read-records.ts";
import { answering } from "../call-context.ts";

/** At once, whether there is anything or not, since clients wait between reads by themselves (reference 5.4); unless this one says that it would wait here. */
export const answerTunnelReadRecords = answering(
  tunnelReadRecords,
  ({ tunnelId, clientId, channelId, token }, { tunnels, instance, clock, patience }) => {
    const tunnel = tunnels.find(instance, tunnelId);
    return tunnels.reader.read(tunnel, tunnel.channels.held(clientId, channelId, clock.monotonic()), token, patience);
  },
);
