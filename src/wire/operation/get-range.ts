import type { CellSelection } from "../../model/condition.ts";
import type { Capacity } from "./capacity.ts";
import type { Operation } from "./operation.ts";
import { pending } from "./pending.ts";

/** How rows are laid out in a reply: PlainBuffer (reference 3.1) or a matrix without timestamps (3.8). */
export type BlockType = "plainBuffer" | "simpleRowMatrix";

export interface GetRangeRequest {
  readonly tableName: string;
  readonly direction: "forward" | "backward";
  readonly selection: CellSelection;
  readonly limit?: number | undefined;
  /** Encoded key with every key column, INF_MIN and INF_MAX allowed. */
  readonly start: Uint8Array;
  /** Encoded key, exclusive. */
  readonly end: Uint8Array;
  readonly cacheBlocks?: boolean | undefined;
  readonly token?: Uint8Array | undefined;
  readonly transactionId?: string | undefined;
  /** A hint; the reply says what it is. */
  readonly blockType?: BlockType | undefined;
  readonly entireKeys?: boolean | undefined;
}

export interface GetRangeResponse {
  readonly consumed: Capacity;
  /** Many rows after one PlainBuffer header; empty when there are none. */
  readonly rows: Uint8Array;
  /** Encoded key of the next unread row; absent at the end of the range. */
  readonly nextStart?: Uint8Array | undefined;
  readonly nextToken?: Uint8Array | undefined;
  readonly blockType?: BlockType | undefined;
}

export const getRange: Operation<GetRangeRequest, GetRangeResponse> = pending("GetRange", "read");
