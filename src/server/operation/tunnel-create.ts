import { limits } from "../../model/limits.ts";
import { tunnelCreate, type StreamTunnelConfig } from "../../wire/operation/tunnel-create.ts";
import { answering } from "../call-context.ts";
import { refusal } from "../tunnel/refusal.ts";

/** Switches the table's stream on where the tunnel reads it (reference 5.8). */
export const answerTunnelCreate = answering(tunnelCreate, async (request, { tunnels, instance }) => {
  checkTunnelName(request.tunnelName);
  if (request.tunnelType !== "BaseData" && request.streamConfig !== undefined) checkConfig(request.streamConfig);
  const { record } = await tunnels.create(instance, request);
  return { tunnelId: record.id };
});

/** What the service takes for a name is unverified; the length is that of other names. */
function checkTunnelName(name: string): void {
  if (name === "" || Buffer.byteLength(name) > limits.nameLengthMax) throw refusal.parameter(`Invalid tunnel name: '${name}'.`);
}

/** Rule and text are unverified. Above 2^63 nanoseconds lies the year 2262. */
function checkConfig({ startOffset = 0n, endOffset = 0n }: StreamTunnelConfig): void {
  if (startOffset < 0n || endOffset < 0n) throw refusal.parameter("The offsets of a stream tunnel cannot be less than 0.");
  if (endOffset > 0n && endOffset <= startOffset)
    throw refusal.parameter("The end offset of a stream tunnel must be greater than its start offset.");
}
