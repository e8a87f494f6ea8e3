import { bytes, choice, message, optional, required } from "../message.ts";
import { enumeration } from "../protobuf.ts";

/** One change as a stream or tunnel hands it out: one PlainBuffer row with sequence extension (reference 6.3). */
export interface StreamRecord {
  readonly action: "put" | "update" | "delete";
  readonly record: Uint8Array;
  /** Old values of the stream's origin columns. */
  readonly originRecord?: Uint8Array | undefined;
}

export const streamRecord = message<StreamRecord>({
  action: required(1, choice(enumeration("action type", { put: 1, update: 2, delete: 3 }))),
  record: required(2, bytes),
  originRecord: optional(3, bytes),
});
