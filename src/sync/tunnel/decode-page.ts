import type { SourceChange } from "../../connector/change.ts";
import type { StreamRecord } from "../../wire/operation/stream-record.ts";
import { decodeOriginRecord, decodeStreamRecord } from "../../wire/plainbuffer/decode-change.ts";

/** What the records of a channel say (reference 5.7, 6.3). Records of base data carry no time. @throws TF_WIRE_CORRUPT */
export function changesOf(records: readonly StreamRecord[]): SourceChange[] {
  return records.map(({ action, record, originRecord }) => {
    const { key, cells, sequence } = decodeStreamRecord(record);
    const origin = originRecord === undefined ? undefined : decodeOriginRecord(originRecord).cells;
    return { type: action, key, cells, origin, committedAt: sequence?.timestamp };
  });
}

/** Bytes of the records. */
export function bytesOf(records: readonly StreamRecord[]): number {
  let bytes = 0;
  for (const { record, originRecord } of records) bytes += record.length + (originRecord?.length ?? 0);
  return bytes;
}
