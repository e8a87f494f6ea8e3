import type { SourceChange } from "../connector/change.ts";
import type { Fence } from "../pipeline/fence.ts";

/** Changes read together, in their order. */
export interface ChangePage {
  /** May be decoded only when they are asked for. @throws TF_WIRE_CORRUPT */
  readonly changes: readonly SourceChange[];
  /** Bytes of the records, for the budget of bytes in flight (R14). */
  readonly bytes: number;
  /** The token behind this page, or `FINISHED` where the channel ends. */
  readonly next: string;
  /** More was ready when this was read. */
  readonly more: boolean;
  /** Wall clock, milliseconds, when the page was asked for. Where `more` is false, whatever was committed before stands in this page or an earlier one. */
  readonly askedAt: number;
  /** Called once, when nobody looks at it or its changes any more: its memory is used for others. What was decoded of them stays. */
  release?(): void;
}

/** A channel of a tunnel while this worker holds it. */
export interface HeldChannel {
  readonly id: string;
  readonly kind: "base" | "stream";
  /** The stored checkpoint: where reading begins. `FINISHED` where everything was consumed. */
  readonly start: string;
  /**
   * Guards every write for this channel (R2): nothing leaves later than last good heartbeat + session time-out − request deadline.
   * Whether and how long a successor waits before its first write is its user's to decide.
   */
  readonly fence: Fence;
  /**
   * Aborted (reason: TF_FENCED) when the channel is not ours any more, or may not be: whatever is under way is given up at once.
   */
  readonly lost: AbortSignal;
  /** Aborted when the channel is asked back or the worker ends: finish what is under way, checkpoint, and return. Also aborted with `lost`. */
  readonly closing: AbortSignal;
  /**
   * The next page behind a token. Resolves soon: at once when something is there, else after the pause of reading (adaptive: reading again
   * and again costs at most two requests a second while nothing changes). Retries what passes.
   * @throws TF_CHANGES_EXPIRED with the way out when the position is gone (never a silent skip), TF_FENCED, errors of the service, the signal's reason
   */
  read(token: string, signal: AbortSignal): Promise<ChangePage>;
  /**
   * Stores that everything before the token is acknowledged (R8: conditional on the sequence number; on OTSSequenceNumberNotMatch the
   * stored token is read back: our own is success, else the channel stops).
   * @throws TF_FENCED
   */
  checkpoint(token: string): Promise<void>;
}

/**
 * What a session does with each channel it is given. Resolves `finished` once everything is acknowledged and the checkpoint `FINISHED` was
 * accepted (R11: only then TERMINATED is reported), `closed` when it stopped because `closing` was aborted and everything it had begun
 * is acknowledged and checkpointed, or given up. Rejecting gives the channel back to the tunnel.
 */
export type RunChannel = (channel: HeldChannel) => Promise<"finished" | "closed">;
