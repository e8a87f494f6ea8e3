import type { TableStoreClient } from "../../client/table-store-client.ts";
import { compareKey } from "../../model/key.ts";
import { limits } from "../../model/limits.ts";
import type { KeySchema } from "../../model/schema.ts";
import { ServiceError } from "../../wire/service-error.ts";
import type { Split } from "../connector.ts";
import { encodeFullKey, fullKeyOf, isEmptyRange, keyTitle, type FullKey, type FullRange } from "./key-bounds.ts";

/** Sizes tried one after the other until a table falls into enough pieces: 8 GiB down to the least the service takes. */
const pieceUnits = [8192, 1024, 128, 16, 2, 1];
const unitBytes = limits.splitUnitBytesMin;

export interface TableSize {
  /** Keys at which pieces of about `pieceBytes` begin, in order. */
  readonly points: readonly FullKey[];
  readonly pieceBytes: number;
}

/**
 * Cuts a table into pieces of equal size, at least `wanted` of them where it is large enough. Undefined where the service
 * cannot say: then the table stays whole.
 */
export async function measureTable(
  client: TableStoreClient,
  table: string,
  key: readonly KeySchema[],
  wanted: number,
  signal?: AbortSignal,
): Promise<TableSize | undefined> {
  for (const units of pieceUnits) {
    const answer = await client
      .computeSplitPointsBySize({ tableName: table, splitSize: units, unitBytes }, { signal })
      .catch((error: unknown) => {
        if (error instanceof ServiceError && error.status < 500 && error.code !== "OTSObjectNotExist") return undefined;
        throw error;
      });
    if (answer === undefined) return undefined;
    if (answer.splitPoints.length + 1 >= wanted || units === 1) {
      return { points: answer.splitPoints.map((point) => fullKeyOf(point, key)), pieceBytes: units * unitBytes };
    }
  }
  return undefined;
}

/** About `wanted` splits that together are the range: points outside it fall away, surplus pieces are joined. */
export function cutRange(range: FullRange, size: TableSize | undefined, wanted: number): readonly Split[] {
  if (isEmptyRange(range)) return [];
  const points = (size?.points ?? []).filter((point) => compareKey(range.start, point) < 0 && compareKey(point, range.end) < 0);
  const pieces = points.length + 1;
  const count = Math.max(1, Math.min(wanted, pieces));
  const splits: Split[] = [];
  let start = range.start;
  let first = 0;
  for (let at = 1; at <= count; at++) {
    const last = Math.round((at * pieces) / count);
    const end = at === count ? range.end : points[last - 1]!;
    splits.push({
      id: String(at - 1).padStart(4, "0"),
      title: `${keyTitle(start)} to ${keyTitle(end)}`,
      spec: { start: encodeFullKey(start), end: encodeFullKey(end) },
      estimatedBytes: size === undefined ? undefined : (last - first) * size.pieceBytes,
    });
    start = end;
    first = last;
  }
  return splits;
}
