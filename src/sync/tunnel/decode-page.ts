import type { SourceChange } from "../../connector/change.ts";
import type { StreamRecord } from "../../wire/operation/stream-record.ts";
import type { ChangePage } from "../channel.ts";
import { decodeOriginRecord, decodeStreamRecord } from "../../wire/plainbuffer/decode-change.ts";

/** What the records of a channel say (reference 5.7, 6.3). Records of base data carry no time. @throws TF_WIRE_CORRUPT */
export function changesOf(records: readonly StreamRecord[]): SourceChange[] {
  return records.map(({ action, record, originRecord }) => {
    const { key, cells, sequence } = decodeStreamRecord(record);
    const origin = originRecord === undefined ? undefined : decodeOriginRecord(originRecord).cells;
    return { type: action, key, cells, origin, committedAt: sequence?.timestamp };
  });
}

export interface PageFacts {
  readonly next: string;
  readonly more: boolean;
  readonly askedAt: number;
}

/**
 * A page that is decoded when its changes are asked for: as bytes it can wait its turn at no cost, while decoded changes that wait are copied about by the garbage
 * collector (a third of a worker's CPU).
 */
export class UndecodedPage implements ChangePage {
  readonly bytes: number;
  readonly next: string;
  readonly more: boolean;
  readonly askedAt: number;
  #records: readonly StreamRecord[];
  #changes: readonly SourceChange[] | undefined;

  constructor(records: readonly StreamRecord[], { next, more, askedAt }: PageFacts) {
    this.#records = records;
    this.bytes = bytesOf(records);
    this.next = next;
    this.more = more;
    this.askedAt = askedAt;
  }

  /** @throws TF_WIRE_CORRUPT */
  get changes(): readonly SourceChange[] {
    this.#changes ??= changesOf(this.#records);
    this.#records = [];
    return this.#changes;
  }
}

/** Bytes of the records. */
export function bytesOf(records: readonly StreamRecord[]): number {
  let bytes = 0;
  for (const { record, originRecord } of records) bytes += record.length + (originRecord?.length ?? 0);
  return bytes;
}
