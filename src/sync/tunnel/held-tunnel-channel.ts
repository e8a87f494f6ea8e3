import { hasCode } from "../../base/error.ts";
import { underSignals } from "../../base/under-signals.ts";
import type { Fence } from "../../pipeline/fence.ts";
import type { TunnelGetCheckpointResponse } from "../../wire/operation/tunnel-get-checkpoint.ts";
import { decodeTunnelToken, FINISHED } from "../../wire/tunnel-token.ts";
import type { ChangePage, HeldChannel } from "../channel.ts";
import type { ChannelCalls } from "./channel-calls.ts";
import { ChannelCheckpoint } from "./channel-checkpoint.ts";
import { ChannelFeed } from "./channel-feed.ts";
import type { SessionTerms } from "./session-terms.ts";
import { codedError } from "./tunnel-errors.ts";

export interface HeldTunnelChannelOptions {
  readonly calls: ChannelCalls;
  readonly terms: SessionTerms;
  readonly stored: TunnelGetCheckpointResponse;
  readonly fence: Fence;
  readonly lost: AbortSignal;
  readonly closing: AbortSignal;
  /** Told when the service says that the channel is not ours. */
  readonly onGone: (error: unknown) => void;
  /** Told when a checkpoint was moved. */
  readonly onProgress: () => void;
}

/** A channel as its runner sees it. */
export class HeldTunnelChannel implements HeldChannel {
  readonly id: string;
  readonly kind: "base" | "stream";
  readonly start: string;
  readonly fence: Fence;
  readonly lost: AbortSignal;
  readonly closing: AbortSignal;
  readonly #options: HeldTunnelChannelOptions;
  readonly #feed: ChannelFeed;
  readonly #checkpoint: ChannelCheckpoint;

  constructor(options: HeldTunnelChannelOptions) {
    const { calls, terms, stored, fence, lost, closing } = options;
    const { clock, chance, seats, rooms } = terms;
    this.id = calls.channelId;
    this.kind = kindOf(calls.channelId, stored.checkpoint);
    this.start = stored.checkpoint;
    this.fence = fence;
    this.lost = lost;
    this.closing = closing;
    this.#options = options;
    this.#feed = new ChannelFeed({ calls, clock, chance, seats, rooms, kind: this.kind });
    this.#checkpoint = new ChannelCheckpoint({ calls, clock, chance, lost, stored });
  }

  /** R11: what must be so before the channel may be called terminated. */
  get finished(): boolean {
    return this.#checkpoint.finished;
  }

  read(token: string, signal: AbortSignal): Promise<ChangePage> {
    return this.#ask(() => underSignals([signal, this.lost], (either) => this.#feed.next(token, either)), signal);
  }

  async checkpoint(token: string): Promise<void> {
    const moved = await this.#ask(() => this.#checkpoint.store(token));
    if (moved) this.#options.onProgress();
  }

  async #ask<T>(call: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    try {
      return await call();
    } catch (error) {
      this.lost.throwIfAborted();
      signal?.throwIfAborted();
      const coded = codedError(error, this.#options.terms.tunnelId);
      if (hasCode(coded, "TF_FENCED")) this.#options.onGone(coded);
      throw coded;
    }
  }
}

/** Real channels of base data are known by their ids, others by a token without iterator; a token that cannot be read is a stream's, as Go has it (reference 5.2). */
function kindOf(channelId: string, token: string): "base" | "stream" {
  if (channelId.startsWith("BaseData_")) return "base";
  if (token === FINISHED) return "stream";
  try {
    return (decodeTunnelToken(token).iterator ?? "") === "" ? "base" : "stream";
  } catch {
    return "stream";
  }
}
