import { tunnelConnect } from "../../wire/operation/tunnel-connect.ts";
import { answering } from "../call-context.ts";
import { refusal } from "../tunnel/refusal.ts";

/** What both clients ask for (reference 5.3); that the service has the same default is unverified. */
const TIMEOUT_SECONDS_DEFAULT = 300;
/** A dead client's channels wait for so long. Who asks for more than a day is let go earlier, and connects again. */
const TIMEOUT_SECONDS_MAX = 86_400;

export const answerTunnelConnect = answering(tunnelConnect, async ({ tunnelId, client }, { tunnels, instance, clock, chance }) => {
  const asked = client?.timeoutSeconds ?? 0;
  if (asked < 0) throw refusal.parameter("The timeout of a client cannot be less than 0.");
  const tunnel = tunnels.find(instance, tunnelId);
  await tunnels.examine(tunnel);
  await tunnels.refuseExpired(tunnel);
  const clientId = chance.id();
  const timeoutSeconds = Math.min(asked === 0 ? TIMEOUT_SECONDS_DEFAULT : asked, TIMEOUT_SECONDS_MAX);
  tunnel.channels.connect(clientId, timeoutSeconds * 1000, clock.monotonic());
  await tunnels.save(tunnel);
  return { clientId };
});
