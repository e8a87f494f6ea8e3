import { describeStream, type DescribeStreamResponse } from "../../wire/operation/describe-stream.ts";
import { answering } from "../call-context.ts";
import { shardAt, streamOf } from "../stream-position.ts";
import { invalidParameter } from "../validation/parameter.ts";

/** Shards in order of creation, parents first; a page of them where a limit is given. */
export const answerDescribeStream = answering(describeStream, (request, context): DescribeStreamResponse => {
  const { streamId, startShardId = "", shardLimit = Number.POSITIVE_INFINITY } = request;
  if (shardLimit <= 0) invalidParameter("The limit must be greater than 0.");
  const stream = streamOf(context, streamId);
  const from = startShardId === "" ? 0 : stream.shards.indexOf(shardAt(stream, startShardId));
  const shards = stream.shards.slice(from, from + shardLimit);
  return {
    streamId,
    expirationHours: stream.expirationHours,
    tableName: stream.table.name,
    creationTime: stream.createdAt,
    status: "active",
    shards: shards.map(({ id, parentId, parentSiblingId }) => ({ shardId: id, parentId, parentSiblingId })),
    nextShardId: stream.shards[from + shards.length]?.id,
  };
});
