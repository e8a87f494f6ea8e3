import { compareKeyValue } from "../../model/key.ts";
import type { TableSchema } from "../../model/schema.ts";
import type { KeyBound } from "../../model/value.ts";
import { decodeTunnelToken, encodeTunnelToken, FINISHED } from "../../wire/tunnel-token.ts";
import { checkRange } from "../validation/key.ts";
import type { Channel, Progress } from "./channel.ts";
import { refusal } from "./refusal.ts";

/** Where a token says to read on. */
export type Place = BasePlace | StreamPlace | { readonly kind: "finished" };

/** What is left of a base channel's range. */
export interface BasePlace extends Progress {
  readonly kind: "base";
  readonly start: readonly KeyBound[];
  readonly end: readonly KeyBound[];
}

export interface StreamPlace extends Progress {
  readonly kind: "stream";
}

/** Longer ones are not ours: a key of four columns of 1 KB in base64, with room. */
const TOKEN_LENGTH_MAX = 16 * 1024;

export function streamToken(shardId: string, { position, count }: Progress): string {
  return encodeTunnelToken({
    iterator: `${shardId}:${position}`,
    timestamp: BigInt(position) * 1000n,
    totalCount: BigInt(count),
  });
}

export function baseToken(key: Uint8Array, count: number): string {
  return encodeTunnelToken({ primaryKey: key, totalCount: BigInt(count) });
}

/**
 * Where a channel is to be read on. A token of another channel is refused, else its reader would pass over what it did not read.
 * @throws OTSParameterInvalid, OTSInvalidPK, TF_WIRE_CORRUPT
 */
export function placeOf({ id, range }: Channel, schema: TableSchema, token: string): Place {
  if (token === FINISHED) return { kind: "finished" };
  if (token.length > TOKEN_LENGTH_MAX) throw refusal.token();
  const { primaryKey, iterator = "", totalCount = 0n } = decodeTunnelToken(token);
  const count = Number(totalCount);
  if (count < 0 || !Number.isSafeInteger(count)) throw refusal.token();
  if (range === undefined) {
    const [, shardId, digits] = /^(.*):(\d{1,16})$/s.exec(iterator) ?? [];
    const position = Number(digits);
    if (shardId !== id || !Number.isSafeInteger(position)) throw refusal.token();
    return { kind: "stream", position, count };
  }
  if (primaryKey === undefined || iterator !== "") throw refusal.token();
  const [first, last] = [range.start, range.end].map((key) => Buffer.from(key, "base64"));
  const { start, end } = checkRange(schema, "forward", primaryKey, last!);
  if (compareBounds(start, checkRange(schema, "forward", first!, last!).start) < 0) throw refusal.token();
  return { kind: "base", position: 0, count, start, end };
}

function compareBounds(a: readonly KeyBound[], b: readonly KeyBound[]): number {
  for (let i = 0; i < a.length; i++) {
    const order = compareKeyValue(a[i]!, b[i]!);
    if (order !== 0) return order;
  }
  return 0;
}
