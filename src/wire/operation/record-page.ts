import { corrupt } from "../corrupt.ts";
import { ProtobufReader, required } from "../protobuf.ts";
import type { Operation } from "./operation.ts";
import type { StreamRecord } from "./stream-record.ts";
import { tunnelReadRecords, type TunnelReadRecordsRequest } from "./tunnel-read-records.ts";

/** The records of a reply where they stand in it: four numbers each, and neither objects nor views. */
export class RecordPage {
  /** The whole reply; everything else points into it. */
  readonly body: Uint8Array;
  readonly nextToken: string;
  readonly mayMoreRecord: boolean | undefined;
  readonly #actions: readonly StreamRecord["action"][];
  /** Start and end of each record, then of its old values; 0 and 0 where it has none. */
  readonly #places: readonly number[];

  constructor(
    body: Uint8Array,
    actions: readonly StreamRecord["action"][],
    places: readonly number[],
    reply: { readonly nextToken: string; readonly mayMoreRecord: boolean | undefined },
  ) {
    this.body = body;
    this.#actions = actions;
    this.#places = places;
    this.nextToken = reply.nextToken;
    this.mayMoreRecord = reply.mayMoreRecord;
  }

  get count(): number {
    return this.#actions.length;
  }

  /** Bytes of the records. */
  get recordBytes(): number {
    let bytes = 0;
    for (let at = 0; at < this.#places.length; at += 2) bytes += this.#places[at + 1]! - this.#places[at]!;
    return bytes;
  }

  action(record: number): StreamRecord["action"] {
    return this.#actions[record]!;
  }

  start(record: number): number {
    return this.#places[4 * record]!;
  }

  end(record: number): number {
    return this.#places[4 * record + 1]!;
  }

  /** The old values of the stream's origin columns; a view. */
  origin(record: number): Uint8Array | undefined {
    const end = this.#places[4 * record + 3]!;
    return end === 0 ? undefined : this.body.subarray(this.#places[4 * record + 2], end);
  }
}

/** The same operation for those who read thousands of records a second: 0.1 µs a record instead of 0.6. */
export const readRecordPage: Operation<TunnelReadRecordsRequest, RecordPage> = {
  ...tunnelReadRecords,
  encodeResponse: ({ body }) => body,
  decodeResponse: decodeRecordPage,
};

/** `1* records {1! action; 2! record; 3? originRecord}; 2! nextToken; 3? mayMoreRecord` (reference 5.7). */
function decodeRecordPage(body: Uint8Array): RecordPage {
  const actions: StreamRecord["action"][] = [];
  const places: number[] = [];
  let nextToken: string | undefined;
  let mayMoreRecord: boolean | undefined;
  const reader = new ProtobufReader(body);
  while (reader.next()) {
    if (reader.field === 1) {
      const start = reader.block();
      actions.push(readRecord(new ProtobufReader(body, start, reader.at), places));
    } else if (reader.field === 2) nextToken = reader.string();
    else if (reader.field === 3) mayMoreRecord = reader.boolean();
    else reader.skip();
  }
  return new RecordPage(body, actions, places, { nextToken: required(nextToken, "nextToken"), mayMoreRecord });
}

const actionNames: readonly (StreamRecord["action"] | undefined)[] = [undefined, "put", "update", "delete"];

function readRecord(reader: ProtobufReader, places: number[]): StreamRecord["action"] {
  let action: StreamRecord["action"] | undefined;
  let start = 0;
  let end = 0;
  let originStart = 0;
  let originEnd = 0;
  while (reader.next()) {
    if (reader.field === 1) {
      const number = reader.integer();
      action = actionNames[number] ?? corrupt(`${number} is no action type`, reader.at, "message");
    } else if (reader.field === 2) {
      start = reader.block();
      end = reader.at;
    } else if (reader.field === 3) {
      originStart = reader.block();
      originEnd = reader.at;
    } else reader.skip();
  }
  if (end === 0) corrupt("the required field record is missing", reader.at, "message");
  places.push(start, end, originStart, originEnd);
  return required(action, "action");
}
