import type { StreamSpec, TableOptions } from "../../model/schema.ts";
import type { Capacity } from "./capacity.ts";
import type { Operation } from "./operation.ts";
import { pending } from "./pending.ts";
import type { ReservedDetails, StreamDetails, TableOptionsPatch } from "./table-meta.ts";

export interface UpdateTableRequest {
  readonly tableName: string;
  /** Only the capacities present change. */
  readonly reserved?: { readonly [Unit in keyof Capacity]?: number | undefined } | undefined;
  readonly options?: TableOptionsPatch | undefined;
  readonly stream?: StreamSpec | undefined;
}

export interface UpdateTableResponse {
  readonly reserved: ReservedDetails;
  readonly options: TableOptions;
  /** The server always sends it, switched off or not (reference 2.2); other servers may not. */
  readonly stream?: StreamDetails | undefined;
}

export const updateTable: Operation<UpdateTableRequest, UpdateTableResponse> = pending("UpdateTable", "write");
