import type { KeySchema } from "../../model/schema.ts";
import type { Capacity } from "./capacity.ts";
import type { Operation } from "./operation.ts";
import { pending } from "./pending.ts";

export interface ComputeSplitPointsBySizeRequest {
  readonly tableName: string;
  /** In units of `unitBytes`. */
  readonly splitSize: number;
  /** Bytes of a unit, 100 MB unless given. */
  readonly unitBytes?: number | undefined;
  readonly splitPointLimit?: number | undefined;
}

export interface ComputeSplitPointsBySizeResponse {
  readonly consumed: Capacity;
  readonly key: readonly KeySchema[];
  /** Encoded keys in order; trailing INF_MIN columns are left out (reference 2.2). */
  readonly splitPoints: readonly Uint8Array[];
  /** Where the splits lie; the repeats add up to the number of points plus one. */
  readonly locations: readonly { readonly location: string; readonly repeat: number }[];
}

export const computeSplitPointsBySize: Operation<ComputeSplitPointsBySizeRequest, ComputeSplitPointsBySizeResponse> = pending(
  "ComputeSplitPointsBySize",
  "read",
);
