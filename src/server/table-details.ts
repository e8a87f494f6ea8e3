import type { Stream } from "../store/stream.ts";
import type { TableRecord } from "../store/table.ts";
import type { ReservedDetails, StreamDetails } from "../wire/operation/table-meta.ts";

export function reservedDetailsOf({ schema, reservedRaisedAt, reservedLoweredAt }: TableRecord): ReservedDetails {
  return { ...schema.reserved, lastIncreaseTime: reservedRaisedAt, lastDecreaseTime: reservedLoweredAt };
}

/** Always present, also while the stream is off: Go reads it unasked (reference 2.2). */
export function streamDetailsOf(stream: Stream | undefined): StreamDetails {
  if (stream === undefined) return { enabled: false, originColumns: [] };
  const { id, expirationHours, createdAt, originColumns } = stream;
  return { enabled: true, streamId: id, expirationHours, lastEnableTime: createdAt, originColumns };
}
