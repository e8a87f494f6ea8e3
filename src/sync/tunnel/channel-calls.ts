import type { Chance } from "../../base/chance.ts";
import type { Clock } from "../../base/clock.ts";
import type { TableStoreClient } from "../../client/table-store-client.ts";
import { repeat } from "../../pipeline/repeat.ts";
import { readRecordPage, type RecordPage } from "../../wire/operation/record-page.ts";
import type { ResponseRoom } from "../../wire/transport.ts";
import { tunnelCheckpoint } from "../../wire/operation/tunnel-checkpoint.ts";
import { tunnelGetCheckpoint, type TunnelGetCheckpointResponse } from "../../wire/operation/tunnel-get-checkpoint.ts";

export interface ChannelCallsOptions {
  readonly client: Pick<TableStoreClient, "call">;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly tunnelId: string;
  readonly clientId: string;
  readonly channelId: string;
  readonly timeoutMs: number;
  readonly requestDeadlineMs: number;
}

/** What a client asks of one channel it holds. Reads are repeated while they fail in passing, some ten times in a minute (reference 5.4). */
export class ChannelCalls {
  readonly #options: ChannelCallsOptions;

  constructor(options: ChannelCallsOptions) {
    this.#options = options;
  }

  get channelId(): string {
    return this.#options.channelId;
  }

  getCheckpoint(signal: AbortSignal): Promise<TunnelGetCheckpointResponse> {
    const { client, timeoutMs } = this.#options;
    return repeat(() => client.call(tunnelGetCheckpoint, this.#names(), { signal, timeoutMs }), this.#options, signal);
  }

  /** @param room where the page is put */
  readRecords(token: string, waitMs: number | undefined, room: ResponseRoom, signal: AbortSignal): Promise<RecordPage> {
    const { client, timeoutMs } = this.#options;
    const request = { ...this.#names(), token };
    return repeat(
      () => client.call(readRecordPage, request, { signal, timeoutMs, waitMs, room, rowsChecked: true }),
      this.#options,
      signal,
    );
  }

  /** Sent once: whether it was taken in must be looked up before it is sent again. */
  async checkpoint(checkpoint: string, sequenceNumber: bigint, signal: AbortSignal): Promise<void> {
    const { client, requestDeadlineMs } = this.#options;
    await client.call(tunnelCheckpoint, { ...this.#names(), checkpoint, sequenceNumber }, { signal, timeoutMs: requestDeadlineMs });
  }

  #names() {
    const { tunnelId, clientId, channelId } = this.#options;
    return { tunnelId, clientId, channelId };
  }
}
