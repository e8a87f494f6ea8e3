import { limits } from "../../model/limits.ts";
import { StreamTrimmed } from "../../store/stream.ts";
import { getStreamRecord, type GetStreamRecordResponse } from "../../wire/operation/get-stream-record.ts";
import { answering } from "../call-context.ts";
import { readCapacity } from "../capacity.ts";
import { decodeIterator, encodeIterator } from "../stream-position.ts";
import { invalidParameter } from "../validation/parameter.ts";

/**
 * Records from an iterator on, and the iterator behind them: the one that came where there are none, none where the shard is closed and fully read
 * (reference 6.1). A stream or shard that is gone is answered as trimmed data, whose text speaks of both (unverified for this call).
 */
export const answerGetStreamRecord = answering(getStreamRecord, async (request, { store, instance }): Promise<GetStreamRecordResponse> => {
  const { shardIterator, limit = limits.streamRecordsMax, tableName = "" } = request;
  if (limit <= 0) invalidParameter("The limit must be greater than 0.");
  const iterator = decodeIterator(shardIterator);
  const stream = store.streams.find(instance, iterator.streamId);
  const shard = stream?.shards.find(({ id }) => id === iterator.shardId);
  if (stream === undefined || shard === undefined) throw new StreamTrimmed();
  if (tableName !== "" && tableName !== stream.table.name) invalidParameter("Invalid shard iterator.");
  const most = { limit: Math.min(limit, limits.streamRecordsMax), bytes: limits.streamBytesMax };
  const { records, next, more, ended } = await store.streams.read(shard, iterator.position, most);
  return {
    records,
    nextShardIterator: ended ? undefined : records.length === 0 ? shardIterator : encodeIterator({ ...iterator, position: next }),
    consumed: readCapacity(records.reduce((sum, { record }) => sum + record.length, 0)),
    mayMoreRecord: more,
  };
});
