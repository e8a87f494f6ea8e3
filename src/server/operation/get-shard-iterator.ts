import { getShardIterator } from "../../wire/operation/get-shard-iterator.ts";
import { answering } from "../call-context.ts";
import { encodeIterator, FROM_OLDEST, shardAt, streamOf } from "../stream-position.ts";
import { invalidParameter } from "../validation/parameter.ts";

/**
 * An iterator from the oldest record kept, or from the first at or after a time. A place is found at once, so no token is ever handed out to go on
 * looking with, and one that comes is none of ours (what the service uses it for is unverified).
 */
export const answerGetShardIterator = answering(getShardIterator, async (request, context) => {
  const { streamId, shardId, timestamp, token = "" } = request;
  if (token !== "") invalidParameter("Invalid token.");
  if (timestamp !== undefined && !(timestamp >= 0 && Number.isSafeInteger(timestamp))) invalidParameter("Invalid timestamp.");
  const stream = streamOf(context, streamId);
  const shard = shardAt(stream, shardId);
  const { streams } = context.store;
  // Nothing is lost by beginning at the oldest where the time lies before it, and what expires meanwhile does not matter.
  const position = timestamp === undefined || timestamp <= streams.oldest(shard) ? FROM_OLDEST : await streams.at(shard, timestamp);
  return { shardIterator: encodeIterator({ streamId, shardId, position }) };
});
