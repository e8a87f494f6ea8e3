import { bytes, choice, long, message, optional, required, text } from "../message.ts";
import { enumeration } from "../protobuf.ts";

/** A channel as client and server negotiate it in heartbeats; the higher version wins (reference 5.3). */
export interface TunnelChannel {
  readonly channelId: string;
  readonly version: bigint;
  readonly status: "open" | "closing" | "close" | "terminated";
  readonly detail?: Uint8Array | undefined;
}

export const tunnelChannel = message<TunnelChannel>({
  channelId: required(1, text),
  version: required(2, long),
  status: required(3, choice(enumeration("channel status", { open: 1, closing: 2, close: 3, terminated: 4 }))),
  detail: optional(4, bytes),
});
