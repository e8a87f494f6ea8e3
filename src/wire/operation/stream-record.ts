/** One change as a stream or tunnel hands it out: one PlainBuffer row with sequence extension (reference 6.3). */
export interface StreamRecord {
  readonly action: "put" | "update" | "delete";
  readonly record: Uint8Array;
  /** Old values of the stream's origin columns. */
  readonly originRecord?: Uint8Array | undefined;
}
