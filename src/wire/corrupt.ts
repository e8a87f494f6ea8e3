import { TableferryError } from "../base/error.ts";

/** Which part of a message is broken; the server has a text of the service for each (reference 7.9). */
export type CorruptLayer = "message" | "row" | "checksum" | "filter" | "value";

/** Bytes that are not a valid message: `TF_WIRE_CORRUPT` with the offset in the bytes that were being read. */
export class WireCorrupt extends TableferryError {
  readonly offset: number;
  readonly layer: CorruptLayer;

  constructor(message: string, offset: number, layer: CorruptLayer, cause?: unknown) {
    super("TF_WIRE_CORRUPT", { message, place: `byte ${offset}`, cause });
    this.offset = offset;
    this.layer = layer;
  }
}

/** Stops reading: what was expected, and where it was not found. */
export function corrupt(message: string, offset: number, layer: CorruptLayer): never {
  throw new WireCorrupt(message, offset, layer);
}
