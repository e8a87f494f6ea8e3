import type { Shard, Stream } from "../store/stream.ts";
import type { CallContext } from "./call-context.ts";
import { invalidParameter } from "./validation/parameter.ts";

/** What a shard iterator says. It holds nothing that a restart forgets. */
export interface ShardIterator {
  readonly streamId: string;
  readonly shardId: string;
  readonly position: number;
}

/** The position of whatever is the oldest record when it is read. */
export const FROM_OLDEST = 0;

/** Iterators are opaque to clients, and the same place has the same one. */
export function encodeIterator({ streamId, shardId, position }: ShardIterator): string {
  return Buffer.from(`${streamId} ${shardId} ${position}`).toString("base64url");
}

/** @throws OTSParameterInvalid for what is no iterator; the text is not known */
export function decodeIterator(text: string): ShardIterator {
  const [streamId = "", shardId = "", digits = ""] = Buffer.from(text, "base64url").toString().split(" ");
  const iterator = { streamId, shardId, position: Number(digits) };
  if (!Number.isSafeInteger(iterator.position) || iterator.position < 0 || encodeIterator(iterator) !== text) {
    invalidParameter("Invalid shard iterator.");
  }
  return iterator;
}

/** @throws OTSParameterInvalid, whose text begins as the service's does */
export function streamOf({ store, instance }: CallContext, streamId: string): Stream {
  return store.streams.find(instance, streamId) ?? invalidParameter(`Invalid stream id: ${streamId}.`);
}

/** @throws OTSParameterInvalid; the text is not known */
export function shardAt(stream: Stream, shardId: string): Shard {
  return stream.shards.find(({ id }) => id === shardId) ?? invalidParameter(`Invalid shard id: ${shardId}.`);
}
