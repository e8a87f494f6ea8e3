/** A channel as client and server negotiate it in heartbeats; the higher version wins (reference 5.3). */
export interface TunnelChannel {
  readonly channelId: string;
  readonly version: bigint;
  readonly status: "open" | "closing" | "close" | "terminated";
  readonly detail?: Uint8Array | undefined;
}
