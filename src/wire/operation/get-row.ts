import type { CellSelection } from "../../model/condition.ts";
import type { Capacity } from "./capacity.ts";
import type { Operation } from "./operation.ts";
import { pending } from "./pending.ts";

export interface GetRowRequest {
  readonly tableName: string;
  /** Encoded key. */
  readonly key: Uint8Array;
  readonly selection: CellSelection;
  readonly cacheBlocks?: boolean | undefined;
  /** Goes on inside a wide row. */
  readonly token?: Uint8Array | undefined;
  readonly transactionId?: string | undefined;
}

export interface GetRowResponse {
  readonly consumed: Capacity;
  /** PlainBuffer with one row; empty when there is none. */
  readonly row: Uint8Array;
  readonly nextToken?: Uint8Array | undefined;
}

export const getRow: Operation<GetRowRequest, GetRowResponse> = pending("GetRow", "read");
