import type { Operation } from "./operation.ts";
import { pending } from "./pending.ts";
import type { StreamRecord } from "./stream-record.ts";

export interface TunnelReadRecordsRequest {
  readonly tunnelId: string;
  readonly clientId: string;
  readonly channelId: string;
  readonly token: string;
}

export interface TunnelReadRecordsResponse {
  readonly records: readonly StreamRecord[];
  /** A token, or the literal `finished` (reference 5.2). */
  readonly nextToken: string;
  readonly mayMoreRecord?: boolean | undefined;
}

export const tunnelReadRecords: Operation<TunnelReadRecordsRequest, TunnelReadRecordsResponse> = pending("tunnel/readrecords", "read");
