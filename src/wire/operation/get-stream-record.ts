import type { Capacity } from "./capacity.ts";
import type { Operation } from "./operation.ts";
import { pending } from "./pending.ts";
import type { StreamRecord } from "./stream-record.ts";

export interface GetStreamRecordRequest {
  readonly shardIterator: string;
  readonly limit?: number | undefined;
  readonly tableName?: string | undefined;
}

export interface GetStreamRecordResponse {
  readonly records: readonly StreamRecord[];
  /** Absent: the shard is closed and fully read. Equal to the iterator asked with: nothing new yet (reference 6.1). */
  readonly nextShardIterator?: string | undefined;
  readonly consumed?: Capacity | undefined;
  readonly mayMoreRecord?: boolean | undefined;
}

export const getStreamRecord: Operation<GetStreamRecordRequest, GetStreamRecordResponse> = pending("GetStreamRecord", "read");
